"""The one writer: events come in, documents are read anew from the database, one commit carries all that wait."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

from kernel.database import unbroken
from kernel.models import Event
from kernel.settings import Settings, settings
from search import queries
from search.engine import Batch, EngineAwayError, Part, Record, SearchEngine, WriterTakenError
from search.models import Applied, Rebuild
from search.records import Read, circumstances, read, record
from search.trimming import BATCH_MAX, searchables

Progress = Callable[[int, int], None]
ASK_EVERY_S = 0.2
DIFFERENCES_MAX = 200
COUNT_TRIES = 10
log = logging.getLogger(__name__)


class RebuildError(Exception):
    """The new index doesn't hold what the database holds; the old one stays."""


@dataclass(slots=True)
class Waiting:
    ref: str
    done: asyncio.Future[Exception | None]


@dataclass(slots=True)
class Indexing:
    """Reading and writing happen in one turn, so what is written is never older than what was written before."""

    engine: SearchEngine
    waiting: list[Waiting] = field(default_factory=list)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    building: asyncio.Lock = field(default_factory=asyncio.Lock)
    since: datetime | None = None  # a building began then

    async def bring(self, ref: str, *, at: datetime) -> None:
        """Returns when the index holds what the database says of `ref` now. Who gets the turn works for all who wait;
        nobody waits for company, so a lone change is as fast as the engine and a hundred share a commit."""
        self.engine.hold()
        if not await self.engine.ready():
            await self.rebuild_if_away(at=at)
        mine = Waiting(ref, asyncio.get_running_loop().create_future())
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
        try:
            await self._write({one.ref for one in taken}, at)
        except Exception as problem:  # the boundary of a delivery: whoever waits for it gets it raised
            return problem
        return None

    async def _write(self, refs: Iterable[str], at: datetime, *, only_new: bool = False) -> None:
        """Where several processes write, whoever was last to write must have been last to read: what has changed since
        is written again, so the index ends as the database is, in whatever order the writes came."""
        wanted = sorted(refs)
        while wanted:
            seen, written = await self._write_once(wanted, at, only_new=only_new)
            if self.engine.one_writer:
                return
            now = await read(written)
            wanted = [ref for ref in written if now[ref] != seen[ref]]

    async def _write_once(
        self, wanted: list[str], at: datetime, *, only_new: bool
    ) -> tuple[dict[str, Read], list[str]]:
        seen, known = await read(wanted), await queries.applied(wanted)
        batches, rows = {part: Batch() for part in Part}, []
        at = max(at, self.since or at)  # a building takes what it hasn't met since its begin for gone
        now_is = await circumstances(at)
        for ref, part in ((ref, part) for ref in wanted for part in Part):
            row, now = known.get((part, ref)), record(seen[ref], part, now_is)
            if now is None:
                if row and row.deleted_at is None:
                    batches[part].out[ref] = row.version
                    rows.append(_tombstone(row, at))
            elif only_new or row is None or _is_news(row, now):
                batches[part].put[ref] = now
                rows.append(_row(part, now, at))
            elif row.look_at != now.look_at:
                rows.append(_looked_at(row, now))
        await self.engine.write(batches, only_new=only_new)
        await queries.remember(rows)  # after the commit: a crash in between repeats the work and harms nothing
        return seen, sorted({row.ref for row in rows})

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
        await self.engine.begin_generation()
        self.since, swapped, done = at, False, 0
        try:
            async for refs in _every_ref():
                async with self.turn:
                    await unbroken(self._write(refs, at, only_new=True))
                done += len(refs)
                if progress:
                    progress(done, done)
                if asked:
                    await queries.note_progress(asked, done)
            async with self.turn:
                await self._look_for_unseen(at)
                await self._count()
                await unbroken(self.engine.swap())
                swapped = True
        finally:
            self.since = None
            if not swapped:
                await self.engine.drop_generation()
        return done

    async def _look_for_unseen(self, since: datetime) -> None:
        """What the building hasn't met is no more, or came by another process."""
        while refs := await queries.unseen(since, BATCH_MAX):
            await unbroken(self._write(refs, since, only_new=True))

    async def _count(self) -> None:
        for _ in range(COUNT_TRIES):
            expected, built = await queries.living(), await self.engine.count_new()
            if expected == built:
                return
            await asyncio.sleep(0 if self.engine.one_writer else ASK_EVERY_S)  # another may be between the two
        raise RebuildError(f"数据库应有 {expected}，新索引有 {built}")


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
    """For the metrics: documents that should be in the index, deliveries that wait and how long the oldest has."""
    waiting, since = await queries.waiting()
    lag = int((datetime.now(UTC) - since).total_seconds()) if since else 0
    documents = sum((await queries.living()).values())
    return {"ready": int(await ready()), "documents": documents, "waiting": waiting, "lag_seconds": lag}


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
    for ref in _refs(event.topic, event.subject):
        await indexing().bring(ref, at=datetime.now(UTC))


