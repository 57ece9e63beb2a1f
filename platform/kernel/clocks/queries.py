"""Reads of clocks for the lists and pages of the modules."""

from collections.abc import Collection
from datetime import datetime

from kernel.clocks.models import Clock


async def of(subjects: Collection[str]) -> list[Clock]:
    """All of theirs, in the order they began."""
    return await Clock.filter(subject__in=list(subjects)).order_by("started_at", "id")


async def nearest_open(subjects: Collection[str]) -> dict[str, Clock]:
    """The open clock of each that is due first, in one query for a whole list."""
    clocks = await Clock.filter(subject__in=list(subjects), stopped_at=None).order_by("-due_at")
    return {clock.subject: clock for clock in clocks}


async def totals(subjects: Collection[str]) -> dict[str, Clock]:
    """The clock over everything that runs for the caller (对诉求人的总时限), by subject."""
    found = Clock.filter(subject__in=list(subjects), step="total", replaced=False).order_by("id")
    return {clock.subject: clock for clock in await found}


async def elapsed(step: str, at: datetime, limit: int) -> list[str]:
    """Subjects of that step's open clocks that are over, the oldest first."""
    over = Clock.filter(step=step, stopped_at=None, due_at__lte=at).order_by("due_at").limit(limit)
    return [str(one) for one in await over.values_list("subject", flat=True)]
