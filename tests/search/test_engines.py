"""Every engine behaves the same behind the port; what only files can suffer is asked of tantivy alone."""

import asyncio
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from portal.city.elasticsearch import Node
from search import analysis
from search.elasticsearch_engine import Access, ElasticsearchEngine
from search.engine import (
    BUCKETS,
    NEVER,
    SCHEMA,
    Batch,
    EngineAwayError,
    NothingKeptError,
    Part,
    Record,
    SearchEngine,
    Sort,
    WriterTakenError,
    bucket_of,
    pieces,
    whole_digest,
)  # fmt: skip
from search.query import NOTHING, Anything, Best, Enough, Every, From, OneOf, Phrase, Term
from search.tantivy_engine import TantivyEngine

ROOT = Path(__file__).parents[2]
TRIES = 50
Make = Callable[[Path], SearchEngine]
in_a_folder = pytest.mark.parametrize("make", ["tantivy"], indirect=True)


@pytest.fixture(params=["tantivy", "elasticsearch"])
async def make(request: pytest.FixtureRequest) -> AsyncIterator[Make]:
    """Engines with one index for one folder, as different processes would have them."""
    made: list[SearchEngine] = []
    if request.param == "tantivy":
        yield kept(made, TantivyEngine)
    else:
        node: Node = request.getfixturevalue("elasticsearch")
        yield kept(made, lambda folder: ElasticsearchEngine(Access(hosts=(node.url,)), prefix_of(folder)))
    for engine in made:
        await engine.close()


def kept(made: list[SearchEngine], how: Make) -> Make:
    def make(folder: Path) -> SearchEngine:
        made.append(how(folder))
        return made[-1]

    return make


def prefix_of(folder: Path) -> str:
    return f"t{sha256(str(folder).encode()).hexdigest()[:12]}"


@pytest.fixture
async def search_engine(make: Make, tmp_path: Path) -> AsyncIterator[SearchEngine]:
    made = make(tmp_path)
    yield made
    await made.release()


def a_record(no: str, title: str, *, body: str = "", version: int = 1, **exact: tuple[str, ...]) -> Record:
    return Record(
        key=f"ticket:{no}",
        kind="ticket",
        agency="水务局" if "水" in title else "住建局",
        exact={"acl": ("pub",)} | exact,
        tokens={
            "title": " ".join(analysis.title_tokens(title)),
            "signs": " ".join(analysis.title_signs(title)),
            "body": " ".join(analysis.body_tokens(body)),
        },
        published=int(no),
        version=version,
        digest=2**64 - int(no),
    )


async def a_new_index(engine: SearchEngine) -> None:
    engine.hold()
    await engine.begin_generation()
    await engine.swap()


async def put(engine: SearchEngine, *records: Record, part: Part = Part.PUBLIC) -> None:
    await engine.write({part: Batch(put={record.key: record for record in records})})


async def keys(engine: SearchEngine, tree: object, *, part: Part = Part.PUBLIC, sort: Sort = Sort.BEST) -> list[str]:
    found = await engine.find(part, tree, sort=sort, start=0, limit=50)  # type: ignore[arg-type]
    return [hit.key.partition(":")[2] for hit in found.hits]


async def test_what_was_written_is_found_at_once_in_its_own_part_only(search_engine: SearchEngine) -> None:
    await a_new_index(search_engine)
    await put(search_engine, a_record("1", "小区停水"))

    assert await keys(search_engine, Term("title", "停水")) == ["1"]
    assert await keys(search_engine, Term("title", "停水"), part=Part.RESTRICTED) == []


async def test_every_kind_of_node_means_the_same(search_engine: SearchEngine) -> None:
    await a_new_index(search_engine)
    first = a_record("1", "小区停水通知", body="昨晚停电", number=("a1",))
    await put(search_engine, first, a_record("2", "停水小区", number=("b2",)), a_record("3", "路灯不亮"))

    water, yard = Term("title", "停水"), Term("title", "小区")
    assert set(await keys(search_engine, water)) == {"1", "2"}
    assert await keys(search_engine, Phrase("title", ("区停", "停水"))) == ["1"]
    assert await keys(search_engine, OneOf("number", ("b2", "zz"))) == ["2"]
    assert await keys(search_engine, NOTHING) == []
    assert set(await keys(search_engine, Best((water, Term("title", "路灯"))))) == {"1", "2", "3"}
    assert await keys(search_engine, Enough((water, yard, Term("body", "停电")), 3)) == ["1"]
    assert await keys(search_engine, Every((water,), without=(OneOf("key", ("ticket:1",)),))) == ["2"]
    assert await keys(search_engine, Every((water,), within=(OneOf("acl", ()),))) == []
    assert await keys(search_engine, Every((water,), should=(Term("body", "停电"),))) == ["1", "2"]
    assert len(await keys(search_engine, Anything())) == 3


