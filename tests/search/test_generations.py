"""A new index takes the old one's place only when it holds what the database holds, and the old one can come back."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from kernel.settings import settings
from search import jobs
from search.engine import Batch, Part, SearchEngine
from search.indexing import Indexing, RebuildError, compared, differences, indexing, reindex, take_in
from search.models import Rebuild
from search.tantivy_engine import TantivyEngine
from tests.search.memos import Shelf
from tests.search.test_indexing import changed, happened, in_a_folder, nos

pytestmark = pytest.mark.usefixtures("database")


def quiet(done: int, total: int) -> None: ...


def losing(monkeypatch: pytest.MonkeyPatch, engine: type[SearchEngine], key: str, *, times: int) -> None:
    """An engine that takes a record for the new index and doesn't keep it."""
    write, left = engine.write, [times]

    async def written(self: SearchEngine, batches: Mapping[Part, Batch], *, only_new: bool = False) -> None:
        if only_new and left[0] and any(key in batch.put for batch in batches.values()):
            left[0] -= 1
            batches = {
                part: replace(b, put={k: r for k, r in b.put.items() if k != key}) for part, b in batches.items()
            }
        await write(self, batches, only_new=only_new)

    monkeypatch.setattr(engine, "write", written)


async def test_what_a_new_index_has_lost_is_found_heap_by_heap_and_brought_before_it_is_asked(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(600):
        shelf.put(f"m{number}", "井盖不见了" if number == 3 else f"停水{number}")
    losing(monkeypatch, type(indexing().engine), "memo:m3", times=2)
    await reindex(quiet)
    assert await nos("井盖") == ["m3"]
    assert await compared() == (600, [])


async def test_a_new_index_that_keeps_losing_is_not_taken_and_what_it_lacks_is_named(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    await changed(shelf, "m3", "小区停水")
    losing(monkeypatch, type(indexing().engine), "memo:m3", times=10_000)
    with pytest.raises(RebuildError, match="restricted memo:m3：数据库中有，索引中没有"):
        await reindex(quiet)
    assert await nos("停水") == ["m3"]


async def test_what_a_building_reads_first_is_live_at_once_even_if_the_building_fails(
    shelf: Shelf, writing: Indexing, monkeypatch: pytest.MonkeyPatch
) -> None:
    await changed(shelf, "m1", "小区停水")
    shelf.put("m1", "路灯不亮")
    shelf.put("m2", "又停水")
    monkeypatch.setattr(type(writing.engine), "swap", refused)
    with pytest.raises(RuntimeError):
        await writing.rebuild(at=datetime.now(UTC))
    await take_in(happened("memo:m1"))
    assert await nos("路灯") == ["m1"]
    assert await differences() == []


async def refused(self: SearchEngine) -> None:
    raise RuntimeError("the power is gone")


async def test_one_step_back_catches_up_with_all_that_has_happened_since(shelf: Shelf, writing: Indexing) -> None:
    for number in range(40):
        shelf.put(f"m{number}", f"停水{number}", answer="已抢修" if number % 2 else "")
    await writing.rebuild(at=datetime.now(UTC))
    await writing.rebuild(at=datetime.now(UTC))
    await changed(shelf, "m0", "路灯不亮")
    await changed(shelf, "m50", "新来的")
    del shelf.memos["m1"]
    await take_in(happened("memo:m1"))

    assert await reindex(quiet, back=True) == 4, "both documents of m1 among them"

    assert set(await nos("路灯")) == {"m0"}
    assert await nos("停水1 已抢修") != ["m1"]
    assert await nos("新来的") == ["m50"]
    assert (await compared())[1] == []
    await changed(shelf, "m0", "桥塌了")
    await reindex(quiet, back=True)
    assert await nos("桥塌了") == ["m0"]
    assert (await compared())[1] == []


async def test_what_changes_while_one_steps_back_is_there_afterwards(shelf: Shelf, writing: Indexing) -> None:
    for number in range(60):
        shelf.put(f"m{number}", f"停水{number}")
    await writing.rebuild(at=datetime.now(UTC))
    await writing.rebuild(at=datetime.now(UTC))
    for number in range(60):
        shelf.put(f"m{number}", f"路灯{number}")
    await asyncio.gather(*(take_in(happened(f"memo:m{number}")) for number in range(60)))

    back = asyncio.create_task(writing.step_back(at=datetime.now(UTC)))
    await asyncio.sleep(0.02)
    await changed(shelf, "m7", "井盖不见了")
    assert await back in (59, 60), "m7 came before or after they were counted"

    assert await nos("井盖") == ["m7"]
    assert await compared() == (60, [])


async def test_without_an_index_to_go_back_to_it_is_said_and_the_live_one_stays(shelf: Shelf) -> None:
    await changed(shelf, "m1", "小区停水")
    with pytest.raises(RebuildError, match=r"没有留着上一个索引.*sunhall reindex"):
        await reindex(quiet, back=True)
    assert await nos("停水") == ["m1"]
    assert (await reindex(quiet), await reindex(quiet, back=True)) == (1, 0)


@in_a_folder
async def test_stepping_back_beside_a_running_worker_asks_that_worker(shelf: Shelf) -> None:
    await changed(shelf, "m1", "小区停水")
    for refused_why in ("没有留着上一个索引", ""):
        waiting = asyncio.create_task(reindex(quiet, back=True, mine=Indexing(TantivyEngine(settings().home))))
        while not await Rebuild.filter(back=True, finished_at=None).exists():
            await asyncio.sleep(0.01)
        await jobs.tend({})
        if refused_why:
            with pytest.raises(RebuildError, match=refused_why):
                await waiting
            await indexing().rebuild(at=datetime.now(UTC))
            await changed(shelf, "m2", "又停水")
    assert await waiting == 1
    assert set(await nos("停水")) == {"m1", "m2"}
