"""`GET /api/v1/hotline/kpi`: definitions, numerators, denominators, values."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hotline.kpi.composites import Composed, composed
from hotline.kpi.definitions import FIGURES
from hotline.kpi.forms import Period
from hotline.permissions import P
from kernel.openapi import TEXT, described
from kernel.pages import needs
from oversight.kpi import queries
from oversight.kpi.api import DATED, DAYS, MAYBE_NUMBER, shown

PART = {"type": "object", "required": ["code", "weight", "value"], "properties": {
    "code": TEXT, "weight": {"type": ["integer", "null"]}, "value": MAYBE_NUMBER,
}}  # fmt: skip
COMPOSITE = {
    "type": "object",
    "required": ["code", "name", "version", "base", "policy", "value", "ranked", "parts"],
    "properties": {"code": TEXT, "name": TEXT, "version": {"type": "integer"}, "base": TEXT, "policy": TEXT}
    | {"value": MAYBE_NUMBER, "ranked": {"type": "boolean"}, "parts": {"type": "array", "items": PART}},
}
TOLD = {
    "type": "object",
    "required": ["from", "to", "unit", "kpi", "composites"],
    "properties": DATED | {"composites": {"type": "array", "items": COMPOSITE}},
}


@described(summary="热线指标：定义、分子、分母、数值；composites 是按时限策略权重合成的指标", query=DAYS, answer=TOLD)
@needs(P.KPI_READ)
async def index(request: Request) -> Response:
    period = Period.given(request.query_params)
    asked = period.asked(datetime.now(UTC))
    figures = await queries.figures(FIGURES, request.user, asked)
    told = {"from": f"{period.first}", "to": f"{period.last}", "unit": period.unit}
    whole = [made_up(await composed(figures, asked))]
    return JSONResponse(told | {"kpi": [shown(one) for one in figures], "composites": whole})


def made_up(one: Composed) -> dict[str, object]:
    definition = one.definition
    parts = [
        {"code": part.definition.code, "weight": one.weights.get(part.definition.code), "value": part.value}
        for part in one.parts
    ]
    named = {"code": definition.code, "name": definition.name, "version": definition.version, "base": definition.base}
    return named | {"policy": one.policy, "value": one.value, "ranked": one.ranked, "parts": parts}


routes = [Route("/hotline/kpi", index)]