async def test_newest_first_and_pages_without_gap_or_double(search_engine: SearchEngine) -> None:
    await a_new_index(search_engine)
    await put(search_engine, *(a_record(str(n), "停水") for n in range(1, 31)))

    assert await keys(search_engine, Term("title", "停水"), sort=Sort.NEWEST) == [str(n) for n in range(30, 0, -1)]
    read = [
        hit.key
        for start in range(0, 30, 7)
        for hit in (await search_engine.find(Part.PUBLIC, Anything(), sort=Sort.BEST, start=start, limit=7)).hits
    ]
    assert len(read) == len(set(read)) == 30


async def test_by_deadline_the_soonest_comes_first_and_what_has_none_last(search_engine: SearchEngine) -> None:
    await a_new_index(search_engine)
    soon, late, over = (
        replace(a_record(no, "停水"), deadline=when) for no, when in (("1", 2_000), ("2", 3_000), ("3", 10))
    )
    await put(search_engine, late, a_record("4", "停水"), soon, over)

    assert await keys(search_engine, Term("title", "停水"), sort=Sort.DEADLINE) == ["3", "1", "2", "4"]
    still_open = Every((Term("title", "停水"),), within=(From("deadline", 2_000),))
    assert await keys(search_engine, still_open, sort=Sort.DEADLINE) == ["1", "2", "4"]
    found = await search_engine.find(Part.PUBLIC, still_open, sort=Sort.DEADLINE, start=0, limit=9)
    assert [hit.deadline for hit in found.hits] == [2_000, 3_000, NEVER]


async def test_facets_count_what_the_tree_finds(search_engine: SearchEngine) -> None:
    await a_new_index(search_engine)
    await put(search_engine, a_record("1", "停水"), a_record("2", "停水"), a_record("3", "路灯"))

    found = await search_engine.facets(Part.PUBLIC, Term("title", "停水"), ("kind", "agency"))

    assert found == {"kind": {"ticket": 2}, "agency": {"水务局": 2}}


async def test_a_key_has_one_record_and_deleting_takes_it(search_engine: SearchEngine) -> None:
    await a_new_index(search_engine)
    await put(search_engine, a_record("1", "停水"))
    await put(search_engine, a_record("1", "路灯", version=2))

    assert [row async for piece in search_engine.scan(Part.PUBLIC) for row in piece] == [("ticket:1", 2, 2**64 - 1)]
    await search_engine.write({Part.PUBLIC: Batch(out={"ticket:1": 2})})
    assert await keys(search_engine, Anything()) == []


async def test_a_new_generation_takes_over_at_once_and_gets_what_is_written_meanwhile(
    search_engine: SearchEngine,
) -> None:
    await a_new_index(search_engine)
    await put(search_engine, a_record("1", "旧的"))
    await search_engine.begin_generation()
    await put(search_engine, a_record("2", "新的"))
    await search_engine.write({Part.PUBLIC: Batch(put={"ticket:3": a_record("3", "只在新的")})}, only_new=True)

    assert set(await keys(search_engine, Anything())) == {"1", "2"}
    held = await search_engine.sums(Part.PUBLIC, new=True)
    assert {bucket: count for bucket, (count, *_) in held.items()} == Counter(map(bucket_of, ("ticket:2", "ticket:3")))
    assert await search_engine.sums(Part.RESTRICTED, new=True) == {}
    await search_engine.swap()
    assert set(await keys(search_engine, Anything())) == {"2", "3"}


async def test_the_sums_of_a_bucket_are_those_of_its_records_and_change_with_any_of_them(
    search_engine: SearchEngine,
) -> None:
    records = [a_record(str(number), "停水") for number in range(1, 700)]
    await a_new_index(search_engine)
    await put(search_engine, *records)
    inside = [record for record in records if record.bucket == records[0].bucket]
    added = [sum(values) for values in zip(*(pieces(record.digest) for record in inside), strict=True)]

    before = await search_engine.sums(Part.PUBLIC)
    assert before[records[0].bucket] == (len(inside), *added)
    assert sum(count for count, *_ in before.values()) == len(records)
    found = [row async for piece in search_engine.scan(Part.PUBLIC, bucket=records[0].bucket) for row in piece]
    assert sorted(found) == sorted((record.key, 1, record.digest) for record in inside)

    await put(search_engine, replace(records[0], version=2, digest=5))
    after = await search_engine.sums(Part.PUBLIC)
    assert {bucket for bucket in range(BUCKETS) if before.get(bucket) != after.get(bucket)} == {records[0].bucket}


