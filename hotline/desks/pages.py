"""The operator's desk: who calls, what is said, what the hall proposes; one post takes a call to where it belongs."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hotline.calls import queries as calls
from hotline.calls.forms import Ending
from hotline.calls.queries import Popped
from hotline.categories import queries as categories
from hotline.desks import actions, elements, finding, queues, rooms
from hotline.desks.forms import NewCall
from hotline.drafts import actions as drafts
from hotline.drafts import queries as kept
from hotline.drafts.forms import AT_DESK, Dropped
from hotline.drafts.queries import Shown
from hotline.flags import queries as flags
from hotline.knowledge import queries as knowledge
from hotline.permissions import P
from hotline.refusals import queries as refusals
from hotline.refusals.wording import WORDS_MAX
from hotline.suggestions import suggest
from hotline.suggestions.forms import Wanted
from hotline.tickets import queries
from hotline.tickets.actions import draw_number
from hotline.tickets.files import TICKET_SLOT
from hotline.tickets.forms import CONTENT_MAX, TITLE_MAX, Channel, Ground, Secrecy, Type, Urgency
from hotline.tickets.models import Ticket
from hotline.tickets.phones import phone
from kernel.database import transaction
from kernel.errors import FormRejected
from kernel.files.actions import attach_sent
from kernel.files.forms import expect, keep_sent, of_form, shown
from kernel.forms import typed_form
from kernel.journal import Sealed
from kernel.pages import check_token, needs, posted, render, see_other, told_once
from kernel.permissions import Actor
from kernel.settings import settings

LOOKS = ("propose", "find")  # what is only looked at
ARTICLES_MAX = 5


@needs(P.TICKET_REGISTER)
async def new(request: Request) -> Response:
    """接听: the caller's other tickets on the left, what is said in the middle, proposals at the right."""
    return await _desk(request)


@needs(P.TICKET_REGISTER)
async def register(request: Request) -> Response:
    """One post. With a look (`then=propose`, `find`), or a proposal picked, nothing is registered, so proposals work
    without script and before everything is filled in; registered, the desk is free for the next caller and says number
    and query code (查询码) to be read out."""
    at = datetime.now(UTC)
    expect(request, TICKET_SLOT)
    sent = await typed_form(request, again=_desk)
    check_token(request)
    files = await keep_sent(request, TICKET_SLOT, at=at)
    if sent.get("then") in LOOKS or any(sent.get(name) for name in ("pick", "advise", "join", "insert")):
        return await _desk(request)
    form = await NewCall.read(request, again=_desk)
    await _own_call(request, form.call)
    no = await draw_number(at)

    async def effect() -> str:
        async with transaction():
            ticket, code = await actions.take(form, no=no, region=settings().region_path, by=request.user, at=at)
            await attach_sent(files, ticket.ref, TICKET_SLOT, of_form(request), at=at)
        return f"{ticket.no} {code}"

    no, code = (await told_once(request, effect)).split()
    request.state.typed, request.state.kept_files = {}, []
    return await _desk(request, done=await queries.one(request.user, no), code=code)


@needs(P.TICKET_REGISTER)
async def drop(request: Request) -> Response:
    """丢弃草稿"""
    form = Dropped.check({"place": str((await posted(request)).get("place", ""))})
    await drafts.erase(form.place, by=request.user)
    return see_other(request, "hotline:new")


async def _desk(request: Request, *, done: Ticket | None = None, code: str = "") -> Response:
    at = datetime.now(UTC)
    popped = await calls.of_desk(request.user, at, call=_call(request))
    place = f"call:{popped.call.id}" if popped else AT_DESK
    here, others = await kept.begun(request.user, place)
    typed, draft = await _typed(request, here if done is None else None)
    ani = _ani(request, typed, popped)
    known = await queues.of_phone(ani, request.user, at) if ani else []
    choices = await _choices(request.user)
    return render(
        request,
        "hotline/desks/new.html",
        typed=typed,
        place=place,
        draft=draft,
        drafts=others,
        ani=ani,
        popped=popped,
        became=await calls.of_call(popped.call.id) if popped else [],
        moves={name: Ticket.moves[name].sources for name in ("urge", "supply", "withdraw", "note")},
        found=elements.split(str(typed.get("content", ""))[:CONTENT_MAX]),
        disposals=_disposals(popped),
        served=Ending.SERVED,
        known=known,
        places=await queries.addresses([row.ticket for row in known]),
        flags=await flags.of_phone(ani, at) if ani else [],
        at_rows=bool(popped and known and known[0].left and not typed and not done),
        proposals=await _proposals(request, typed),
        articles=await _articles(request, typed, at),
        done=done,
        code=code,
        waits=done is not None and bool(await refusals.proposed_among([done.no])),
        files=shown(request, TICKET_SLOT),
        **choices,
    )


