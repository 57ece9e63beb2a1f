"""Cascade of a repeated demand: the same caller, category and place as a ticket that is open, or was closed not long
ago. Machines note it where nobody joined the two; figures count it, and whoever opens the ticket reads it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tortoise.expressions import Q

from hotline.tickets.forms import Channel, Recurs
from kernel import journal
from kernel.forms import Form
from kernel.lifecycle import Step
from kernel.permissions import Actor

if TYPE_CHECKING:
    from hotline.tickets.models import Ticket

REPEATED_WITHIN = timedelta(days=30)  # 一次办结率: no second demand of the same cause in that time after closing
COMPARED_MAX = 20  # the newest of a caller who keeps asking
CLOSED = ("closed", "arch")


async def note_repeat(ticket: Ticket, facts: Form, by: Actor, at: datetime) -> Sequence[Step]:
    """After it was registered, and again when its category changed."""
    earlier = await _earlier(ticket)
    told = Recurs(repeats=earlier.no if earlier else None, after_closing=earlier is not None and _is_closed(earlier))
    same = (told.repeats, told.after_closing) == (ticket.repeats, ticket.after_closing)
    return [] if same else [Step(ticket, "recur", told)]


async def _earlier(ticket: Ticket) -> Ticket | None:
    """Of several the one that was closed last: its closing is what didn't hold; else the newest open one."""
    if ticket.category is None or (caller := _of_caller(ticket)) is None:
        return None
    lately = Q(
        state__in=CLOSED, closed_at__gt=ticket.registered_at - REPEATED_WITHIN, closed_at__lte=ticket.registered_at
    )
    model = type(ticket)
    before = model.filter(
        caller, Q(lately, Q(state__in=[*ticket.moves["recur"].sources]), join_type=Q.OR), id__lt=ticket.id
    )
    known = await before.filter(category=ticket.category, restricted_until=None).order_by("-id").limit(COMPARED_MAX)
    same = await _there(ticket, known)
    ended = [one for one in same if _is_closed(one)]
    return max(ended, key=lambda one: (one.closed_at, one.id)) if ended else next(iter(same), None)


def _of_caller(ticket: Ticket) -> Q | None:
    """By telephone, or by the account that it belongs to; a program's account speaks for many."""
    mine = [Q(phone_index=ticket.phone_index)] if ticket.phone_index else []
    if ticket.owner_id is not None and ticket.channel is not Channel.OPEN311:
        mine.append(Q(owner_id=ticket.owner_id))
    return Q(*mine, join_type=Q.OR) if mine else None


async def _there(ticket: Ticket, others: Sequence[Ticket]) -> list[Ticket]:
    """Those at the same place: no word of either says another one, and one of them says the same."""
    if not others:
        return []
    said = await journal.unsealed_all([ticket.ref, *(one.ref for one in others)], ("address",))
    mine, area = _plain(said.get((ticket.ref, "address"))), ticket.area_code
    found = []
    for one in others:
        pairs = [(area, one.area_code), (mine, _plain(said.get((one.ref, "address"))))]
        both = [first == second for first, second in pairs if first and second]
        if both and all(both):
            found.append(one)
    return found


def _plain(address: str | None) -> str:
    return "".join((address or "").split())


def _is_closed(ticket: Ticket) -> bool:
    return ticket.state.value in CLOSED
