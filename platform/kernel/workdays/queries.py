"""Reads of notices."""

from collections.abc import Sequence

from tortoise.queryset import QuerySet

from kernel.errors import NotFound
from kernel.models import Entry
from kernel.permissions import Actor
from kernel.workdays.models import Proposal
from kernel.workdays.permissions import P
from kernel.workdays.states import ProposalState

READERS = (P.WORKDAY_READ, P.WORKDAY_PROPOSE, P.WORKDAY_CONFIRM)
SHOWN = 50


def visible_to(actor: Actor) -> QuerySet[Proposal]:
    if not any(actor.may_anywhere(one) for one in READERS):
        return Proposal.filter(id__in=[])
    return Proposal.all()


async def one(actor: Actor, no: str) -> Proposal:
    found = await visible_to(actor).filter(no=no).first()
    if found is None:
        raise NotFound(what="这份安排")
    return found


async def waiting(actor: Actor) -> list[Proposal]:
    return await visible_to(actor).filter(state=ProposalState.PROPOSED).order_by("id").limit(SHOWN)


async def of_year(actor: Actor, year: int) -> list[Proposal]:
    """Settled, the newest first."""
    settled = visible_to(actor).filter(year=year).exclude(state=ProposalState.PROPOSED)
    return await settled.order_by("-id").limit(SHOWN)


async def reasons(proposal: Proposal) -> list[str]:
    told = await Entry.filter(subject=proposal.ref, move__in=["refuse", "withdraw"])
    return [str(entry.facts["reason"]) for entry in told]


async def note_shifts(proposal: Proposal, shifts: Sequence[str], count: int) -> None:
    """What came of it, for who reads it later; the journals of the things hold the same."""
    proposal.shifts, proposal.shift_count = [*shifts], count
    await Proposal.filter(id=proposal.id).update(shifts=proposal.shifts, shift_count=count)
