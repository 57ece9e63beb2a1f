"""The verbs of a notice."""

from datetime import datetime
from typing import Unpack

from kernel import numbering
from kernel.calendar import actions as calendar
from kernel.calendar import queries as tables
from kernel.clocks import alarms
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
    """In force for whatever begins from now on. The deadlines that run already are the worker's (`shift`): to move a
    whole city's takes minutes, and nobody else could write meanwhile."""
    async with transaction():
        await move(proposal, "confirm", facts, **way)
        if await calendar.enact(notice_of(proposal), by=way["by"], at=way["at"]) is None:
            await queries.note_shifts(proposal, [], 0)
    return proposal


async def shift(proposal: Proposal, *, at: datetime) -> None:
    """Every open deadline that it moves is moved, journaled and told, a few in one transaction. May be done again after
    a half: by the newest calendar, so another one that was confirmed meanwhile isn't undone."""
    table, since = await tables.as_of(await tables.revision()), await queries.first_day_changed(proposal)
    if since is not None:
        await alarms.recompute(table, at=at, since=since)
    await queries.note_shifts(proposal, *await queries.shifted(proposal, SHIFTS_KEPT_MAX))


async def refuse(proposal: Proposal, facts: Reason, **way: Unpack[Way]) -> Proposal:
    return await move(proposal, "refuse", facts, **way)


async def withdraw(proposal: Proposal, facts: Reason, **way: Unpack[Way]) -> Proposal:
    return await move(proposal, "withdraw", facts, **way)


VERBS = verbs(confirm, refuse, withdraw)
