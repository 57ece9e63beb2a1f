"""消息模板与外发: what administrators see of messages, never what they say to whom."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kernel import outbox
from kernel.administration.forms import Chosen
from kernel.errors import NotFound
from kernel.messages import editing, queries, templates
from kernel.messages.forms import Texts
from kernel.messages.models import State
from kernel.messages.templates import SlotKind, Template
from kernel.pages import check_token, needs, posted, render, see_other
from kernel.people import queries as people
from kernel.people.permissions import P


@needs(P.MESSAGE_EDIT, P.MESSAGE_PUBLISH)
async def messages(request: Request) -> Response:
    counts = await queries.by_state()
    return render(
        request, "kernel/messages/messages.html", every=templates.every(), versions=await queries.newest_versions(),
        counts=[(state, counts.get(state, 0)) for state in State], failed=await queries.failed(),
        parked=await queries.parked(), may_retry=request.user.may_anywhere(P.DELIVERY_RETRY),
    )  # fmt: skip


@needs(P.DELIVERY_RETRY)
async def retry(request: Request) -> Response:
    form = await Chosen.read(request, again=messages)
    check_token(request)
    ours = {delivery.id for delivery, _ in await queries.parked()}
    await outbox.retry([one for one in form.ids if one in ours], at=datetime.now(UTC))
    return see_other(request, "kernel:messages")


@needs(P.MESSAGE_EDIT, P.MESSAGE_PUBLISH)
async def template(request: Request) -> Response:
    return await _template(request)


@needs(P.MESSAGE_EDIT)
async def write(request: Request) -> Response:
    """`_do` = preview shows how it would read and keeps nothing."""
    code = request.path_params["code"]
    form = await Texts.read(request, again=template)
    check_token(request)
    if request.state.typed.get("_do") == "preview":
        return await _template(request, editing.drafted(code, form))
    await editing.write(code, form, by=request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:message_template", code=code)


@needs(P.MESSAGE_PUBLISH)
async def publish(request: Request) -> Response:
    request.state.again = template
    await posted(request)
    code, version = request.path_params["code"], request.path_params["version"]
    await editing.publish(code, version, by=request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:message_template", code=code)


async def _template(request: Request, draft: Template | None = None) -> Response:
    code = request.path_params["code"]
    if code not in {one.code for one in templates.every()}:
        raise NotFound(what="这个模板")
    at, versions = datetime.now(UTC), await queries.versions(code)
    names = await people.names({one for row in versions for one in (row.author_id, row.published_by or 0)})
    return render(
        request, "kernel/messages/template.html", used=await queries.current(code), versions=versions, names=names,
        preview=_filled(draft, at) if draft else None, may_edit=request.user.may_anywhere(P.MESSAGE_EDIT),
        may_publish=request.user.may_anywhere(P.MESSAGE_PUBLISH),
    )  # fmt: skip


def _filled(draft: Template, at: datetime) -> list[tuple[str, str]]:
    """With made-up values, as its reader would see it."""
    made_up: dict[SlotKind, object] = {
        SlotKind.CODE: "012345", SlotKind.COUNT: 3, SlotKind.DATE: at, SlotKind.LINK: "/inbox",
        SlotKind.NUMBER: f"RX-{at:%Y%m%d}-00001", SlotKind.TEXT: "（办件时填写的文字）",
    }  # fmt: skip
    values = draft.filled({slot.name: made_up[slot.kind] for slot in draft.slots})
    texts = [
        ("站内标题", draft.title), ("站内正文", draft.body), ("邮件标题", draft.subject), ("邮件正文", draft.mail),
        ("短信", templates.signed(draft.sms) if draft.sms else ""),
    ]  # fmt: skip
    return [(label, text.format(**values)) for label, text in texts if text]


routes = [
    Route("/admin/messages", messages, methods=["GET"], name="kernel:messages"),
    Route("/admin/messages/retry", retry, methods=["POST"], name="kernel:messages_retry"),
    Route("/admin/messages/{code}", template, methods=["GET"], name="kernel:message_template"),
    Route("/admin/messages/{code}", write, methods=["POST"], name="kernel:message_template_post"),
    Route("/admin/messages/{code}/{version:int}/publish", publish, methods=["POST"], name="kernel:message_publish"),
]
