"""The heartbeat of an open ticket page."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hotline.permissions import P
from hotline.presence import actions
from hotline.presence import queries as presence
from hotline.tickets import queries as tickets
from kernel.api import number_in_path
from kernel.openapi import OBJECT, TEXT, described
from kernel.pages import needs


@described(
    summary="说明本人正在看这件工单；给出此刻还有谁在看",
    answer=OBJECT | {"properties": {"others": {"type": "array", "items": TEXT}, "again_s": {"type": "integer"}}},
)
@needs(P.TICKET_READ, P.ASSIGNMENT_READ)
async def look(request: Request) -> Response:
    at, ticket = datetime.now(UTC), await tickets.one(request.user, number_in_path(request))
    await actions.look(ticket, by=request.user, at=at)
    others = await presence.others(ticket, request.user, at)
    return JSONResponse({"others": others, "again_s": presence.BEAT_S}, headers={"Cache-Control": "no-store"})


routes = [Route("/tickets/{no}/presence", look, methods=["POST"])]