def test_a_digest_is_whole_again_from_its_pieces() -> None:
    for digest in (0, 1, 2**64 - 1, 0x0123456789ABCDEF):
        assert whole_digest(pieces(digest)) == digest


async def test_what_was_live_before_is_kept_as_it_was_and_can_take_its_place_again(
    search_engine: SearchEngine,
) -> None:
    search_engine.hold()
    with pytest.raises(NothingKeptError, match="没有留着"):
        await search_engine.begin_back()
    await a_new_index(search_engine)
    await put(search_engine, a_record("1", "旧的"))
    await a_new_index(search_engine)
    await put(search_engine, a_record("2", "后来的"))

    await search_engine.begin_back()
    await put(search_engine, a_record("3", "两边都写"))
    assert set(await keys(search_engine, Anything())) == {"2", "3"}
    await search_engine.drop_generation()
    await search_engine.begin_back()
    await search_engine.swap()
    assert set(await keys(search_engine, Anything())) == {"1", "3"}, "dropped on the way back, it is kept further"
    await search_engine.begin_back()
    await search_engine.swap()
    assert set(await keys(search_engine, Anything())) == {"2", "3"}, "and forth again"


async def test_what_is_kept_goes_when_the_live_one_has_proved_itself(search_engine: SearchEngine) -> None:
    await a_new_index(search_engine)
    await a_new_index(search_engine)
    await put(search_engine, a_record("1", "停水"))
    await search_engine.forget_previous(older_than_s=3_600)
    await search_engine.begin_back()
    await search_engine.drop_generation()

    await search_engine.forget_previous(older_than_s=0)
    with pytest.raises(NothingKeptError):
        await search_engine.begin_back()
    assert await keys(search_engine, Anything()) == ["1"]


