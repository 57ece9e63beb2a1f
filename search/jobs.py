"""Periodic work of the process that writes the index."""

import logging
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from arq import cron

from search import queries
from search.engine import EngineAwayError, WriterTakenError
from search.indexing import RebuildError, indexing, may_hold

REBUILD_S_MAX, PREVIOUS_KEPT_S = 3_600, 86_400
log = logging.getLogger(__name__)


async def tend(ctx: dict[str, Any]) -> None:
    """Build the index where it is missing or someone asked for it (`sunhall reindex` beside a running worker)."""
    at, mine = datetime.now(UTC), indexing()
    if not may_hold():
        return
    asked = await queries.asked_rebuild()
    if asked is None:
        await mine.rebuild_if_away(at=at)
        return
    if mine.building.locked():
        return
    await queries.note_start(asked, at)
    try:
        await mine.rebuild(at=at, asked=asked)
    except (EngineAwayError, WriterTakenError) as away:
        log.warning("the index will be rebuilt later: %s", away)
    except RebuildError as problem:
        log.error("the index wasn't rebuilt: %s", problem)  # noqa: TRY400 (the sentence says it all)
        await queries.note_end(at, problem=str(problem))
    else:
        await queries.note_end(at)


async def forget(ctx: dict[str, Any]) -> None:
    """Retention: tombstones, and the index that was kept for stepping back."""
    await queries.forget_tombstones(datetime.now(UTC))
    if may_hold():
        with suppress(EngineAwayError):
            await indexing().engine.forget_previous(PREVIOUS_KEPT_S)


async def rank(ctx: dict[str, Any]) -> None:
    """What time has moved. Costs what has moved, so every hour rather than every night: a deadline passes by day."""
    if may_hold() and await indexing().engine.ready():
        with suppress(EngineAwayError):
            await indexing().look_at_ranks(at=datetime.now(UTC))


JOBS = (
    cron(tend, name="search.tend", second=set(range(3, 60, 5)), run_at_startup=True, timeout=REBUILD_S_MAX),
    cron(forget, name="search.forget", hour={3}, minute={17}),
    cron(rank, name="search.rank", minute={41}, timeout=REBUILD_S_MAX),
)
