"""The inbox."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from kernel.errors import NotFound
from kernel.inbox import actions, queries
from kernel.inbox.models import Message
from kernel.messages import templates
from kernel.messages.templates import Sort
from kernel.pages import posted, render, see_other, signed_in
from kernel.people.pages import safe_path

PAGE = 50


@signed_in
async def index(request: Request) -> Response:
    asked = request.query_params
    after, unread = asked.get("after", ""), asked.get("show") == "unread"
    sort = next((one for one in Sort if one.value == asked.get("sort")), None)
    messages, following = await queries.page(
        request.user, after=int(after) if after.isdecimal() and len(after) < 19 else None, limit=PAGE, unread=unread,
        sort=sort,
    )  # fmt: skip
    return render(
        request, "kernel/inbox/index.html", messages=messages, following=following, only_unread=unread, sort=sort,
        sorts=list(Sort), labels={one.code: one.sort.label for one in templates.every()},
    )  # fmt: skip


@signed_in
async def go(request: Request) -> Response:
    """Opening a message is reading it."""
    await posted(request)
    message = await Message.get_or_none(id=request.path_params["id"], account_id=request.user.owner)
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