@pytest.mark.parametrize("whose", ["search.tantivy_engine", "search.elasticsearch_engine"])
async def test_what_is_kept_of_another_schema_is_not_taken_back_and_it_is_said(
    make: Make, search_engine: SearchEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    await a_new_index(search_engine)
    await search_engine.release()
    monkeypatch.setattr(f"{whose}.SCHEMA", "newer")
    if type(search_engine).__module__ != whose:
        return
    newer = make(tmp_path)
    assert not await newer.ready()
    await a_new_index(newer)
    with pytest.raises(NothingKeptError, match=f"第 {SCHEMA} 版"):
        await newer.begin_back()
    await newer.release()


@in_a_folder
async def test_a_second_writer_is_refused_until_the_first_lets_go(
    make: Make, search_engine: SearchEngine, tmp_path: Path
) -> None:
    assert search_engine.hold()
    assert not search_engine.hold()
    other = make(tmp_path)
    with pytest.raises(WriterTakenError):
        other.hold()

    await search_engine.release()
    assert other.hold()
    await other.release()


async def test_another_reader_sees_every_commit(make: Make, search_engine: SearchEngine, tmp_path: Path) -> None:
    await a_new_index(search_engine)
    reader = make(tmp_path)
    for number in range(1, 6):
        await put(search_engine, a_record(str(number), "停水"))
        assert len(await keys(reader, Anything())) == number


@in_a_folder
async def test_a_folder_that_is_gone_is_said_and_built_again_under_the_same_reader(
    search_engine: SearchEngine, tmp_path: Path
) -> None:
    await a_new_index(search_engine)
    await put(search_engine, a_record("1", "停水"))
    assert await keys(search_engine, Anything()) == ["1"]

    shutil.rmtree(tmp_path / "search")
    assert not await search_engine.ready()
    with pytest.raises(EngineAwayError):
        await keys(search_engine, Anything())
    with pytest.raises(EngineAwayError):
        await put(search_engine, a_record("2", "停水"))

    await a_new_index(search_engine)
    await put(search_engine, a_record("3", "停水"))
    assert await keys(search_engine, Anything()) == ["3"]


@in_a_folder
@pytest.mark.parametrize("damage", ["overwritten", "replaced", "emptied", "gone"])
@pytest.mark.parametrize("restarted", [False, True], ids=["running", "restarted"])
async def test_damaged_files_are_condemned_and_built_again(
    make: Make, search_engine: SearchEngine, tmp_path: Path, damage: str, restarted: bool
) -> None:
    await a_new_index(search_engine)
    await put(search_engine, *(a_record(str(no), "停水") for no in range(1, 200)))
    everyone, reader = Term("signs", "停"), search_engine if not restarted else make(tmp_path)
    assert len(await keys(search_engine, everyone)) == 50

    for file in (tmp_path / "search" / "public").glob("*/*.*"):
        if file.suffix in (".idx", ".term", ".store"):
            spoil(file, damage)
    for _ in range(2):  # by reading or, where a reader still has the old files in memory, by the next change
        with suppress(EngineAwayError):
            await keys(reader, everyone)
            await put(search_engine, a_record("1", "停水"))
    assert not await reader.ready(), "every process sees it, and the writer builds anew"

    await a_new_index(search_engine)
    await put(search_engine, a_record("3", "停水"))
    assert await keys(reader, everyone) == ["3"]


def spoil(file: Path, how: str) -> None:
    noise = bytes(number % 251 for number in range(file.stat().st_size))
    if how == "overwritten":
        with file.open("r+b") as there:  # the same file: a reader that has mapped it sees the change
            there.write(noise)
        return
    file.unlink()
    if how != "gone":
        file.write_bytes(noise if how == "replaced" else b"")


@contextmanager
def no_file_grows() -> Iterator[None]:
    """The system says EFBIG where a full disk would say ENOSPC; Python ignores the signal that comes with it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@in_a_folder
async def test_on_a_full_disk_what_was_acknowledged_is_found_and_what_was_refused_comes_later(
    search_engine: SearchEngine,
) -> None:
    await a_new_index(search_engine)
    await put(search_engine, a_record("1", "停水"))
    with no_file_grows():
        for _ in range(3):
            with pytest.raises(EngineAwayError):
                await put(search_engine, a_record("2", "停水"))
        assert await keys(search_engine, Anything()) == ["1"]
    for _ in range(TRIES):  # as the outbox does: a writer that failed may hold its lock until its threads have ended
        with suppress(EngineAwayError):
            await put(search_engine, a_record("2", "停水"))
            break
        await asyncio.sleep(0.1)
    assert set(await keys(search_engine, Anything())) == {"1", "2"}


@in_a_folder
async def test_a_building_that_the_disk_has_no_room_for_leaves_the_live_index_and_no_crumbs(
    search_engine: SearchEngine,
    tmp_path: Path,
) -> None:
    await a_new_index(search_engine)
    await put(search_engine, a_record("1", "停水"))
    await search_engine.begin_generation()
    with no_file_grows(), pytest.raises(EngineAwayError):
        await search_engine.write({Part.PUBLIC: Batch(put={"ticket:2": a_record("2", "路灯")})}, only_new=True)
        await search_engine.sums(Part.PUBLIC, new=True)
    await search_engine.drop_generation()
    assert await keys(search_engine, Anything()) == ["1"]
    assert len(list((tmp_path / "search" / "public").iterdir())) == 1
    await a_new_index(search_engine)


@in_a_folder
async def test_kill_9_while_committing_loses_nothing_acknowledged_and_leaves_the_index_open(
    search_engine: SearchEngine, tmp_path: Path
) -> None:
    await a_new_index(search_engine)
    await search_engine.release()
    acknowledged = [no for attempt in range(3) for no in killed_writer(tmp_path, attempt)]

    assert search_engine.hold(), "the system gave the lock back"
    held = {key.partition(":")[2] async for piece in search_engine.scan(Part.PUBLIC) for key, *_ in piece}
    assert set(acknowledged) <= held
    await put(search_engine, a_record("999999", "停水"))


def killed_writer(home: Path, attempt: int) -> list[str]:
    """What it said it had written before it was killed."""
    paths = {"PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "platform"))), "SUNHALL_SECRET": "x" * 40}
    program = [sys.executable, "-c", WRITER, str(home), str(attempt)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True, env=paths) as writer:
        assert writer.stdout is not None
        acknowledged = [writer.stdout.readline().strip() for _ in range(10)]
        writer.send_signal(signal.SIGKILL)
    return acknowledged


WRITER = """
import asyncio, sys
from pathlib import Path
from search.engine import Batch, Part, Record
from search.tantivy_engine import TantivyEngine

async def main():
    engine = TantivyEngine(Path(sys.argv[1]))
    engine.hold()
    for n in range(100_000):
        no = f"{sys.argv[2]}{n:05d}"
        record = Record(key=f"ticket:{no}", kind="ticket", agency="", exact={}, published=1, version=1, digest=1,
                        tokens={"title": "停水", "signs": "", "body": ""})
        await engine.write({Part.PUBLIC: Batch(put={record.key: record})})
        print(no, flush=True)

asyncio.run(main())
"""