async def _choices(actor: Actor) -> dict[str, Any]:
    """What the desk lets this person choose from; who decides on a refusal doesn't propose one."""
    listed = (("channel", Channel), ("type", Type), ("urgency", Urgency), ("secrecy", Secrecy), ("ground", Ground))
    decides = actor.may_anywhere(P.TICKET_REFUSE)
    return {f"{name}_options": [(one.value, one.label) for one in kind] for name, kind in listed} | {
        "leaves": await categories.leaves(),
        "units": await finding.unit_options(),
        "words_max": WORDS_MAX,
        "decides": decides,
        "doubt": "不予受理" if decides else "拟不予受理",
    }


async def _typed(request: Request, here: Shown | None) -> tuple[dict[str, Any], Shown | None]:
    """What was sent with the proposal that was picked; before anything was sent, the draft of this call."""
    sent = dict(getattr(request.state, "typed", {}))
    for picked, field in (("pick", "category"), ("advise", "advised"), ("join", "into")):
        if sent.get(picked):
            sent[field] = sent[picked]
    if sent.get("insert"):
        article = await knowledge.in_use(request.user, str(sent["insert"])[:60], datetime.now(UTC))
        if article:
            sent |= {"answer": article.body, "article": f"{article.no}@{article.number}", "type": Type.CONSULT.value}
    draft = None if sent else here
    return (dict(draft.fields) if draft else sent), draft


def _ani(request: Request, typed: Mapping[str, Any], popped: Popped | None) -> str:
    ani = _number(str(typed.get("caller_phone", "")) or request.query_params.get("phone", ""))
    return popped.phone if popped and not ani and not typed else ani


def _disposals(popped: Popped | None) -> list[Ending]:
    """来电结果 in one step; a withheld number more."""
    hidden = [Ending.WITHHELD] if popped and not popped.phone else []
    return [Ending.BLANK, Ending.PRANK, Ending.WRONG, *hidden]


async def _proposals(request: Request, typed: Mapping[str, Any]) -> dict[str, Any] | None:
    if not typed.get("title") and not typed.get("content"):
        return None
    title, content = str(typed.get("title", ""))[:TITLE_MAX], str(typed.get("content", ""))[:CONTENT_MAX]
    told = Wanted(title=Sealed(title), content=Sealed(content), phone=_number(str(typed.get("caller_phone", ""))))
    return await suggest.for_text(told, by=request.user, at=datetime.now(UTC))


async def _articles(request: Request, typed: Mapping[str, Any], at: datetime) -> list[Any]:
    words = str(typed.get("know", ""))[:100].strip()
    return await knowledge.find(request.user, words, at, ARTICLES_MAX) if words else []


async def _own_call(request: Request, call: int | None) -> None:
    """A ticket is joined to a call of one's own only."""
    if call is not None and await calls.of_desk(request.user, datetime.now(UTC), call=call) is None:
        raise FormRejected({"call": "这通来电不在您的坐席，请刷新后再登记。"})


def _call(request: Request) -> int | None:
    asked = request.query_params.get("call", "") or str(getattr(request.state, "typed", {}).get("call", ""))
    return int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 10 else None


def _number(asked: str) -> str:
    """What telephony or the operator gave; anything that isn't a number is left to the form to refuse."""
    try:
        return str(phone(asked[:40]) or "")
    except ValueError:
        return ""


routes = [
    Route("/new", new, methods=["GET"], name="new"),
    Route("/new", register, methods=["POST"], name="register"),
    Route("/new/drop", drop, methods=["POST"], name="drop_draft"),
    *rooms.routes,
]
