"""tantivy in a folder: `search/current` names the generation that `search/{public,restricted}/<generation>` hold,
`search/previous` the one before, kept as it was when it was replaced."""

import asyncio
import fcntl
import json
import os
import shutil
import struct
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from time import time
from typing import IO, Any
from uuid import uuid4

import tantivy

from search.engine import (
    BUCKETS,
    NEVER,
    PIECES,
    SCHEMA,
    TIMED,
    Batch,
    EngineAwayError,
    Facets,
    Found,
    Hit,
    Part,
    Record,
    Sort,
    Sums,
    WriterTakenError,
    nothing_kept,
    pieces,
    whole_digest,
)  # fmt: skip
from search.query import Anything, Best, Enough, Every, From, Node, OneOf, Phrase, Term
from search.ranking import STEPS

HEAP_BYTES = 32_000_000
FACET_VALUES_MAX = 200
FOOTER_MAGIC = 1337
SEGMENT = ("store", "term", "idx", "pos", "fast", "fieldnorm")  # the files of one
RUST_PANIC = "PanicException"  # a BaseException that no module exports
ADDED = tuple(f"digest_{n}" for n in range(PIECES))
EXACT = ("number", "region", "acl", "twin", TIMED)
TEXT = {"title": "position", "signs": "basic", "pinyin": "position", "initials": "position", "body": "freq"}


@dataclass(slots=True)
class Opened:
    """One part of one generation, as a reader has it. `seen` is the commit it shows."""

    index: tantivy.Index
    folder: Path
    seen: tuple[int, int]


@dataclass(slots=True)
class Writers:
    generation: str
    writers: dict[Part, tantivy.IndexWriter] = field(default_factory=dict)
    kept: bool = False  # it was live once
    pending: bool = False  # it has more than its last commit

    def commit(self) -> None:
        for writer in self.writers.values():
            writer.commit()
        self.pending = False


