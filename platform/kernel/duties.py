"""Separation of duties (不相容岗位分离): who did the one may not do the other, by their own or another's hand."""

from collections.abc import Collection
from datetime import datetime

from kernel.errors import OwnWork
from kernel.journal import selves
from kernel.lifecycle import Guard, Step, guard
from kernel.models import Entry
from kernel.permissions import Actor


def apart(sentence: str, moves: Collection[str] | None = None, *, since: str = "") -> Guard:
    """The rule that whoever moves had no hand in `moves` of the same thing (any of them, unless named); with `since`
    only in those after the newest move of that name."""

    @guard(sentence, early=True)
    async def a_second_person(step: Step, by: Actor, at: datetime) -> None:
        if by.selves & await hands(step.thing.ref, moves, since=since):
            raise OwnWork(thing=step.thing.label, move=step.move.label)

    return a_second_person


async def hands(subject: str, moves: Collection[str] | None = None, *, since: str = "") -> set[int]:
    """The accounts that such entries of a chain count for."""
    entries = Entry.filter(subject=subject)
    if since:
        newest = await Entry.filter(subject=subject, move=since).order_by("-seq").first()
        entries = entries.filter(seq__gt=newest.seq if newest else 0)
    if moves is not None:
        entries = entries.filter(move__in=list(moves))
    return {account for entry in await entries for account in selves(entry)}
