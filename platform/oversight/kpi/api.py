"""`GET /api/v1/oversight/kpi`: every hall's figures with their definitions, and one figure of every unit in order."""

from dataclasses import asdict
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kernel.errors import FormRejected, NotFound
from kernel.openapi import TEXT, described
from kernel.pages import needs
from oversight.kpi import declared, queries
from oversight.kpi.definitions import Figure
from oversight.kpi.forms import Period
from oversight.kpi.ranking import Class, Place
from oversight.permissions import P

COUNT, MAYBE_NUMBER = {"type": "integer", "minimum": 0}, {"type": ["number", "null"]}
COUNTS = {"numerator": {"type": "integer"}, "denominator": COUNT, "excluded": COUNT}
PARTLY = {"partly": COUNT, "partly_percent": COUNT}
YES_NO = {"type": "boolean"}
SHARES = {**PARTLY, "value": MAYBE_NUMBER, "excluded_rate": MAYBE_NUMBER, "ranked": YES_NO, "provisional": YES_NO}
INTERVAL = {"interval": {"type": ["array", "null"], "items": {"type": "number"}}}
FIGURE = {
    "type": "object",
    "required": ["code", "name", "version", "base", "time_role", "definition", *COUNTS, *SHARES, "interval"],
    "properties": {"code": TEXT, "name": TEXT, "version": {"type": "integer"}, "base": TEXT, "time_role": TEXT}
    | {"definition": {"type": "object"}, "hall": TEXT, **COUNTS, **SHARES, **INTERVAL}
    | {"p50": {"type": ["integer", "null"]}, "p90": {"type": ["integer", "null"]}},
}
UNIT = {
    "type": "object",
    "required": ["unit", "name", "class", "load", "rank", *COUNTS, "value", "ranked", "interval"],
    "properties": {"unit": TEXT, "name": TEXT, "class": TEXT, "load": COUNT, "rank": {"type": ["integer", "null"]}}
    | {**COUNTS, **SHARES, **INTERVAL},
}
DATED: dict[str, object] = {"from": TEXT, "to": TEXT, "unit": TEXT, "kpi": {"type": "array", "items": FIGURE}}
ANSWER = {
    "type": "object",
    "required": ["from", "to", "unit", "kpi"],
    "properties": DATED | {"units": {"type": "array", "items": UNIT}},
}
DAYS = {
    "from": (TEXT, "起始日期（含）"), "to": (TEXT, "结束日期（含）"),
    "unit": (TEXT | {"maxLength": 200}, "单位路径，含下级"),
}  # fmt: skip


@described(
    summary="电子监察指标：定义、分子、分母、剔除、数值；给出 code 时附各单位在本档内的排名",
    query=DAYS | {"code": (TEXT | {"maxLength": 40}, "只要这一个指标，并附各单位：只在同档内排名，不足 30 件不排")},
    answer=ANSWER,
)
@needs(P.KPI_READ)
async def index(request: Request) -> Response:
    """Of the halls whose figures this person may read."""
    period, code = Period.given(request.query_params), request.query_params.get("code", "")
    asked = period.asked(datetime.now(UTC))
    readable = [one for one in declared.families() if request.user.may_anywhere(one.reads)]
    wanted = [(one, [d for d in one.definitions if code in {"", d.code}]) for one in readable]
    if code and not any(definitions for _, definitions in wanted):
        raise NotFound(what="该指标")
    told: list[dict[str, object]] = []
    for family, definitions in wanted:
        figures = await queries.figures(definitions, request.user, asked)
        told += [shown(one) | {"hall": family.name} for one in figures]
    answer = {"from": f"{period.first}", "to": f"{period.last}", "unit": period.unit, "kpi": told}
    if code:
        hall = next(family for family, definitions in wanted if definitions)
        classes = await hall.compared(code, request.user, asked) if hall.compared else None
        if classes is None:
            raise FormRejected({"code": "该指标不按单位对比，请换一个指标。"})
        answer["units"] = [placed(place, one) for one in classes for place in one.places]
    return JSONResponse(answer)


def shown(figure: Figure) -> dict[str, object]:
    told = asdict(figure.definition)
    named = {name: told.pop(name) for name in ("code", "name", "version", "base", "time_role")}
    return named | {"definition": told} | _counts(figure) | {"p50": figure.p50, "p90": figure.p90}


def placed(place: Place[Figure], of: Class[Figure]) -> dict[str, object]:
    named = {"unit": place.unit, "name": place.name, "class": of.label, "load": of.loads[place.unit]}
    return named | {"rank": place.rank} | _counts(place.figure)


def _counts(figure: Figure) -> dict[str, object]:
    return {
        "numerator": figure.numerator, "denominator": figure.denominator, "excluded": figure.excluded,
        "value": figure.value, "excluded_rate": figure.excluded_rate,
        "partly": figure.partly, "partly_percent": figure.partly_percent,
        "interval": figure.interval, "ranked": figure.ranked, "provisional": figure.provisional,
    }  # fmt: skip


routes = [Route("/oversight/kpi", index)]
