"""Where the desk's script keeps what is typed."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hotline.drafts import actions
from hotline.drafts.forms import Typed
from hotline.permissions import P
from kernel.api import local
from kernel.openapi import OBJECT, TEXT, described
from kernel.pages import needs


@described(
    summary="保存登记台正在写的内容（加密；登记后即删除）",
    body=Typed,
    answer=OBJECT | {"properties": {"saved_at": TEXT}},
)
@needs(P.TICKET_REGISTER)
async def keep(request: Request) -> Response:
    typed, at = await Typed.read_json(request), datetime.now(UTC)
    await actions.keep(typed, by=request.user, at=at)
    return JSONResponse({"saved_at": local(at)}, headers={"Cache-Control": "no-store"})


routes = [Route("/drafts", keep, methods=["POST"])]
