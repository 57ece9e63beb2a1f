"""The receipt of an emergency centre, pushed by its adapter."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hotline.handover import actions
from hotline.handover.forms import Receipt
from kernel.errors import Malformed
from kernel.forms import sent_json
from kernel.messages.api import SIGNED
from kernel.messages.reports import NotSigned, Replayed, prove
from kernel.openapi import OBJECT, TEXT, described
from kernel.pages import public
from kernel.settings import settings


@described(
    summary="110、119、120 的移交回执（见 docs/adapters/handover.md）", body=Receipt, headers=SIGNED,
    answer=OBJECT | {"properties": {"state": TEXT | {"enum": ["acknowledged"]}}}, refusals=(NotSigned, Replayed),
)  # fmt: skip
@public
async def receipt(request: Request) -> Response:
    """Whatever it asks for, it is proved first: a stranger doesn't learn which packets there are."""
    sent, at = await sent_json(request), datetime.now(UTC)
    if not isinstance(sent, dict):
        raise Malformed(what="应是一个 JSON 对象")
    await prove(settings().handover_secret_file, sent=sent, headers=request.headers, at=at)
    await actions.take(Receipt.check(sent, strict=True), at=at)
    return JSONResponse({"state": "acknowledged"})


routes = [Route("/handover/receipts", receipt, methods=["POST"])]
