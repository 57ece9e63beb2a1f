"""Reports of the periods that are over are frozen by themselves; a person checks and publishes them."""

from datetime import UTC, datetime
from typing import Any

from kernel.permissions import SYSTEM
from oversight.snapshots import actions, queries, series
from oversight.snapshots.rules import AlreadyFrozen


async def freeze_closed(ctx: dict[str, Any]) -> int:
    """The last closed period of every series, once; a hall that was shut that night does it later. How many."""
    at, done = datetime.now(UTC), 0
    for one in series.every():
        first, last = series.last_closed(one.every, at)
        if await queries.of_period(one.code, first) is not None:
            continue
        body = await one.count(first, last, at)
        try:
            await actions.freeze(one.code, first, last, body, by=SYSTEM, at=at)
        except AlreadyFrozen:  # by a person, meanwhile
            continue
        done += 1
    return done
