"""The push of an exchange, and the call that an operator's own desk has."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hotline.calls import actions, queries
from hotline.calls.forms import Push
from hotline.permissions import P
from kernel.errors import Malformed
from kernel.forms import sent_form, sent_json
from kernel.messages.api import SIGNED
from kernel.messages.reports import NotSigned, Replayed, prove
from kernel.openapi import OBJECT, TEXT, described
from kernel.pages import needs, public
from kernel.secrets.signatures import TIME
from kernel.settings import settings

FORM = "application/x-www-form-urlencoded"


@described(
    summary="电话交换机的推送（见 docs/adapters/cti.md）", body=Push, headers=SIGNED,
    answer=OBJECT | {"properties": {"state": TEXT | {"enum": ["ringing", "talking", "ended"]}}},
    refusals=(NotSigned, Replayed),
)  # fmt: skip
@public
async def push(request: Request) -> Response:
    """Form or JSON. The time that is signed is the event's own, so pushes that were held up stay in order."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media == FORM:
        told = await sent_form(request)
        sent = {name: str(value) for name, value in told.items()}
        if len(sent) < len(told.multi_items()):
            raise Malformed(what="同一字段出现两次")
    else:
        sent = await sent_json(request)
    at = datetime.now(UTC)
    if not isinstance(sent, dict):
        raise Malformed(what="应是一个 JSON 对象")
    await prove(settings().cti_secret_file, sent=sent, headers=request.headers, at=at)
    said_at = datetime.fromtimestamp(int(request.headers[TIME]), UTC)
    call = await actions.take(Push.check(sent), said_at=min(said_at, at))
    state = "ended" if call.hangup_at else "talking" if call.answered_at else "ringing"
    return JSONResponse({"state": state})


@described(summary="本坐席正在响铃或通话的来电；没有则为 null，不含号码", answer=OBJECT)
@needs(P.TICKET_REGISTER)
async def current(request: Request) -> Response:
    popped = await queries.of_desk(request.user, datetime.now(UTC))
    shown = None
    if popped:
        line = popped.line.brand if popped.line else popped.call.dnis
        shown = {"id": popped.call.id, "answered": popped.call.answered_at is not None, "line": line}
    return JSONResponse({"call": shown}, headers={"Cache-Control": "no-store"})


routes = [
    Route("/cti", push, methods=["POST"]),
    Route("/calls/current", current, methods=["GET"]),
]
