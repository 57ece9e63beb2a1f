"""The nearest deadline of a thing: the one column that lists are sorted by."""

from datetime import datetime

from kernel.clocks.models import Clock


async def nearest(subject: str) -> datetime | None:
    clock = await Clock.filter(subject=subject, stopped_at=None).order_by("due_at").first()
    return clock.due_at if clock else None
