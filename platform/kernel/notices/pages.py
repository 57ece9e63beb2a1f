"""Pages of documents: an agency's list, drafting, the paper itself, its PDF, and the proof for whoever holds it."""

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kernel import kinds, lifecycle
from kernel.errors import FormRejected, NotFound
from kernel.forms import typed_form
from kernel.links import queries as links
from kernel.notices import actions, queries, rendering, wording
from kernel.notices.forms import How
from kernel.notices.models import Notice
from kernel.notices.permissions import P
from kernel.notices.wording import NoticeTemplate
from kernel.pages import act_once, check_token, needs, public, render, signed_in, told_once, way
from kernel.seals import actions as seal_actions
from kernel.seals import queries as seals
from kernel.seals.forms import Ask
from kernel.seals.models import Imprint
from kernel.seals.permissions import P as S

HOWS = [(how.value, how.label) for how in How if how is not How.INBOX]
COLUMN = "|"  # between the cells of a table that is typed line by line


@needs(P.NOTICE_READ)
async def index(request: Request) -> Response:
    return render(request, "kernel/notices/index.html", found=await queries.listed(request.user))


@needs(P.NOTICE_DRAFT)
async def new(request: Request) -> Response:
    """`?template=…&about=…`: the form follows from the template's slots."""
    asked = getattr(request.state, "typed", None) or request.query_params
    about, at = str(asked.get("_about") or asked.get("about") or "")[:80], datetime.now(UTC)
    words = await queries.in_force(str(asked.get("_template") or asked.get("template") or "")[:40], at)
    template = wording.from_plain(words.words)
    thing = await queries.subject_of(about, template, request.user)
    orgs = [(org.code, org.name) for org in await queries.agencies_of(request.user)]
    known = kinds.kind_of(about)[0].known
    return render(
        request, "kernel/notices/new.html", template=template, about=about, thing=thing, orgs=orgs,
        version=words.version, known=await known(thing) if known else {},
    )  # fmt: skip


@needs(P.NOTICE_DRAFT)
async def draft(request: Request) -> Response:
    sent = await typed_form(request, again=new)
    check_token(request)
    code, about, at = str(sent.get("_template", ""))[:40], str(sent.get("_about", ""))[:80], datetime.now(UTC)
    template = wording.from_plain((await queries.in_force(code, at)).words)
    org = next((org for org in await queries.agencies_of(request.user) if org.code == sent.get("_org")), None)
    if org is None:
        raise FormRejected({"_org": "请选择以哪个单位的名义出具。"})
    values = _values(template, sent)

    async def effect() -> str:
        notice = await actions.draft(code, about, values, org=org, by=request.user, at=at)
        return f"/notices/{notice.public_id}"

    return await act_once(request, effect)


@signed_in
async def show(request: Request) -> Response:
    """The paper on the screen; what may be done now stands above it and isn't printed."""
    notice = await queries.one(request.user, request.path_params["id"])
    return await _shown(request, notice)


@signed_in
async def pdf(request: Request) -> Response:
    notice = await queries.one(request.user, request.path_params["id"])
    made = await rendering.pdf(await rendering.printed(notice))
    name = f"notice-{notice.public_id[:8]}.pdf"
    return Response(made, media_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'})


@signed_in
async def act(request: Request) -> Response:
    """Issue, deliver, give back, withdraw, confirm: the table says who may."""
    notice, name = await queries.one(request.user, request.path_params["id"]), request.path_params["move"]
    verb = actions.NOTICE_VERBS.get(name)
    if verb is None:
        raise NotFound(what="该操作")
    facts = await Notice.moves[name].facts.read(request, again=show)
    check_token(request)

    async def effect() -> str:
        await verb(notice, facts, **way(request))
        return f"/notices/{notice.public_id}"

    return await act_once(request, effect)


@needs(S.SEAL_REQUEST)
async def ask_seal(request: Request) -> Response:
    """申请用印: which seal, and what for."""
    notice, at = await queries.one(request.user, request.path_params["id"]), datetime.now(UTC)
    sent = await typed_form(request, again=show)
    facts = Ask.check({"purpose": str(sent.get("purpose", ""))})
    check_token(request)
    seal = await seals.one(request.user, str(sent.get("_seal", ""))[:48])
    no = await seal_actions.draw_number(Imprint, at)

    async def effect() -> str:
        await seal_actions.ask(seal, notice, facts, no=no, by=request.user, at=at)
        return f"/notices/{notice.public_id}"

    await told_once(request, effect)
    request.state.typed = {}
    return await _shown(request, await queries.one(request.user, notice.public_id), done="已申请用印，等待审批。")


@public
async def verify(request: Request) -> Response:
    """验证: what the paper in somebody's hand says of itself, and whether it stands; nothing of a person."""
    notice = await queries.public(request.path_params["id"])
    page = render(request, "kernel/notices/verify.html", notice=notice)
    if notice is None:
        page.status_code = 404
    return page


async def _shown(request: Request, notice: Notice, done: str = "") -> Response:
    at = datetime.now(UTC)
    offers = await lifecycle.allowed_moves(notice, request.user, at)
    may_ask = notice.state == "drafted" and request.user.may(S.SEAL_REQUEST, notice.org.path)
    return render(
        request, "kernel/notices/show.html", notice=notice, printed=await rendering.printed(notice), hows=HOWS,
        done=done,
        offers={move.name for move in offers}, seals=await seals.usable(request.user, notice) if may_ask else [],
        may_ask=may_ask, asked=await seals.asked_for(notice) if may_ask else None,
        found_ties=await links.of(notice.ref, request.user),
    )  # fmt: skip


def _values(template: NoticeTemplate, sent: Any) -> dict[str, Any]:
    """A table is typed one row a line, its cells apart by `|`."""
    values: dict[str, Any] = {}
    for slot in template.slots:
        text = str(sent.get(slot.name, "")).replace("\r\n", "\n").strip()
        rows = [[cell.strip() for cell in line.split(COLUMN)] for line in text.split("\n") if line.strip()]
        values[slot.name] = rows if slot.columns else text
    return values


routes = [
    Route("/notices", index, methods=["GET"], name="kernel:notices"),
    Route("/notices/new", new, methods=["GET"], name="kernel:notice_new"),
    Route("/notices/new", draft, methods=["POST"], name="kernel:notice_draft"),
    Route("/notices/{id}", show, methods=["GET"], name="kernel:notice"),
    Route("/notices/{id}/pdf", pdf, methods=["GET"], name="kernel:notice_pdf"),
    Route("/notices/{id}/ask-seal", ask_seal, methods=["POST"], name="kernel:notice_ask_seal"),
    Route("/notices/{id}/{move}", act, methods=["POST"], name="kernel:notice_act"),
    Route("/verify/notice/{id}", verify, methods=["GET"], name="kernel:notice_verify"),
]
