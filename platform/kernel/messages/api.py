"""Messages for programs, and the reports of the SMS gateway."""

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kernel.api import answer_once, choice, limit_of, listing, local
from kernel.errors import FormRejected
from kernel.forms import sent_json
from kernel.inbox import actions as inbox
from kernel.inbox import queries
from kernel.inbox.models import Message
from kernel.messages import reports
from kernel.messages.forms import ReadThese, Report
from kernel.messages.models import State
from kernel.messages.templates import Sort
from kernel.openapi import OBJECT, TEXT, described
from kernel.pages import public, signed_in
from kernel.secrets.signatures import NONCE, SIGNATURE, TIME

NUMBER: dict[str, Any] = {"type": "integer"}
MAYBE: dict[str, Any] = {"type": ["string", "null"]}
CURSOR_SIGNS = 18
SORTS = {sort.value: sort for sort in Sort}
ITEM = OBJECT | {
    "required": ["id", "title", "body", "url", "at", "read_at"],
    "properties": {"id": NUMBER, "title": TEXT, "body": TEXT, "url": TEXT, "at": TEXT, "read_at": MAYBE},
}
ANSWER = OBJECT | {
    "required": ["items", "next"],
    "properties": {"items": {"type": "array", "items": ITEM}, "next": MAYBE},
}
QUERY = {
    "unread": (TEXT | {"enum": ["true", "false"]}, "true：只要未读的"),
    "sort": (TEXT | {"enum": sorted(SORTS)}, "类别：affairs 办事进展，legal 法定告知，news 资讯，reminders 提醒"),
    "limit": (NUMBER | {"minimum": 1, "maximum": 100, "default": 20}, "每页条数"),
    "cursor": (TEXT | {"maxLength": CURSOR_SIGNS}, "上一页的 next"),
}
SIGNED = {
    TIME: "1970 年以来的秒数（UTC）",
    NONCE: "每次请求一个新的随机数，16 到 64 个字符",
    SIGNATURE: "HMAC-SHA-256，十六进制",
}


@described(summary="我的消息，新的在前", query=QUERY, answer=ANSWER)
@signed_in
async def messages(request: Request) -> Response:
    cursor = request.query_params.get("cursor", "")
    if cursor and not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= CURSOR_SIGNS):
        raise FormRejected({"cursor": "cursor 应取自上一页的 next。"})
    unread = choice(request, "unread", {"true": True, "false": False})
    rows, following = await queries.page(
        request.user, after=int(cursor) if cursor else None, limit=limit_of(request), unread=bool(unread),
        sort=choice(request, "sort", SORTS),
    )  # fmt: skip
    return JSONResponse(listing([_message_json(row) for row in rows], str(following) if following else None))


@described(
    summary="把消息标为已读；不是自己的不受影响", body=ReadThese, answer=OBJECT | {"properties": {"read": NUMBER}}
)
@signed_in
async def read(request: Request) -> Response:
    async def effect() -> JSONResponse:
        form = await ReadThese.read_json(request)
        return JSONResponse({"read": await inbox.read(request.user, form.ids, at=datetime.now(UTC))})

    return await answer_once(request, effect)


@described(
    summary="短信网关的回执（见 docs/adapters/sms.md）", body=Report, headers=SIGNED,
    answer=OBJECT | {"properties": {"state": TEXT | {"enum": [state.value for state in State]}}},
    refusals=(reports.NotSigned, reports.Replayed),
)  # fmt: skip
@public
async def report(request: Request) -> Response:
    sent = await sent_json(request)
    form = Report.check(sent, strict=True)
    state = await reports.take(form, sent=sent, headers=request.headers, at=datetime.now(UTC))
    return JSONResponse({"state": state.value})


def _message_json(message: Message) -> dict[str, object]:
    return {
        "id": message.id, "title": message.title, "body": message.body, "url": message.url, "at": local(message.at),
        "read_at": local(message.read_at) if message.read_at else None,
    }  # fmt: skip


routes = [
    Route("/messages", messages, methods=["GET"]),
    Route("/messages/read", read, methods=["POST"]),
    Route("/sms/reports", report, methods=["POST"]),
]
