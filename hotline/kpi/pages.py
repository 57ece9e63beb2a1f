"""指标: every figure with what it was divided by, and the rows behind it."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hotline.kpi import classes, partly
from hotline.kpi.composites import THREE_RATES, composed
from hotline.kpi.definitions import BY_CODE, FIGURES
from hotline.kpi.forms import UNIT_MAX, Period, compared_by
from hotline.permissions import P
from hotline.tickets.queries import numbered
from kernel.errors import FormRejected, NotFound
from kernel.pages import needs, render
from kernel.people import queries as people
from kernel.ratings.forms import LEVELS
from oversight.kpi import queries
from oversight.kpi.definitions import RANKED_MIN
from oversight.kpi.forms import Period as EveryHalls

ROWS = 50
PARTS = {"": "全部", "hit": "计入分子", "missed": "未计入分子"}
LEFT_OUT = {"left_out": "剔除"}
FINDERS = {"": queries.rows, "hit": queries.hits, "missed": queries.misses, "left_out": queries.left_out}


@needs(P.KPI_READ)
async def index(request: Request) -> Response:
    """A wrong day keeps what was typed and shows no figure, rather than that of another period."""
    at = datetime.now(UTC)
    period, problems = _period(request, at)
    asked = period.asked(at)
    figures = [] if problems else await partly.figures(FIGURES, request.user, asked)
    return render(
        request, "hotline/kpi/index.html", figures=figures, problems=problems, ranked_min=RANKED_MIN,
        composed=await composed(figures, asked) if figures else None,
        units=[(one.path, one.name) for one in await people.agencies()], chosen=_typed(request, period),
    )  # fmt: skip


@needs(P.KPI_READ)
async def show(request: Request) -> Response:
    if request.path_params["code"] == THREE_RATES.code:
        return await _composite(request)
    definition = BY_CODE.get(request.path_params["code"])
    if definition is None:
        raise NotFound(what="该指标")
    at, params = datetime.now(UTC), request.query_params
    period, problems = _period(request, at)
    if problems:
        raise FormRejected(problems)
    parts = (PARTS if definition.share else {"": PARTS[""]}) | (LEFT_OUT if definition.excludes else {})
    part = params.get("part", "") if params.get("part") in parts else ""
    last, asked = params.get("after", ""), period.asked(at)
    found = FINDERS[part](definition, request.user, asked)
    if last.isdecimal() and len(last) < 19:
        found = found.filter(id__lt=int(last))
    rows = await _with_names(found.order_by("-id").limit(ROWS + 1), definition.kind)
    (figure,) = await partly.figures([definition], request.user, asked)
    return render(
        request, "hotline/kpi/show.html", figure=figure, parts=parts,
        part=part, rows=rows[:ROWS], following=rows[ROWS - 1].id if len(rows) > ROWS else None,
        chosen=_typed(request, period), levels=LEVELS,
    )  # fmt: skip


@needs(P.KPI_READ)
async def units(request: Request) -> Response:
    """单位对比: within a class of load only."""
    at, code = datetime.now(UTC), compared_by(request.query_params)
    period, problems = _period(request, at)
    compared = None if problems else await classes.compared(code, request.user, period.asked(at))
    return render(
        request, "hotline/kpi/units.html", compared=compared, problems=problems, ranked_min=RANKED_MIN, code=code,
        figures=[(one.code, one.name) for one in classes.COMPARED.values()], chosen=_typed(request, period),
        load=classes.LOAD, days=(period.last - period.first).days + 1,
    )  # fmt: skip


async def _composite(request: Request) -> Response:
    """What it is made of; each part opens its own rows."""
    at = datetime.now(UTC)
    period, problems = _period(request, at)
    if problems:
        raise FormRejected(problems)
    asked = period.asked(at)
    figures = await partly.figures([BY_CODE[code] for code in THREE_RATES.of], request.user, asked)
    return render(
        request, "hotline/kpi/composite.html", composed=await composed(figures, asked), chosen=_typed(request, period),
    )  # fmt: skip


async def _with_names(found: Any, kind: str) -> list[Any]:
    """What a rating was about is known by its number only."""
    if kind == "assignment":
        return [*await found.prefetch_related("ticket", "agency")]
    rows = [*await found]
    if kind == "rating":
        numbers = {row.id: row.subject.partition(":")[2] for row in rows}
        tickets = {one.no: one for one in await numbered([*numbers.values()])}
        for row in rows:
            row.ticket = tickets[numbers[row.id]]
    return rows


def _period(request: Request, at: datetime) -> tuple[EveryHalls, dict[str, str]]:
    usual = Period.usual(at)
    try:
        return Period.given(request.query_params, usual), {}
    except FormRejected as wrong:
        return usual, wrong.fields


def _typed(request: Request, period: EveryHalls) -> dict[str, str]:
    params, unit = request.query_params, request.query_params.get("unit", "")[:UNIT_MAX]
    since, until = params.get("from") or f"{period.first}", params.get("to") or f"{period.last}"
    here = urlencode({"from": since, "to": until, "unit": unit})
    return {"since": since, "until": until, "unit": unit, "here_days": here}


routes = [
    Route("/kpi", index, methods=["GET"], name="kpi"),
    Route("/kpi/units", units, methods=["GET"], name="compared_units"),
    Route("/kpi/{code}", show, methods=["GET"], name="figure"),
]