async def reindex(progress: Progress, *, mine: Indexing | None = None) -> int:
    """Build the index anew: here, or by the worker that holds it. Returns how many things were read.
    Raises RebuildError."""
    at, mine = datetime.now(UTC), mine or indexing()
    taken = False
    try:
        taken = mine.engine.hold()
        return await mine.rebuild(at=at, progress=progress)
    except WriterTakenError:
        return await _have_it_rebuilt(at, progress)
    except EngineAwayError as away:
        raise RebuildError(f"检索引擎不可用（{away}）") from away
    finally:
        if taken:
            await mine.engine.release()


async def _have_it_rebuilt(at: datetime, progress: Progress) -> int:
    asked = await queries.ask_for_rebuild(at)
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
    """How many documents were compared, and the differences as sentences. Index and rows are read one after the other;
    in a hall at work a document comes between: what seems to differ is told if it stays."""
    if not await indexing().engine.ready():
        return 0, ["检索索引不存在或版本过旧：请运行 sunhall reindex"]
    count, found = await _compared_once(progress)
    if found:
        before = set(found)
        count, found = await _compared_once(progress)
        found = [line for line in found if line in before]
    return count, found[:DIFFERENCES_MAX]


async def _compared_once(progress: Progress | None) -> tuple[int, list[str]]:
    engine = indexing().engine
    held = {(part, key): rest for part in Part async for piece in engine.scan(part) for key, *rest in piece}
    found: list[tuple[str, str]] = []
    compared_count, now_is = 0, await circumstances(datetime.now(UTC))
    async for refs in _every_ref():
        seen = await read(refs)
        for ref, part in ((ref, part) for ref in refs for part in Part):
            has, now = held.pop((part, ref), None), record(seen[ref], part, now_is)
            compared_count += now is not None
            found += [(ref, line) for line in _difference(ref, part, has, now)]
        if progress:
            progress(compared_count, compared_count)
    found += [(ref, line) for (part, ref), has in held.items() for line in _difference(ref, part, has, None)]
    late = {ref for subject in await queries.waiting_subjects() for ref in _refs("", subject)} if found else ()
    return compared_count, [line for ref, line in found if ref not in late]


def _difference(ref: str, part: Part, has: list[int] | None, now: Record | None) -> list[str]:
    if has is None:
        return [f"{part.value} {ref}：数据库中有，索引中没有"] if now else []
    if now is None:
        return [f"{part.value} {ref}：索引中有，数据库中没有"]
    if has != [now.version, now.digest]:
        return [f"{part.value} {ref}：索引为第 {has[0]} 版，数据库为第 {now.version} 版，内容不一致"]
    return []


async def _every_ref() -> AsyncIterator[list[str]]:
    for searchable in searchables().values():
        piece: list[str] = []
        async for ref in searchable.every():
            piece.append(ref)
            if len(piece) == BATCH_MAX:
                yield piece
                piece = []
        if piece:
            yield piece


def _refs(topic: str, subject: str) -> list[str]:
    """The documents that an event may have changed; without a topic: those that its subject belongs to at all."""
    concerned = (s for s in searchables().values() if not topic or _matches(topic, s.topics))
    return [ref for s in concerned if (ref := s.whole(subject)).startswith(f"{s.kind}:")]


def _matches(topic: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(topic, pattern) for pattern in patterns)


def _is_news(row: Applied, now: Record) -> bool:
    """Never backwards; the same again only if something in it differs."""
    differs = (row.digest, row.rank) != (_hex(now.digest), now.rank)
    return row.version <= now.version and (row.deleted_at is not None or differs)


def _row(part: Part, now: Record, at: datetime) -> Applied:
    return Applied(
        part=part.value, ref=now.key, version=now.version, digest=_hex(now.digest), rank=now.rank, look_at=now.look_at,
        at=at, deleted_at=None,
    )  # fmt: skip


def _looked_at(row: Applied, now: Record) -> Applied:
    """Nothing of it is news but when to look again."""
    return Applied(
        part=row.part, ref=row.ref, version=row.version, digest=row.digest, rank=row.rank, look_at=now.look_at,
        at=row.at, deleted_at=row.deleted_at,
    )  # fmt: skip


def _tombstone(row: Applied, at: datetime) -> Applied:
    return Applied(
        part=row.part, ref=row.ref, version=row.version, digest=row.digest, rank=row.rank, at=at, deleted_at=at
    )


def _hex(digest: int) -> str:
    return f"{digest:016x}"


def _tell(those: list[Waiting], problem: Exception | None) -> None:
    for one in those:
        if not one.done.done():
            one.done.set_result(problem)
