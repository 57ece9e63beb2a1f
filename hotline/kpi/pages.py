"""指标: every figure with what it was divided by, and the rows behind it."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hotline.kpi.definitions import BY_CODE, FIGURES
from hotline.kpi.forms import UNIT_MAX, Period
from hotline.permissions import P
from kernel.errors import FormRejected, NotFound
from kernel.kinds import kind_of
from kernel.pages import needs, render
from kernel.people import queries as people
from oversight.kpi import queries
from oversight.kpi.definitions import RANKED_MIN

USUAL_DAYS = 30
ROWS = 50
PARTS = {"": "全部", "hit": "计入分子", "missed": "未计入分子"}
FINDERS = {"": queries.rows, "hit": queries.hits, "missed": queries.misses}


@needs(P.KPI_READ)
async def index(request: Request) -> Response:
    """A wrong day keeps what was typed and shows no figure, rather than that of another period."""
    at = datetime.now(UTC)
    period, problems = _period(request, at)
    figures = [] if problems else await queries.figures(FIGURES, request.user, period.asked(at))
    return render(
        request, "hotline/kpi/index.html", figures=figures, problems=problems, ranked_min=RANKED_MIN,
        units=[(one.path, one.name) for one in await people.agencies()], chosen=_typed(request, period),
    )  # fmt: skip


@needs(P.KPI_READ)
async def show(request: Request) -> Response:
    definition = BY_CODE.get(request.path_params["code"])
    if definition is None:
        raise NotFound(what="该指标")
    at, params = datetime.now(UTC), request.query_params
    period, problems = _period(request, at)
    if problems:
        raise FormRejected(problems)
    part = params.get("part", "") if params.get("part") in PARTS and definition.share else ""
    last, asked = params.get("after", ""), period.asked(at)
    found = FINDERS[part](definition, request.user, asked)
    if last.isdecimal() and len(last) < 19:
        found = found.filter(id__lt=int(last))
    url = (lambda row: "") if definition.kind == "call" else kind_of(f"{definition.kind}:")[0].url
    rows = await _with_names(found.order_by("-id").limit(ROWS + 1), definition.kind)
    return render(
        request, "hotline/kpi/show.html", figure=await queries.figure(definition, request.user, asked), parts=PARTS,
        part=part, rows=rows[:ROWS], following=rows[ROWS - 1].id if len(rows) > ROWS else None, url=url,
        chosen=_typed(request, period),
    )  # fmt: skip


async def _with_names(found: Any, kind: str) -> list[Any]:
    return [*await (found.prefetch_related("ticket", "agency") if kind == "assignment" else found)]


def _period(request: Request, at: datetime) -> tuple[Period, dict[str, str]]:
    usual = Period.last_days(USUAL_DAYS, at)
    try:
        return Period.given(request.query_params, usual), {}
    except FormRejected as wrong:
        return usual, wrong.fields


def _typed(request: Request, period: Period) -> dict[str, str]:
    params, unit = request.query_params, request.query_params.get("unit", "")[:UNIT_MAX]
    since, until = params.get("from") or f"{period.first}", params.get("to") or f"{period.last}"
    here = urlencode({"from": since, "to": until, "unit": unit})
    return {"since": since, "until": until, "unit": unit, "here_days": here}


routes = [
    Route("/kpi", index, methods=["GET"], name="kpi"),
    Route("/kpi/{code}", show, methods=["GET"], name="figure"),
]