class TantivyEngine:
    one_writer = True

    def __init__(self, home: Path) -> None:
        self.folder, self.lock_file = home / "search", home / "search.lock"
        self._opened: dict[Part, Opened] = {}
        self._opening = Lock()
        self._held: IO[str] | None = None
        self._now: Writers | None = None
        self._next: Writers | None = None

    # Reading

    async def find(self, part: Part, tree: Node, *, sort: Sort, start: int, limit: int) -> Found:
        return await asyncio.to_thread(self._find, part, tree, sort, start, limit)

    def _find(self, part: Part, tree: Node, sort: Sort, start: int, limit: int) -> Found:
        opened = self._reader(part)
        by = None if sort is Sort.BEST else "published" if sort is Sort.NEWEST else "deadline"
        order = tantivy.Order.Asc if sort is Sort.DEADLINE else tantivy.Order.Desc
        weight = "rank" if sort is Sort.BEST else None
        with self._trouble_is_away(opened.folder):
            searcher, query = opened.index.searcher(), compiled(tree, opened.index.schema)
            result: Any = searcher.search(
                query, limit, offset=start, order_by_field=by, order=order, weight_by_field=weight
            )
            scores = [score if sort is Sort.BEST else 0.0 for score, _ in result.hits]
            places = [place for _, place in result.hits]
            dates = [searcher.fast_field_values(name, places) if places else [] for name in ("published", "deadline")]
            keys = [str(searcher.doc(place)["key"][0]) for place in places]
        held = zip(keys, *dates, scores, strict=True)
        hits = [Hit(key, int(when or 0), int(due or NEVER), score) for key, when, due, score in held]
        return Found(int(result.count), tuple(hits))

    async def facets(self, part: Part, tree: Node, fields: Sequence[str]) -> Facets:
        return await asyncio.to_thread(self._facets, part, tree, fields)

    def _facets(self, part: Part, tree: Node, fields: Sequence[str]) -> Facets:
        opened = self._reader(part)
        wanted = {name: {"terms": {"field": name, "size": FACET_VALUES_MAX}} for name in fields}
        with self._trouble_is_away(opened.folder):
            found = opened.index.searcher().aggregate(compiled(tree, opened.index.schema), wanted)
        return {name: {b["key"]: int(b["doc_count"]) for b in found[name]["buckets"] if b["key"]} for name in fields}

    async def sums(self, part: Part, *, new: bool = False) -> Mapping[int, Sums]:
        return await asyncio.to_thread(self._sums, part, new)

    def _sums(self, part: Part, new: bool) -> Mapping[int, Sums]:
        added = {name: {"sum": {"field": name}} for name in ADDED}
        by_bucket = {"bucket": {"terms": {"field": "bucket", "size": BUCKETS}, "aggs": added}}
        folder, searcher = self._standing(part, new)
        with self._trouble_is_away(*([] if new else [folder])):
            found = searcher.aggregate(tantivy.Query.all_query(), by_bucket)
        return {int(b["key"]): _summed(b) for b in found["bucket"]["buckets"]}

    async def scan(
        self, part: Part, *, bucket: int | None = None, new: bool = False
    ) -> AsyncIterator[Sequence[tuple[str, int, int]]]:
        folder, searcher = self._standing(part, new)
        for one in range(BUCKETS) if bucket is None else (bucket,):
            with self._trouble_is_away(*([] if new else [folder])):
                piece = await asyncio.to_thread(_scanned, searcher, one)
            if piece:
                yield piece

    def _standing(self, part: Part, new: bool) -> tuple[Path, tantivy.Searcher]:
        """One commit, however long it is looked at."""
        if not new:
            opened = self._reader(part)
            return opened.folder, opened.index.searcher()
        assert self._next is not None, "begin_generation() comes first"
        with self._trouble_is_away():
            if self._next.pending:
                self._next.commit()
        folder = self.folder / part / self._next.generation
        return folder, tantivy.Index.open(str(folder)).searcher()

    async def ready(self) -> bool:
        try:
            return all(self._reader(part) for part in Part)
        except EngineAwayError:
            return False

    async def wanting(self) -> bool:
        return not await self.ready()

    def _reader(self, part: Part) -> Opened:
        """What `current` names now, at its newest commit: two file stamps a question."""
        with self._opening:
            try:
                return self._newest(part, self._current())
            except EngineAwayError:  # swapped between reading its name and opening it?
                return self._newest(part, self._current())

    def _newest(self, part: Part, generation: str) -> Opened:
        folder, opened = self.folder / part / generation, self._opened.get(part)
        try:
            seen = _stamp(folder / "meta.json")
            if opened is None or opened.folder != folder:
                opened = self._opened[part] = Opened(tantivy.Index.open(str(folder)), folder, seen)
            elif opened.seen != seen:
                opened.index.reload()
                opened.seen = seen
        except (ValueError, OSError) as away:
            self._opened.pop(part, None)
            raise EngineAwayError(str(away)) from away
        return opened

    def _current(self) -> str:
        try:
            generation = (self.folder / "current").read_text()
        except OSError as away:
            self._opened.clear()
            raise EngineAwayError(str(away)) from away
        if _schema_of(generation) != SCHEMA:
            raise EngineAwayError("the index is of another schema")
        return generation

    @contextmanager
    def _trouble_is_away(self, *folders: Path) -> Iterator[None]:
        """Whatever goes wrong inside is a reason to answer from the database, and to look whether the files are whole:
        damaged ones are condemned, so that the writer builds new ones."""
        try:
            yield
        except BaseException as trouble:
            if not isinstance(trouble, (ValueError, OSError)) and type(trouble).__name__ != RUST_PANIC:
                raise
            self._opened.clear()
            if not all(whole(folder) for folder in folders):
                (self.folder / "current").unlink(missing_ok=True)
            raise EngineAwayError(str(trouble)) from trouble

    # Writing

    def awake(self) -> bool:
        return True  # a folder that is gone is made anew by the writing itself

    def hold(self) -> bool:
        if self._held is not None:
            return False
        self.lock_file.parent.mkdir(parents=True, exist_ok=True)
        held = self.lock_file.open("a")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the system lets go of it when this process ends, however
        except OSError as taken:
            held.close()
            raise WriterTakenError from taken
        self._held = held
        return True

    async def release(self) -> None:
        await self.drop_generation()
        self._now = None
        if self._held is not None:
            self._held.close()
            self._held = None

    async def close(self) -> None:
        self._opened.clear()

    async def write(self, batches: Mapping[Part, Batch], *, only_new: bool = False) -> None:
        assert self._held is not None, "hold() comes first"
        await asyncio.to_thread(self._write, batches, only_new)

    def _write(self, batches: Mapping[Part, Batch], only_new: bool) -> None:
        now = [] if only_new else [self.folder / part / self._current() for part in Part]
        try:
            with self._trouble_is_away(*now):
                if not only_new:
                    _apply(self._writers(), batches, commit=True)
                if self._next:  # nobody reads it yet, so it needn't be on the disk: each commit is a segment to merge
                    _apply(self._next, batches, commit=not only_new)
        except EngineAwayError:
            self._now = None  # the folder may be gone: the next write looks again
            raise

    def _writers(self) -> Writers:
        generation = self._current()
        if not all((self.folder / part / generation / "meta.json").exists() for part in Part):
            self._now = None
            raise EngineAwayError("the index is gone")
        if self._now is None or self._now.generation != generation:
            self._now = None  # lets go of the old folder's locks first
            self._now = self._open_writers(generation)
        return self._now

    async def begin_generation(self) -> None:
        assert self._held is not None, "hold() comes first"
        assert self._next is None, "one at a time"
        generation = f"{SCHEMA}-{uuid4().hex[:12]}"
        self._next = self._open_writers(generation)

    async def begin_back(self) -> None:
        assert self._held is not None, "hold() comes first"
        assert self._next is None, "one at a time"
        generation = self._named("previous")
        if not generation:
            raise nothing_kept(None)
        if _schema_of(generation) != SCHEMA:
            raise nothing_kept(_schema_of(generation))
        folders = [self.folder / part / generation for part in Part]
        if not await asyncio.to_thread(lambda: all(map(whole, folders))):
            raise nothing_kept(None)
        self._next = self._open_writers(generation)
        self._next.kept = True

    def _named(self, pointer: str) -> str:
        try:
            return (self.folder / pointer).read_text()
        except OSError:
            return ""

    def _open_writers(self, generation: str) -> Writers:
        opened = Writers(generation)
        for part in Part:
            folder = self.folder / part / generation
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
            opened.writers[part] = tantivy.Index(_schema(), path=str(folder)).writer(HEAP_BYTES, 1)
        return opened

    async def swap(self) -> None:
        assert self._next is not None
        await asyncio.to_thread(self._swap, self._next)

    def _swap(self, new: Writers) -> None:
        new.commit()  # an empty part gets its first one here
        old = self._named("current")
        if old:
            self._point("previous", old)
        self._point("current", new.generation)
        self._now, self._next, new.kept = new, None, False
        self._sweep()

    def _point(self, pointer: str, generation: str) -> None:
        """On the disk before it is believed."""
        fresh = self.folder / f"{pointer}.{generation}"
        with fresh.open("w") as file:
            file.write(generation)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.folder / pointer)

    def _sweep(self) -> None:
        """Generations that no pointer names: also what a building that died has left."""
        stay = {self._named("current"), self._named("previous")}
        for part in Part:
            for folder in (self.folder / part).iterdir():
                if folder.name not in stay:
                    shutil.rmtree(folder, ignore_errors=True)

    async def forget_previous(self, older_than_s: float) -> None:
        pointer = self.folder / "previous"
        building = self._next is not None
        if not building and pointer.exists() and pointer.stat().st_mtime <= time() - older_than_s:
            pointer.unlink()
            await asyncio.to_thread(self._sweep)

    async def drop_generation(self) -> None:
        if self._next is not None:
            given_up, self._next = self._next, None
            for part in Part if not given_up.kept else ():
                shutil.rmtree(self.folder / part / given_up.generation, ignore_errors=True)


