"""The one writer: events come in, documents are read anew from the database, one commit carries all that wait."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from kernel.database import unbroken
from kernel.models import Event
from kernel.settings import Settings, settings
from search import comparing, queries
from search.comparing import Difference
from search.engine import (
    Batch,
    EngineAwayError,
    NothingKeptError,
    Part,
    Record,
    SearchEngine,
    WriterTakenError,
    pieces,
)  # fmt: skip
from search.models import Applied, Rebuild
from search.preparing import Prepared, Preparing, made
from search.records import Read, circumstances, read
from search.subjects import concerned
from search.trimming import BATCH_MAX

Progress = Callable[[int, int], None]
Wrong = Mapping[tuple[Part, str], int]  # the version with which an index was found to be wrong; 0: it had none
NOTHING_WRONG: Wrong = {}
ASK_EVERY_S = 0.2
DIFFERENCES_MAX = 200
SETTLE_TRIES = 10
MEND = "search.mend"  # an event of our own: its subject is to be written anew, its number is the version found
log = logging.getLogger(__name__)


class RebuildError(Exception):
    """There is no new index that holds what the database holds; the old one stays."""


@dataclass(slots=True)
class Waiting:
    ref: str
    found: int | None  # the index was found wrong: with this version, or 0
    done: asyncio.Future[Exception | None]


@dataclass(slots=True)
class Turn:
    """What one turn writes: to all generations, and to the one that is being built alone."""

    everywhere: dict[Part, Batch] = field(default_factory=lambda: {part: Batch() for part in Part})
    new: dict[Part, Batch] = field(default_factory=lambda: {part: Batch() for part in Part})
    rows: list[Applied] = field(default_factory=list)

    def take(self, part: Part, ref: str, row: Applied | None, now: Record | None, found: int | None, to: "Aim") -> None:
        """What a building reads before its event has come is news for the live index as well."""
        news = _is_news(row, now)
        batch = (self.everywhere if to.everywhere(news) else self.new)[part]
        if now is None:
            if news or found is not None:
                batch.out[ref] = max(row.version if row else 0, found or 0)
            if news and row:
                self.rows.append(_tombstone(row, to.at))
        elif news or found is not None or to.only_new:
            batch.put[ref] = now
            self.rows.append(_row(part, now, to.at))
        elif row and row.look_at != now.look_at:
            self.rows.append(_looked_at(row, now))


@dataclass(frozen=True, slots=True)
class Aim:
    at: datetime
    only_new: bool  # into the generation that is being built
    live: bool  # there is one beside it that answers

    def everywhere(self, news: bool) -> bool:
        return not self.only_new or (self.live and news)


@dataclass(slots=True)
class Indexing:
    """Reading and writing happen in one turn, so what is written is never older than what was written before."""

    engine: SearchEngine
    waiting: list[Waiting] = field(default_factory=list)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    building: asyncio.Lock = field(default_factory=asyncio.Lock)
    since: datetime | None = None  # a building began then
    brought: set[str] = field(default_factory=set)  # since then: what was read ahead of it is old

    async def bring(self, ref: str, *, at: datetime, found: int | None = None) -> None:
        """Returns when the index holds what the database says of `ref` now. Who gets the turn works for all who wait;
        nobody waits for company, so a lone change is as fast as the engine and a hundred share a commit.
        `found`: the version with which the index was found to be wrong."""
        self.engine.hold()
        if not await self.engine.ready():
            await self.rebuild_if_away(at=at)
        mine = Waiting(ref, found, asyncio.get_running_loop().create_future())
        self.waiting.append(mine)
        async with self.turn:
            while not mine.done.done():
                await unbroken(self._take_turn(at))
        problem = mine.done.result()
        if problem is not None:
            raise problem

    async def _take_turn(self, at: datetime) -> None:
        taken, self.waiting = self.waiting[:BATCH_MAX], self.waiting[BATCH_MAX:]
        try:
            problem = await self._written(taken, at)
            for one in taken if problem and len(taken) > 1 else ():  # a bad one must not park the others with it
                _tell([one], await self._written([one], at))
            _tell(taken, problem)
        finally:  # cancelled in the middle (the process ends): the next turn does them
            self.waiting = [one for one in taken if not one.done.done()] + self.waiting

    async def _written(self, taken: list[Waiting], at: datetime) -> Exception | None:
        found = {one.ref: one.found for one in taken if one.found is not None}
        wrong = {(part, ref): version for ref, version in found.items() for part in Part}
        try:
            await self._write({one.ref for one in taken}, at, wrong=wrong)
        except Exception as problem:  # the boundary of a delivery: whoever waits for it gets it raised
            return problem
        return None

    async def _write(
        self,
        refs: Iterable[str],
        at: datetime,
        *,
        only_new: bool = False,
        wrong: Wrong = NOTHING_WRONG,
        ahead: Prepared | None = None,
    ) -> None:
        """Where several processes write, whoever was last to write must have been last to read: what has changed since
        is written again, so the index ends as the database is, in whatever order the writes came."""
        wanted = sorted(refs)
        while wanted:
            seen, written = await self._write_once(wanted, at, only_new, wrong, ahead)
            if self.engine.one_writer:
                return
            now, ahead = await read(written), None
            wanted = [ref for ref in written if now[ref] != seen[ref]]

    async def _write_once(
        self, wanted: list[str], at: datetime, only_new: bool, wrong: Wrong, ahead: Prepared | None
    ) -> tuple[Mapping[str, Read], list[str]]:
        at = max(at, self.since or at)  # a building takes what it hasn't met since its begin for gone
        if not only_new and self.since:
            self.brought.update(wanted)
        then = await self._prepared(wanted, at, ahead)
        turn, to = Turn(), Aim(at, only_new, live=only_new and await self.engine.ready())
        known = await queries.applied(wanted)
        for ref, part in ((ref, part) for ref in wanted for part in Part):
            turn.take(part, ref, known.get((part, ref)), then.records.get((ref, part)), wrong.get((part, ref)), to)
        if not only_new or any(batch.put or batch.out for batch in turn.everywhere.values()):
            await self.engine.write(turn.everywhere)
        if only_new:
            await self.engine.write(turn.new, only_new=True)
        await queries.remember(turn.rows)  # after the commit: a crash in between repeats the work and harms nothing
        return then.seen, sorted({row.ref for row in turn.rows})

    async def _prepared(self, wanted: list[str], at: datetime, ahead: Prepared | None) -> Prepared:
        """What was read ahead of this turn holds, but for what others' turns have brought meanwhile."""
        fresh = [ref for ref in wanted if ahead is None or ref in self.brought]
        seen = await read(fresh) if fresh else {}
        records = made(seen, await circumstances(at)) if fresh else {}
        if ahead is None:
            return Prepared(seen, records)
        still = {key: one for key, one in ahead.records.items() if key[0] not in seen}
        return Prepared({**ahead.seen, **seen}, {**still, **records})

    async def look_at_ranks(self, *, at: datetime) -> int:
        """What the passing of time, or what is counted, may have moved; written only where the value is another one.
        Returns how many were looked at."""
        looked = 0
        while refs := await queries.to_look_at(at, BATCH_MAX):
            async with self.turn:
                await unbroken(self._write(refs, at))
            looked += len(refs)
        return looked

    async def rebuild_if_away(self, *, at: datetime) -> None:
        async with self.building:
            if await self.engine.wanting():
                log.warning("there is no search index: building it")
                with suppress(WriterTakenError):  # then another process builds it
                    await self._rebuild(at, None)

    async def rebuild(self, *, at: datetime, asked: Rebuild | None = None, progress: Progress | None = None) -> int:
        """Build beside the old one, with everything that changes meanwhile written to both; compare; swap."""
        self.engine.hold()
        async with self.building:
            return await self._rebuild(at, asked, progress)

    async def _rebuild(self, at: datetime, asked: Rebuild | None, progress: Progress | None = None) -> int:
        self.since, swapped, done = at, False, 0
        try:
            await self.engine.begin_generation()
            async with aclosing(Preparing(at).every()) as pieces_of_it:
                async for ahead in pieces_of_it:
                    async with self.turn:
                        await unbroken(self._write(ahead.seen, at, only_new=True, ahead=ahead))
                    done += len(ahead.seen)
                    if progress:
                        progress(done, done)
                    if asked:
                        await queries.note_progress(asked, done)
            async with self.turn:
                await self._look_for_unseen(at)
                await self._settle(at)
                await unbroken(self.engine.swap())
                swapped = True
        finally:
            self.since = None
            self.brought.clear()
            if not swapped:
                await self.engine.drop_generation()
        return done

    async def _look_for_unseen(self, since: datetime) -> None:
        """What the building hasn't met is no more, or came by another process."""
        while refs := await queries.unseen(since, BATCH_MAX):
            await unbroken(self._write(refs, since, only_new=True))

    async def _settle(self, at: datetime) -> None:
        """The new generation holds what the database holds, heap by heap, before anyone asks it."""
        for _ in range(SETTLE_TRIES):
            found = await comparing.unlike_written(self.engine, new=True)
            if not found:
                return
            for piece in _batches(found):
                await unbroken(self._mend_new(piece, at))
            await asyncio.sleep(0 if self.engine.one_writer else ASK_EVERY_S)  # another may be between the two
        raise RebuildError(f"新索引与数据库不一致，没有换上：{comparing.named(found)}")

    async def _mend_new(self, piece: Sequence[Difference], at: datetime) -> None:
        wrong = {(one.part, one.ref): one.held[0] if one.held else 0 for one in piece}
        await self._write({one.ref for one in piece}, at, only_new=True, wrong=wrong)

    async def step_back(self, *, at: datetime) -> int:
        """The one before takes the live one's place again, once it holds what the database holds now. Returns in how
        many documents it had fallen behind. Raises RebuildError."""
        self.engine.hold()
        async with self.building:
            swapped = False
            try:
                await self.engine.begin_back()
                behind = await comparing.unlike_written(self.engine, new=True)
                for piece in _batches(behind):
                    async with self.turn:
                        await unbroken(self._mend_new(piece, at))
                async with self.turn:
                    await self._settle(at)
                    await unbroken(self.engine.swap())
                    swapped = True
            except NothingKeptError as why:
                raise RebuildError(str(why)) from why
            finally:
                if not swapped:
                    await self.engine.drop_generation()
            return len(behind)


