"""`GET /api/v1/hotline/kpi`: definitions, numerators, denominators, values."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hotline.kpi import classes, partly
from hotline.kpi.composites import Composed, composed
from hotline.kpi.definitions import FIGURES
from hotline.kpi.forms import Period
from hotline.permissions import P
from kernel.errors import FormRejected
from kernel.openapi import TEXT, described
from kernel.pages import needs
from oversight.kpi.api import COUNT, COUNTS, DATED, DAYS, INTERVAL, MAYBE_NUMBER, SHARES, shown
from oversight.kpi.definitions import Figure
from oversight.kpi.ranking import Class, Place

PART = {"type": "object", "required": ["code", "weight", "value"], "properties": {
    "code": TEXT, "weight": {"type": ["integer", "null"]}, "value": MAYBE_NUMBER,
}}  # fmt: skip
COMPOSITE = {
    "type": "object",
    "required": ["code", "name", "version", "base", "policy", "value", "ranked", "parts"],
    "properties": {"code": TEXT, "name": TEXT, "version": {"type": "integer"}, "base": TEXT, "policy": TEXT}
    | {"value": MAYBE_NUMBER, "ranked": {"type": "boolean"}, "parts": {"type": "array", "items": PART}},
}
UNIT = {
    "type": "object",
    "required": ["unit", "name", "rank", "load", "value", "ranked"],
    "properties": {"unit": TEXT, "name": TEXT, "rank": {"type": ["integer", "null"]}, "load": COUNT, **COUNTS}
    | SHARES | INTERVAL | {"parts": {"type": "array", "items": PART}},
}  # fmt: skip
JUDGED = (*COUNTS, *SHARES, *INTERVAL, "parts")
CLASS = {
    "type": "object",
    "required": ["label", "least", "units"],
    "properties": {"label": TEXT, "least": COUNT, "units": {"type": "array", "items": UNIT}},
}
TOLD = {
    "type": "object",
    "required": ["from", "to", "unit", "kpi", "composites"],
    "properties": DATED
    | {"composites": {"type": "array", "items": COMPOSITE}, "classes": {"type": "array", "items": CLASS}},
}


@described(
    summary="热线指标：定义、分子、分母、数值；composites 是按策略权重合成；给出 code 时附按承办量分档的各单位",
    query=DAYS | {"code": (TEXT | {"maxLength": 40}, "附各单位：只在同一档内排名，不足 30 件的不排名")},
    answer=TOLD,
)
@needs(P.KPI_READ)
async def index(request: Request) -> Response:
    period = Period.given(request.query_params)
    asked = period.asked(datetime.now(UTC))
    figures = await partly.figures(FIGURES, request.user, asked)
    told = {"from": f"{period.first}", "to": f"{period.last}", "unit": period.unit}
    answer = told | {"kpi": [shown(one) for one in figures], "composites": [made_up(await composed(figures, asked))]}
    if code := request.query_params.get("code", ""):
        if code not in classes.COMPARED:
            raise FormRejected({"code": "该指标不按单位对比，请换一个指标。"})
        found = await classes.compared(code, request.user, asked)
        return JSONResponse(answer | {"classes": [graded(one) for one in found.classes]})
    return JSONResponse(answer)


def graded(one: Class[Figure | Composed]) -> dict[str, object]:
    units = [judged(place) | {"load": one.loads[place.unit]} for place in one.places]
    return {"label": one.label, "least": one.least, "units": units}


def judged(place: Place[Figure | Composed]) -> dict[str, object]:
    named = {"unit": place.unit, "name": place.name, "rank": place.rank}
    whole = made_up(place.figure) if isinstance(place.figure, Composed) else shown(place.figure)
    return named | {name: whole[name] for name in JUDGED if name in whole}


def made_up(one: Composed) -> dict[str, object]:
    definition = one.definition
    parts = [
        {"code": part.definition.code, "weight": one.weights.get(part.definition.code), "value": part.value}
        for part in one.parts
    ]
    named = {"code": definition.code, "name": definition.name, "version": definition.version, "base": definition.base}
    return named | {"policy": one.policy, "value": one.value, "ranked": one.ranked, "parts": parts}


routes = [Route("/hotline/kpi", index)]
