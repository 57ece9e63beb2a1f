"""The inbox."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from kernel.errors import NotFound
from kernel.inbox import actions, queries
from kernel.inbox.models import Message
from kernel.pages import posted, render, see_other, signed_in
from kernel.people.pages import safe_path

PAGE = 50


@signed_in
async def index(request: Request) -> Response:
    after = request.query_params.get("after", "")
    messages, following = await queries.page(
        request.user, after=int(after) if after.isdecimal() and len(after) < 19 else None, limit=PAGE
    )
    return render(request, "kernel/inbox/index.html", messages=messages, following=following)


@signed_in
async def go(request: Request) -> Response:
    """Opening a message is reading it."""
    await posted(request)
    message = await Message.get_or_none(id=request.path_params["id"], account_id=request.user.id)
    if message is None:
        raise NotFound(what="这条消息")
    await actions.read(request.user, [message.id], at=datetime.now(UTC))
    return RedirectResponse(safe_path(message.url or "/inbox"), status_code=303)


@signed_in
async def read_all(request: Request) -> Response:
    await posted(request)
    await actions.read_all(request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:inbox")


routes = [
    Route("/inbox", index, methods=["GET"], name="kernel:inbox"),
    Route("/inbox/read", read_all, methods=["POST"], name="kernel:inbox_read"),
    Route("/inbox/{id:int}", go, methods=["POST"], name="kernel:inbox_go"),
]