_indexings: dict[tuple[Path, str, str], Indexing] = {}


def indexing() -> Indexing:
    told = settings()
    which = (told.home, told.search_url, told.search_prefix)
    if which not in _indexings:
        _indexings[which] = Indexing(engine_of(told))
    return _indexings[which]


def engine_of(told: Settings) -> SearchEngine:
    """An address: Elasticsearch; none: tantivy in the hall's folder. Raises Unreadable for a key or certificate that
    can't be read."""
    if not told.search_url:
        from search.tantivy_engine import TantivyEngine

        return TantivyEngine(told.home)
    from search.elasticsearch_engine import ElasticsearchEngine, access_of

    return ElasticsearchEngine(access_of(told), told.search_prefix)


async def ready() -> bool:
    return await indexing().engine.ready()


async def figures() -> dict[str, int]:
    """For the metrics: documents that should be in the index, deliveries that wait and how long the oldest has, what is
    parked; and what the newest comparison found to differ, in this and in the one before."""
    now = datetime.now(UTC)
    waiting, since = await queries.waiting(now)
    last = await queries.newest_comparison()
    return {
        "ready": int(await ready()),
        "documents": sum((await queries.living()).values()),
        "waiting": waiting,
        "lag_seconds": int((now - since).total_seconds()) if since else 0,
        "parked": await queries.parked(),
        "drift_docs": last.drift if last else 0,
        "staying_docs": last.staying if last else 0,
        "compared_timestamp": int(last.at.timestamp()) if last else 0,
    }


