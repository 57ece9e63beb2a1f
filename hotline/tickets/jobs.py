"""What happens to tickets by itself: silence becomes acceptance, who can't be reached is closed, history archived."""

from datetime import UTC, datetime
from typing import Any

from hotline.tickets import actions, queries
from hotline.tickets.forms import Review
from hotline.tickets.rules import ARCHIVE_AFTER, VISITS_MIN
from kernel.errors import Refusal
from kernel.lifecycle import Nothing, Way
from kernel.permissions import SYSTEM
from kernel.settings import settings

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


async def lapse(ctx: dict[str, Any], *, at: datetime | None = None) -> int:
    """T13: objection windows that have elapsed; who hasn't signed has accepted by silence."""
    at, done = at or datetime.now(UTC), 0
    for share in await queries.windows_elapsed(at, BATCH):
        verb = actions.accept_silently if share.state == "a_new" else actions.close_window
        try:
            await verb(share, Nothing(), **Way(by=SYSTEM, at=at, version=share.version))
        except Refusal:  # signed, objected or taken back meanwhile
            continue
        done += 1
    return done


async def pass_reviews(ctx: dict[str, Any], *, at: datetime | None = None) -> int:
    """T27: replies of the types that the city has named, with nothing noticed in them; off unless it names some."""
    at, done = at or datetime.now(UTC), 0
    types = settings().auto_review
    for ticket in await queries.to_pass(types, BATCH) if types else []:
        try:
            await actions.review(ticket, Review(passed=True), **Way(by=SYSTEM, at=at, version=ticket.version))
        except Refusal:  # a person's to look at: it stays in the reviewer's queue
            continue
        done += 1
    return done


async def close_unreached(ctx: dict[str, Any], *, at: datetime | None = None) -> int:
    """T30: whose visit plan was kept without reaching anybody; the rules look at days and parts of the day."""
    at, done = at or datetime.now(UTC), 0
    for ticket in await queries.unreached(VISITS_MIN, BATCH):
        try:
            await actions.close(ticket, Nothing(), **Way(by=SYSTEM, at=at, version=ticket.version))
        except Refusal:  # not enough parts of the day yet, or under supervision
            continue
        done += 1
    return done
