"""`GET /api/v1/oversight/kpi`: every hall's figures with their definitions, and one figure of every unit in order."""

from dataclasses import asdict
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kernel.errors import FormRejected, NotFound
from kernel.openapi import TEXT, described
from kernel.pages import needs
from kernel.people import queries as people
from oversight.kpi import declared, queries, ranking
from oversight.kpi.definitions import Figure
from oversight.kpi.forms import Period
from oversight.permissions import P

COUNT, MAYBE_NUMBER = {"type": "integer", "minimum": 0}, {"type": ["number", "null"]}
COUNTS = {"numerator": {"type": "integer"}, "denominator": COUNT, "excluded": COUNT}
SHARES = {"value": MAYBE_NUMBER, "excluded_rate": MAYBE_NUMBER, "ranked": {"type": "boolean"}}
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
    "required": ["unit", "name", "rank", *COUNTS, "value", "ranked", "interval"],
    "properties": {"unit": TEXT, "name": TEXT, "rank": {"type": ["integer", "null"]}, **COUNTS, **SHARES, **INTERVAL},
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
    summary="电子监察指标：定义、分子、分母、剔除、数值；给出 code 时附各单位的排名",
    query=DAYS | {"code": (TEXT | {"maxLength": 40}, "只要这一个指标，并附各单位，不足 30 件的不排名")},
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
        definition = next(one for _, definitions in wanted for one in definitions)
        if not definition.share or not definition.grained:
            raise FormRejected({"code": "该指标不按单位计，请换一个指标。"})
        names = {one.path: one.name for one in await people.agencies()}
        places = await ranking.of_units(definition, request.user, asked, names)
        answer["units"] = [placed(one) for one in places]
    return JSONResponse(answer)


def shown(figure: Figure) -> dict[str, object]:
    told = asdict(figure.definition)
    named = {name: told.pop(name) for name in ("code", "name", "version", "base", "time_role")}
    return named | {"definition": told} | _counts(figure) | {"p50": figure.p50, "p90": figure.p90}


def placed(place: ranking.Place[Figure]) -> dict[str, object]:
    return {"unit": place.unit, "name": place.name, "rank": place.rank} | _counts(place.figure)


def _counts(figure: Figure) -> dict[str, object]:
    return {
        "numerator": figure.numerator, "denominator": figure.denominator, "excluded": figure.excluded,
        "value": figure.value, "excluded_rate": figure.excluded_rate,
        "interval": figure.interval, "ranked": figure.ranked,
    }  # fmt: skip


routes = [Route("/oversight/kpi", index)]
