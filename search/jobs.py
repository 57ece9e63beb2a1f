"""Periodic work of the process that writes the index."""

import logging
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from arq import cron

from kernel.maintenance.models import Mode
from kernel.maintenance.queries import standing
from search import drift, queries
from search.engine import EngineAwayError, WriterTakenError
from search.indexing import RebuildError, indexing, may_hold

REBUILD_S_MAX, COMPARE_S_MAX, PREVIOUS_KEPT_S = 3_600, 240, 86_400
log = logging.getLogger(__name__)


async def tend(ctx: dict[str, Any]) -> None:
    """Build the index where it is missing or someone asked for it (the administrators' page, or `sunhall reindex`
    beside a running worker); or take back the one before."""
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
        if asked.back:
            await queries.note_progress(asked, await mine.step_back(at=at))
        else:
            await mine.rebuild(at=at, asked=asked)
    except (EngineAwayError, WriterTakenError) as away:
        log.warning("the index will be rebuilt later: %s", away)
    except RebuildError as problem:
        log.error("the index wasn't rebuilt: %s", problem)  # noqa: TRY400 (the sentence says it all)
        await queries.note_end(at, back=asked.back, problem=str(problem))
    else:
        await queries.note_end(at, back=asked.back)


async def compare(ctx: dict[str, Any]) -> None:
    """Whether the index holds what was written to it: any process can look, whoever writes mends."""
    at = datetime.now(UTC)
    if await _open() and drift.is_due(await queries.newest_comparison(), at):
        with suppress(EngineAwayError):
            await drift.look(at, whole=False)


async def compare_whole(ctx: dict[str, Any]) -> None:
    """Every document read anew: also what no event has told."""
    if await _open():
        with suppress(EngineAwayError):
            await drift.look(datetime.now(UTC), whole=True)


async def _open() -> bool:
    """Else nothing is delivered, so nothing would be mended."""
    return (await standing()).mode is Mode.OPEN


async def forget(ctx: dict[str, Any]) -> None:
    """Retention: tombstones, comparisons, and the index that was kept for stepping back."""
    at = datetime.now(UTC)
    await queries.forget_tombstones(at)
    await queries.forget_comparisons(at)
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
    cron(compare, name="search.compare", minute=set(range(4, 60, 5)), second=25, timeout=COMPARE_S_MAX),
    cron(compare_whole, name="search.compare_whole", hour={2}, minute={47}, timeout=REBUILD_S_MAX),
    cron(forget, name="search.forget", minute={17}),
    cron(rank, name="search.rank", minute={41}, timeout=REBUILD_S_MAX),
)