def compiled(tree: Node, schema: tantivy.Schema) -> tantivy.Query:  # noqa: PLR0911 (one for each kind of node)
    """The engine-neutral tree as tantivy's query."""
    t, q = tantivy, tantivy.Query
    match tree:
        case Term(name, value, weight):
            return q.boost_query(q.term_query(schema, name, value, "freq"), weight)
        case Phrase(name, (value,), weight):
            return q.boost_query(q.term_query(schema, name, value, "freq"), weight)
        case Phrase(name, values, weight):
            return q.boost_query(q.phrase_query(schema, name, list(values)), weight)
        case OneOf(_, ()):
            return q.empty_query()
        case OneOf(name, values):
            return q.const_score_query(q.term_set_query(schema, name, list(values)), 0.0)
        case From(name, at_least):
            return q.const_score_query(q.range_query(schema, name, tantivy.FieldType.Integer, at_least), 0.0)
        case Best(branches, tie):
            return q.disjunction_max_query([compiled(branch, schema) for branch in branches], tie)
        case Enough(branches, at_least):
            return q.boolean_query([(t.Occur.Should, compiled(branch, schema)) for branch in branches], at_least)
        case Every(must, should, within, without):
            clauses = [(t.Occur.Must, compiled(node, schema)) for node in must]
            clauses += [(t.Occur.Should, compiled(node, schema)) for node in should]
            clauses += [(t.Occur.Must, q.const_score_query(compiled(node, schema), 0.0)) for node in within]
            clauses += [(t.Occur.MustNot, compiled(node, schema)) for node in without]
            return q.boolean_query(clauses)
        case Anything():
            return q.const_score_query(q.all_query(), 0.0)


