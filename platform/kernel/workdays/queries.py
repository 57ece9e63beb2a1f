"""Reads of notices."""

from collections.abc import Sequence
from datetime import date

from tortoise.queryset import QuerySet

from kernel.calendar import queries as tables
from kernel.clocks import words
from kernel.errors import NotFound
from kernel.kinds import kind_of
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


async def to_shift() -> list[Proposal]:
    """Confirmed, and the deadlines that ran then aren't all computed again yet."""
    return await Proposal.filter(state=ProposalState.CONFIRMED, shift_count=None).order_by("id").limit(SHOWN)


async def first_day_changed(proposal: Proposal) -> date | None:
    assert proposal.settled_at is not None, "it is confirmed"
    revision = await tables.revision_at(proposal.year, local=proposal.local, at=proposal.settled_at)
    return await tables.first_change(revision) if revision else None


async def shifted(proposal: Proposal, limit: int) -> tuple[list[str], int]:
    """The first of the deadlines that moved since it was confirmed, as sentences, and how many there are: from the
    journal, so that a job that died half-way loses none."""
    confirmed = await Entry.get(subject=proposal.ref, move="confirm")
    since = Entry.filter(id__gt=confirmed.id, move="shift")
    told = [(*kind_of(entry.subject), entry.facts) for entry in await since.order_by("id").limit(limit)]
    return [words.shifted(kind.model.label, no, facts) for kind, no, facts in told], await since.count()


async def note_shifts(proposal: Proposal, shifts: Sequence[str], count: int) -> None:
    """What came of it, for who reads it later; the journals of the things hold the same."""
    proposal.shifts, proposal.shift_count = [*shifts], count
    await Proposal.filter(id=proposal.id).update(shifts=proposal.shifts, shift_count=count)
