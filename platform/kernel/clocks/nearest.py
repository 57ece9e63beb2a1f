"""The nearest deadline of a thing: the one column that lists are sorted by."""

from collections.abc import Collection
from datetime import datetime

from kernel.clocks.models import Clock


async def nearest_of(subjects: Collection[str]) -> dict[str, datetime]:
    """By thing; one whose clocks have all stopped has none."""
    if not subjects:
        return {}
    running = Clock.filter(subject__in=list(subjects), stopped_at=None).order_by("-due_at")
    return {clock.subject: clock.due_at for clock in await running}