def may_write() -> bool:
    """Whether this process is a writer, or has just become one, and the engine is there to be written to."""
    return may_hold() and indexing().engine.awake()


def may_hold() -> bool:
    try:
        indexing().engine.hold()
    except WriterTakenError:
        return False
    return True


async def take_in(event: Event) -> None:
    """The outbox's consumer. Which event concerns which documents is what the modules declare."""
    at = datetime.now(UTC)
    if event.topic == MEND:
        await indexing().bring(event.subject, at=at, found=event.seq)
        return
    for ref in concerned(event.topic, event.subject):
        await indexing().bring(ref, at=at)


async def reindex(progress: Progress, *, back: bool = False, mine: Indexing | None = None) -> int:
    """Build the index anew, or take the one before back: here, or by the worker that holds it. Returns how many things
    were read, or in how many it had fallen behind. Raises RebuildError."""
    at, mine = datetime.now(UTC), mine or indexing()
    taken = False
    try:
        taken = mine.engine.hold()
        return await (mine.step_back(at=at) if back else mine.rebuild(at=at, progress=progress))
    except WriterTakenError:
        return await _have_it_done(at, progress, back=back)
    except EngineAwayError as away:
        raise RebuildError(f"检索引擎不可用（{away}），运行 sunhall doctor 看原因") from away
    finally:
        if taken:
            await mine.engine.release()


