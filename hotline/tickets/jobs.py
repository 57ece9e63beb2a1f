"""What happens to tickets by itself: closed for fifteen days, they are archived."""

from datetime import UTC, datetime
from typing import Any

from hotline.tickets import actions, queries
from hotline.tickets.rules import ARCHIVE_AFTER
from kernel.errors import Refusal
from kernel.lifecycle import Nothing, Way
from kernel.permissions import SYSTEM

BATCH = 200


async def archive(ctx: dict[str, Any]) -> int:
    """The sweep only narrows; each ticket's own move looks again and may refuse."""
    at, done = datetime.now(UTC), 0
    for ticket in await queries.to_archive(at - ARCHIVE_AFTER, BATCH):
        try:
            await actions.archive(ticket, Nothing(), **Way(by=SYSTEM, at=at, version=ticket.version))
        except Refusal:  # reopened or moved meanwhile: the next night looks again
            continue
        done += 1
    return done
