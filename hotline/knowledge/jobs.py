"""Every night: owners hear of what is soon out of date, and what is out of date leaves the desk."""

from datetime import UTC, datetime
from typing import Any

from hotline.knowledge import actions, learning, queries
from hotline.knowledge.forms import Reminded
from kernel.errors import Refusal
from kernel.lifecycle import Nothing, Way
from kernel.permissions import SYSTEM

BATCH = 200


async def look_through(ctx: dict[str, Any]) -> int:
    return await sweep(datetime.now(UTC))


async def learn(ctx: dict[str, Any], *, at: datetime | None = None) -> int:
    """What the last days' closed consults teach."""
    return await learning.learn(at or datetime.now(UTC))


async def sweep(at: datetime) -> int:
    """The sweep only narrows; each article's own move looks again and may refuse."""
    done = 0
    for article in await queries.to_expire(at, BATCH):
        try:
            await actions.expire(article, Nothing(), **Way(by=SYSTEM, at=at, version=article.version))
        except Refusal:  # corrected meanwhile
            continue
        done += 1
    for article in await queries.to_remind(at, BATCH):
        try:
            facts = Reminded(until=article.valid_to)
            await actions.remind(article, facts, **Way(by=SYSTEM, at=at, version=article.version))
        except Refusal:
            continue
        done += 1
    return done
