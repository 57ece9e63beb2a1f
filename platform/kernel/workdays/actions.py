"""The verbs of a notice."""

from datetime import datetime
from typing import Unpack

from kernel import numbering
from kernel.calendar import actions as calendar
from kernel.database import transaction
from kernel.kinds import verbs
from kernel.lifecycle import Nothing, Way, move
from kernel.permissions import Actor
from kernel.settings import settings
from kernel.workdays import queries
from kernel.workdays.forms import Reason, proposed
from kernel.workdays.models import Proposal
from kernel.workdays.rules import notice_of

SHIFTS_KEPT_MAX = 1_000


async def draw_number(at: datetime) -> str:
    """Outside of every transaction: a number is never given twice, not even after a rollback."""
    return await numbering.draw(Proposal.prefix, at)


async def propose(notice: calendar.Notice, *, no: str, by: Actor, at: datetime) -> Proposal:
    """Written down; not in force before another person has confirmed it. Raises FormRejected."""
    proposal = Proposal(no=no, region_path=settings().region_path)
    return await move(proposal, "propose", proposed(notice), by=by, at=at, version=0)


async def confirm(proposal: Proposal, facts: Nothing, **way: Unpack[Way]) -> Proposal:
    """In force: every open deadline that it moves is moved, journaled and told in the same transaction."""
    async with transaction():
        await move(proposal, "confirm", facts, **way)
        shifts = await calendar.take_in(notice_of(proposal), by=way["by"], at=way["at"])
        await queries.note_shifts(proposal, shifts[:SHIFTS_KEPT_MAX], len(shifts))
    return proposal


async def refuse(proposal: Proposal, facts: Reason, **way: Unpack[Way]) -> Proposal:
    return await move(proposal, "refuse", facts, **way)


async def withdraw(proposal: Proposal, facts: Reason, **way: Unpack[Way]) -> Proposal:
    return await move(proposal, "withdraw", facts, **way)


VERBS = verbs(confirm, refuse, withdraw)