def whole(folder: Path) -> bool:
    """Whether every file of every committed segment has the checksum that stands at its own end (tantivy writes it
    and reads on without looking)."""
    try:
        segments = json.loads((folder / "meta.json").read_bytes())["segments"]
        return all(_file_is_whole(folder / name) for segment in segments for name in _files(segment))
    except (OSError, ValueError, KeyError, struct.error):
        return False


def _files(segment: Mapping[str, Any]) -> list[str]:
    deletes = [f"{segment['deletes']['opstamp']}.del"] if segment["deletes"] else []
    return [f"{segment['segment_id'].replace('-', '')}.{ending}" for ending in (*SEGMENT, *deletes)]


def _file_is_whole(file: Path) -> bool:
    """body ‖ JSON with the body's CRC-32 ‖ its length ‖ a magic number."""
    content = memoryview(file.read_bytes())
    length, magic = struct.unpack("<II", content[-8:])
    told = json.loads(bytes(content[-8 - length : -8]))
    return bool(magic == FOOTER_MAGIC and zlib.crc32(content[: -8 - length]) == told["crc"])


def _apply(target: Writers, batches: Mapping[Part, Batch], *, commit: bool) -> None:
    for part, batch in batches.items():
        writer = target.writers[part]
        for key in sorted({*batch.put, *batch.out}):
            writer.delete_documents_by_term("key", key)
        for key in sorted(batch.put):
            writer.add_document(_document(batch.put[key]))
        if commit and (batch.put or batch.out):
            _commit(writer)
    target.pending = target.pending or not commit


def _commit(writer: tantivy.IndexWriter) -> None:
    try:
        writer.commit()
    except (ValueError, OSError):
        with suppress(ValueError, OSError):
            writer.rollback()  # else half of this batch would ride on the next commit
        raise


def _document(record: Record) -> tantivy.Document:
    document = tantivy.Document()
    document.add_text("key", record.key)
    document.add_text("kind", record.kind)
    document.add_text("agency", record.agency)
    for name in EXACT:
        for value in record.exact.get(name, ()):
            document.add_text(name, value)
    for name in TEXT:
        document.add_text(name, record.tokens.get(name, ""))
    document.add_integer("published", record.published)
    document.add_integer("deadline", record.deadline)
    document.add_integer("unsealed", record.unsealed)
    document.add_integer("closes", record.closes)
    document.add_integer("version", record.version)
    document.add_unsigned("bucket", record.bucket)
    for name, piece in zip(ADDED, pieces(record.digest), strict=True):
        document.add_unsigned(name, piece)
    document.add_float("rank", record.rank / STEPS)
    return document


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("key", stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("kind", "agency"):
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    for name in EXACT:
        builder.add_text_field(name, fast=name == "region", tokenizer_name="raw", index_option="basic")
    for name, option in TEXT.items():
        builder.add_text_field(name, tokenizer_name="whitespace", index_option=option)
    for name in ("published", "deadline", "unsealed", "closes", "version"):
        builder.add_integer_field(name, fast=True)
    builder.add_unsigned_field("bucket", fast=True, indexed=True)
    for name in ADDED:
        builder.add_unsigned_field(name, fast=True)
    builder.add_float_field("rank", fast=True)
    return builder.build()


def _scanned(searcher: tantivy.Searcher, bucket: int) -> list[tuple[str, int, int]]:
    """Bucket by bucket: a place far down a list of everything costs as much as the way there."""
    there = tantivy.Query.term_query(_schema(), "bucket", bucket)
    counted: Any = searcher.search(there, 1)
    found = searcher.search(there, max(1, counted.count), count=False)  # it makes room for all that it is asked for
    places = [place for _, place in found.hits]
    keys = [str(searcher.doc(place)["key"][0]) for place in places]
    versions, *added = (searcher.fast_field_values(name, places) for name in ("version", *ADDED))
    digests = map(whole_digest, zip(*added, strict=True))
    return [(key, int(v or 0), d) for key, v, d in zip(keys, versions, digests, strict=True)]


def _summed(bucket: Mapping[str, Any]) -> Sums:
    first, second, third = (round(bucket[name]["value"]) for name in ADDED)
    return int(bucket["doc_count"]), first, second, third


def _schema_of(generation: str) -> str:
    return generation.rpartition("-")[0]


def _stamp(file: Path) -> tuple[int, int]:
    stat = file.stat()
    return stat.st_mtime_ns, stat.st_ino  # tantivy renames a new meta.json into place with every commit
