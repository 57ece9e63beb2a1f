"""联系方式与通知: what a person is reached by, and for what."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from kernel.messages import contacts, queries
from kernel.messages.forms import Choices, Email
from kernel.messages.models import Channel
from kernel.messages.templates import Sort
from kernel.pages import check_token, posted, render, signed_in
from kernel.secrets.masking import mask_phone
from kernel.settings import settings

DONE = {
    "asked": "确认邮件已发出，请在一天之内打开邮件里的网址。", "proven": "邮箱已确认，今后的通知会发到这里。",
    "removed": "邮箱已删除，不再向它发任何邮件。", "chosen": "已保存，从下一条通知起生效。",
}  # fmt: skip


@signed_in
async def contact(request: Request) -> Response:
    reached = await queries.reached(request.user, at=datetime.now(UTC))
    quiet = (settings().quiet_from, settings().quiet_to)
    offered: dict[Sort, list[Channel]] = {}
    for sort, channel in await queries.offered():
        offered.setdefault(sort, []).append(channel)
    return render(
        request, "kernel/messages/contact.html", reached=reached,
        phone=mask_phone(reached.phone) if reached.phone else "", offered=offered, quiet=quiet,
        mail_goes=bool(settings().smtp_url), done=DONE.get(request.query_params.get("done", ""), ""),
    )  # fmt: skip


@signed_in
async def ask(request: Request) -> Response:
    form = await Email.read(request, again=contact)
    check_token(request)
    await contacts.ask_email(form.email, by=request.user, at=datetime.now(UTC))
    return _done("asked")


@signed_in
async def remove(request: Request) -> Response:
    request.state.again = contact
    await posted(request)
    await contacts.remove_email(by=request.user, at=datetime.now(UTC))
    return _done("removed")


@signed_in
async def choose(request: Request) -> Response:
    form = await Choices.read(request, again=contact)
    check_token(request)
    offered = await queries.offered()
    await contacts.choose(form.pairs, by=request.user, at=datetime.now(UTC), offered=offered)
    return _done("chosen")


@signed_in
async def show_proof(request: Request) -> Response:
    """Writes nothing: a mail scanner that opens every link proves nothing."""
    return render(request, "kernel/messages/proof.html")


@signed_in
async def prove(request: Request) -> Response:
    await posted(request)
    await contacts.prove_email(request.path_params["token"], by=request.user, at=datetime.now(UTC))
    return _done("proven")


def _done(what: str) -> Response:
    return RedirectResponse(f"/me/contact?done={what}", status_code=303)


routes = [
    Route("/me/contact", contact, methods=["GET"], name="kernel:contact"),
    Route("/me/contact/email", ask, methods=["POST"], name="kernel:contact_email"),
    Route("/me/contact/email/remove", remove, methods=["POST"], name="kernel:contact_email_remove"),
    Route("/me/contact/choices", choose, methods=["POST"], name="kernel:contact_choices"),
    Route("/me/email/{token}", show_proof, methods=["GET"], name="kernel:email_proof"),
    Route("/me/email/{token}", prove, methods=["POST"], name="kernel:email_proof_post"),
]
