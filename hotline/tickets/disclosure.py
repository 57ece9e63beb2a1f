"""Who may learn what of a caller at which stage, and what everyone may read. One place for every channel."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from hotline.permissions import P
from hotline.tickets import queries
from hotline.tickets.forms import Secrecy
from hotline.tickets.models import Assignment, Ticket
from hotline.tickets.rules import OUTSIDERS, RELEASED_TYPES
from hotline.tickets.states import AssignmentState, TicketState
from kernel import journal, views
from kernel.errors import NotAllowed, NotFound
from kernel.forms import Form
from kernel.permissions import Actor
from kernel.secrets import masking
from kernel.warrants import actions as warrants
from kernel.warrants.models import Warrant

EMAIL = re.compile(r"[\w.+%-]+[@＠][\w.-]+")
HIDDEN = "（按诉求人要求不公开）"
NONE = "未留"
LOOK_LASTS = timedelta(minutes=10)
AFTER_SIGNING = {
    AssignmentState.A_SIGNED, AssignmentState.A_FIX, AssignmentState.A_REPLIED, AssignmentState.A_DONE
}  # fmt: skip


class Reveal(Form):
    purpose: Annotated[str, Field(title="查看用途", min_length=4, max_length=200)]


@dataclass(frozen=True, slots=True)
class CallerShown:
    """The caller as one reader sees them: `reveal` says that the whole number may be asked for."""

    name: str
    phone: str
    secrecy: Secrecy
    reveal: bool


@dataclass(frozen=True, slots=True)
class PublicAnswer:
    title: str
    body: str
    agency: str


async def to_read(actor: Actor, no: str, at: datetime) -> tuple[Ticket, Warrant | None]:
    """A ticket in one's own sight, or one that a warrant opens for reading; then the look is on record already.

    Raises NotFound, Over when the warrant has ended, Degraded without the record."""
    ticket = await queries.visible_to(actor, [no]).first()
    if ticket is not None:
        await look(ticket, by=actor, at=at)
        return ticket, None
    ticket = await queries.unseen(no)
    warrant = await warrants.use(ticket.ref, by=actor, at=at) if ticket else None
    if ticket is None or warrant is None:
        raise NotFound(what="该工单")
    return ticket, warrant


async def look(ticket: Ticket, *, by: Actor, at: datetime) -> None:
    """谁看过: what is confidential is shown to staff only when their look is on record; one look lasts some minutes.

    Raises Degraded without the record."""
    if ticket.secrecy is not Secrecy.CONFIDENTIAL or by.kind in OUTSIDERS:
        return
    if not await views.lately(ticket.ref, "content", by=by, since=at - LOOK_LASTS):
        await views.record(ticket.ref, "content", purpose=f"办理时查看保密工单（{ticket.state.label}）", by=by, at=at)


async def texts(ticket: Ticket, *more: str) -> dict[str, str]:
    """The caller's name and number in clear, and what else is wanted with them, in one query: not to be shown as is."""
    found = await journal.unsealed_all([ticket.ref], ("caller_name", "caller_phone", *more))
    return {name: text for (_, name), text in found.items()}


async def caller(ticket: Ticket, actor: Actor, known: Mapping[str, str] | None = None) -> CallerShown:
    """Masked for everyone; hidden from the agency where the caller asked for it (匿名、保密)."""
    told = await texts(ticket) if known is None else known
    name, phone = told.get("caller_name", ""), told.get("caller_phone", "")
    if not await _may_know(ticket, actor):
        return CallerShown(HIDDEN, HIDDEN, ticket.secrecy, reveal=False)
    return CallerShown(
        masking.mask_name(name) if name else NONE,
        masking.mask_phone(phone) if phone else NONE,
        ticket.secrecy,
        reveal=bool(phone) and await may_reveal(ticket, actor),
    )


async def may_reveal(ticket: Ticket, actor: Actor) -> bool:
    """The centre's desks any time; an agency only after it has signed, and never against the caller's wish."""
    if not actor.may_anywhere(P.TICKET_REVEAL) or not await _may_know(ticket, actor):
        return False
    if actor.may(P.TICKET_REVEAL, ticket.region_path):
        return True
    return any(share.state in AFTER_SIGNING for share in await ticket.assignments_of(actor))


async def reveal(ticket: Ticket, facts: Reveal, *, by: Actor, at: datetime) -> tuple[str, str]:
    """Name and number in clear. The view is on record before the answer is given; without the record, no answer."""
    if not await may_reveal(ticket, by):
        raise NotAllowed(permission=P.TICKET_REVEAL.label)
    await views.record(ticket.ref, "caller", purpose=facts.purpose, by=by, at=at)
    told = await texts(ticket)
    return told.get("caller_name", NONE), told.get("caller_phone", NONE)


async def carried(ticket: Ticket, purpose: str, *, by: Actor, at: datetime) -> tuple[str, str]:
    """The same for a list that a second person has approved: the approval stands for the permission, the caller's wish
    stays."""
    if not await _may_know(ticket, by):
        return HIDDEN, HIDDEN
    await views.record(ticket.ref, "caller", purpose=purpose, by=by, at=at)
    told = await texts(ticket)
    return told.get("caller_name", NONE), told.get("caller_phone", NONE)


async def _may_know(ticket: Ticket, actor: Actor) -> bool:
    """Anonymous is anonymous for all but the desk that answers the telephone; confidential keeps the agency out."""
    if actor.kind in OUTSIDERS or actor.may(P.TICKET_READ, ticket.region_path):
        return True
    return ticket.secrecy is Secrecy.PLAIN


def redacted(text: str, *names: str) -> str:
    """For everybody's eyes: numbers become stars, e-mail addresses and the caller's own name go with them."""
    for name in sorted(filter(None, (one.strip() for one in names)), key=len, reverse=True):
        text = text.replace(name, masking.mask_name(name))
    return masking.mask_text(EMAIL.sub("***", text))


def is_public_answer(ticket: Ticket) -> bool:
    return (
        ticket.state in {TicketState.CLOSED, TicketState.ARCH}
        and ticket.secrecy is Secrecy.PLAIN
        and ticket.type in RELEASED_TYPES
        and ticket.source is None
        and ticket.restricted_until is None
    )


def public_answer(
    ticket: Ticket, shares: Sequence[Assignment], told: Mapping[tuple[str, str], str]
) -> PublicAnswer | None:
    """Title and answer, without the caller's own words; with anything personal in them, nothing at all."""
    answered = [told.get((share.ref, "body"), "") for share in shares] + [told.get((ticket.ref, "answer"), "")]
    body = next((text for text in reversed(answered) if text), "")
    if not body or masking.findings(ticket.title) or masking.findings(body):
        return None
    return PublicAnswer(ticket.title, body, shares[-1].agency.name if shares else "市12345热线中心")