async def _have_it_done(at: datetime, progress: Progress, *, back: bool) -> int:
    asked = await queries.ask_for_rebuild(at, back=back)
    while asked.finished_at is None:
        await asyncio.sleep(ASK_EVERY_S)
        asked = await queries.rebuild_now(asked)
        progress(asked.done, asked.done)
    if asked.problem:
        raise RebuildError(asked.problem)
    return asked.done


async def differences() -> list[str]:
    """Where the index isn't what the database says, by kind, number and version; what still waits is no difference."""
    return (await compared())[1]


async def compared(progress: Progress | None = None) -> tuple[int, list[str]]:
    """How many documents were compared, and the differences as sentences."""
    engine = indexing().engine
    if not await engine.ready():
        return 0, ["检索索引不存在或版本过旧：请运行 sunhall reindex"]
    count, found = await comparing.unlike_database(engine, progress)
    return count, [str(one) for one in found[:DIFFERENCES_MAX]]


def _batches(found: Sequence[Difference]) -> Iterator[Sequence[Difference]]:
    return (found[first : first + BATCH_MAX] for first in range(0, len(found), BATCH_MAX))


def _is_news(row: Applied | None, now: Record | None) -> bool:
    """Whether the index lacks it. Never backwards; the same again only if something in it differs."""
    if now is None:
        return row is not None and row.deleted_at is None
    if row is None:
        return True
    differs = (row.digest, row.rank) != (now.digest, now.rank)
    return row.version <= now.version and (row.deleted_at is not None or differs)


def _row(part: Part, now: Record, at: datetime) -> Applied:
    first, second, third = pieces(now.digest)
    return Applied(
        part=part.value, ref=now.key, bucket=now.bucket, version=now.version, digest_0=first, digest_1=second,
        digest_2=third, rank=now.rank, look_at=now.look_at, at=at, deleted_at=None,
    )  # fmt: skip


def _looked_at(row: Applied, now: Record) -> Applied:
    """Nothing of it is news but when to look again."""
    return _again(row, look_at=now.look_at)


def _tombstone(row: Applied, at: datetime) -> Applied:
    return _again(row, look_at=None, at=at, deleted_at=at)


def _again(row: Applied, **changed: datetime | None) -> Applied:
    """The same row, to be written over itself by its ref and part: not by its id."""
    return Applied(**{name: getattr(row, name) for name in queries.WRITTEN} | changed)


def _tell(those: list[Waiting], problem: Exception | None) -> None:
    for one in those:
        if not one.done.done():
            one.done.set_result(problem)
