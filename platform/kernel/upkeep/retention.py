"""Clearing what is past its time: once a day, a batch at a time; what is short-lived has its own minute."""

from datetime import datetime

from kernel.upkeep import queries

BATCH, BATCHES_MAX = 500, 200


async def clear_all(*, at: datetime, only: frozenset[str] = frozenset()) -> dict[str, int]:
    """By name, how many went."""
    gone: dict[str, int] = {}
    periods = await queries.periods()
    for kept in queries.everything():
        if kept.clear is None or kept.period is None or (only and kept.name not in only):
            continue
        before = at - periods.get(kept.name, kept.period)
        for _ in range(BATCHES_MAX):
            cleared = await kept.clear(before, BATCH)
            gone[kept.name] = gone.get(kept.name, 0) + cleared
            if cleared < BATCH:
                break
    return gone
