"""`GET /api/v1/hotline/kpi`: definitions, numerators, denominators, values."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hotline.kpi.definitions import FIGURES
from hotline.kpi.forms import Period
from hotline.permissions import P
from kernel.openapi import described
from kernel.pages import needs
from oversight.kpi import queries
from oversight.kpi.api import ANSWER, DAYS, shown


@described(summary="热线指标：定义、分子、分母、数值", query=DAYS, answer=ANSWER)
@needs(P.KPI_READ)
async def index(request: Request) -> Response:
    period = Period.given(request.query_params)
    figures = await queries.figures(FIGURES, request.user, period.asked(datetime.now(UTC)))
    told = {"from": f"{period.first}", "to": f"{period.last}", "unit": period.unit}
    return JSONResponse(told | {"kpi": [shown(one) for one in figures]})


routes = [Route("/hotline/kpi", index)]
