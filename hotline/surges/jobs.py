"""When somebody looks: for words every ten seconds, for too many every minute, for what rises every quarter."""

from datetime import UTC, datetime
from typing import Any

from hotline.surges import actions, watching

FOLDS_MAX = 50


async def heed(ctx: dict[str, Any], *, at: datetime | None = None) -> int:
    return len(await watching.heed(at or datetime.now(UTC)))


async def look(ctx: dict[str, Any], *, at: datetime | None = None) -> int:
    return len(await watching.look(at or datetime.now(UTC)))


async def score(ctx: dict[str, Any], *, at: datetime | None = None) -> int:
    """First what is a day old joins the usual numbers, then the quarter is held against them."""
    at = at or datetime.now(UTC)
    for _ in range(FOLDS_MAX):
        if await actions.fold(at) < actions.FOLDED_MAX:
            break
    return len(await watching.score(at))
