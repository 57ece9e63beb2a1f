"""The security log: sign-ins, refusals, reveals, grants. It is written beside the answer and never stops it."""

from datetime import datetime, timedelta
from typing import Any

from tortoise.expressions import F

from kernel.edge.models import SecurityEvent

AGAIN = timedelta(minutes=1)


async def log(
    kind: str, *, actor_id: int, at: datetime, address: str = "", request_id: str = "", **detail: Any
) -> None:
    """`detail` holds codes and numbers of things, no personal data. The same within a minute raises a count."""
    newest_of_all = await SecurityEvent.all().order_by("-id").only("id", "at").first()
    if newest_of_all is not None:
        at = max(at, newest_of_all.at)  # a clock put back doesn't make the log go backwards
    recent = SecurityEvent.filter(kind=kind, actor_id=actor_id, at__gt=at - AGAIN, at__lte=at, address=address)
    row = await recent.order_by("-id").first()
    if row is not None and row.detail == detail:
        await SecurityEvent.filter(id=row.id).update(count=F("count") + 1)
        return
    await SecurityEvent.create(
        at=at, kind=kind, actor_id=actor_id, address=address, request_id=request_id, detail=detail
    )


async def newest(limit: int, *, before: int | None = None) -> list[SecurityEvent]:
    events = SecurityEvent.filter(id__lt=before) if before else SecurityEvent.all()
    return await events.order_by("-id").limit(limit)
