"""What the database says is what search finds, soon and for certain."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from kernel import outbox
from kernel.database import transaction
from kernel.models import Event
from kernel.permissions import Actor
from kernel.settings import settings
from search import jobs, queries
from search.answering import Answer, answer
from search.engine import Part, Sums
from search.indexing import Indexing, compared, differences, indexing, reindex, take_in
from search.inquiry import Asked
from search.models import Applied, Rebuild
from search.tantivy_engine import TantivyEngine
from tests.search.memos import NOON, Shelf
from tests.search.people import ALL

pytestmark = pytest.mark.usefixtures("database")
in_a_folder = pytest.mark.parametrize("served_by", ["tantivy"], indirect=True)


async def ask(q: str, by: Actor = ALL) -> Answer:
    return await answer(Asked(q=q), by=by)


async def nos(q: str, by: Actor = ALL) -> list[str]:
    return [item.document.no for item in (await ask(q, by)).items]


def happened(subject: str, topic: str = "memo.change") -> Event:
    return Event(topic=topic, subject=subject, seq=1, at=NOON)


async def changed(shelf: Shelf, no: str, title: str, **given: object) -> None:
    await take_in(happened(shelf.put(no, title, **given)))


async def test_a_change_comes_through_the_outbox_and_is_found_once_it_is_delivered(shelf: Shelf) -> None:
    await reindex(lambda done, total: None)
    for number in range(20):
        subject = shelf.put(f"m{number}", f"小区停水{number}")
        async with transaction():
            await outbox.publish("memo.change", subject, 1, datetime.now(UTC))
        await outbox.deliver(worker="test", now=lambda: datetime.now(UTC))
        assert (await nos(f"停水{number}"))[0] == f"m{number}"


async def test_the_event_of_a_part_brings_the_whole(shelf: Shelf) -> None:
    await changed(shelf, "m1", "小区停水")
    shelf.put("m1", "路灯不亮")
    await take_in(happened("memo:m1/2", "memo.part"))
    assert await nos("路灯") == ["m1"]


async def test_events_of_other_kinds_are_let_pass(shelf: Shelf) -> None:
    await reindex(lambda done, total: None)
    shelf.put("m1", "小区停水")
    await take_in(happened("ghost:1", "ghost.walk"))
    await take_in(happened("memo:m1", "other.topic"))
    assert await nos("停水") == []


async def test_what_is_gone_from_the_database_is_gone_from_search_and_leaves_a_tombstone(shelf: Shelf) -> None:
    await changed(shelf, "m1", "小区停水", answer="小区停水的答复")
    del shelf.memos["m1"]
    await take_in(happened("memo:m1"))

    assert await nos("停水") == []
    assert await Applied.filter(deleted_at=None).count() == 0
    assert await Applied.all().count() == 2
    assert await queries.forget_tombstones(datetime.now(UTC) + timedelta(days=6)) == 0
    assert await queries.forget_tombstones(datetime.now(UTC) + timedelta(days=8)) == 2


async def test_a_hundred_changes_at_once_end_at_the_newest_and_share_their_commits(shelf: Shelf) -> None:
    await changed(shelf, "m1", "第一版停水")
    before = shelf.asked

    async def change(number: int) -> None:
        await asyncio.sleep(0)
        await changed(shelf, "m1", f"第{number}次停水")

    await asyncio.gather(*map(change, range(100)))

    assert shelf.asked - before < 20
    assert await nos("第99次停水") == ["m1"]
    assert await differences() == []


async def test_an_older_version_never_takes_the_place_of_a_newer(shelf: Shelf) -> None:
    await changed(shelf, "m1", "新的停水", version=7)
    await changed(shelf, "m1", "旧的路灯", version=6)
    row = await Applied.get(ref="memo:m1", part=Part.RESTRICTED)
    assert row.version == 7


async def test_one_that_cannot_be_read_parks_alone(shelf: Shelf) -> None:
    await changed(shelf, "m0", "先前")
    events = [happened(shelf.put(f"m{number}", f"停水{number}")) for number in range(1, 6)]
    shelf.broken.add("m3")

    results = await asyncio.gather(*map(take_in, events), return_exceptions=True)

    assert [type(result) for result in results] == [type(None)] * 2 + [RuntimeError] + [type(None)] * 2
    assert set(await nos("停水")) == {"m1", "m2", "m4", "m5"}


async def test_a_cancelled_delivery_leaves_the_others_work_done(shelf: Shelf) -> None:
    await changed(shelf, "m0", "先前")
    tasks = [asyncio.create_task(changed(shelf, f"m{number}", f"停水{number}")) for number in range(1, 6)]
    await asyncio.sleep(0.002)
    tasks[0].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert {"m2", "m3", "m4", "m5"} <= set(await nos("停水"))


async def test_the_first_event_of_a_new_hall_builds_the_index_with_all_there_is(shelf: Shelf) -> None:
    shelf.put("m1", "早已有的停水")
    await changed(shelf, "m2", "刚来的停水")
    assert set(await nos("停水")) == {"m1", "m2"}


async def test_reindex_finds_what_no_event_told_and_forgets_what_is_gone(shelf: Shelf) -> None:
    await changed(shelf, "m1", "小区停水")
    shelf.put("m2", "悄悄来的停水")
    del shelf.memos["m1"]
    assert len(await differences()) == 2
    seen: list[int] = []

    assert await reindex(lambda done, total: seen.append(done)) == 1

    assert await nos("停水") == ["m2"]
    assert await differences() == []
    assert seen == [1]


async def test_what_is_taken_in_while_it_is_compared_is_no_difference(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows have been read, the index has not: then it comes; and again when they are looked at one by one."""
    await changed(shelf, "m1", "小区停水")
    engine = type(indexing().engine)
    sums, scan, coming = engine.sums, engine.scan, ["m2", "m3", "m4"]

    async def summed(self: TantivyEngine, part: Part, *, new: bool = False) -> Mapping[int, Sums]:
        if coming:
            await changed(shelf, coming.pop(), "又停水")
        return await sums(self, part, new=new)

    async def scanned(self: TantivyEngine, part: Part, **named: int) -> AsyncIterator[Sequence[tuple[str, int, int]]]:
        async for piece in scan(self, part, **named):  # type: ignore[arg-type]
            yield piece
        if coming:
            await changed(shelf, coming.pop(), "又停水")

    monkeypatch.setattr(engine, "sums", summed)
    monkeypatch.setattr(engine, "scan", scanned)
    assert await compared() == (1, [])
    assert not coming


async def test_what_changes_while_the_index_is_built_is_in_both(shelf: Shelf, writing: Indexing) -> None:
    for number in range(1_200):
        shelf.put(f"m{number}", f"停水通知{number}")
    await writing.rebuild(at=datetime.now(UTC))
    building = asyncio.create_task(writing.rebuild(at=datetime.now(UTC)))
    await asyncio.sleep(0.02)
    await changed(shelf, "m0", "路灯全灭")
    await changed(shelf, "m5000", "路灯又灭")
    assert set(await nos("路灯")) == {"m0", "m5000"}
    await building

    assert set(await nos("路灯")) == {"m0", "m5000"}
    assert await compared() == (1_201, [])


@in_a_folder
async def test_a_deleted_folder_degrades_the_answer_and_is_built_again_by_the_worker(shelf: Shelf) -> None:
    await changed(shelf, "m1", "小区停水", body="昨晚开始")
    shutil.rmtree(settings().home / "search")

    away = await ask("停水")
    assert away.degraded
    assert [item.document.no for item in away.items] == ["m1"]
    assert (await compared())[1] == ["检索索引不存在或版本过旧：请运行 sunhall reindex"]
    await jobs.tend({})

    back = await ask("昨晚开始")
    assert not back.degraded
    assert [item.document.no for item in back.items] == ["m1"]


@in_a_folder
async def test_reindex_beside_a_running_worker_asks_that_worker(shelf: Shelf) -> None:
    await changed(shelf, "m1", "小区停水")
    shelf.put("m2", "悄悄来的停水")
    mine = indexing()  # of the worker
    beside = Indexing(TantivyEngine(settings().home))
    waiting = asyncio.create_task(reindex(lambda done, total: None, mine=beside))
    while not await Rebuild.exists():
        await asyncio.sleep(0.01)
    await jobs.tend({})

    assert await waiting == 2
    assert mine.engine.hold() is False, "the worker still writes"
    assert set(await nos("停水")) == {"m1", "m2"}


async def test_telephone_and_identity_numbers_never_reach_the_index(shelf: Shelf) -> None:
    await changed(shelf, "m1", "小区停水", body="请打13812345678，身份证11010519491231002X")
    for asked_for in ("13812345678", "11010519491231002X", "12345678", "19491231"):
        found = await ask(asked_for)
        assert [item.document.no for item in found.items] == []
    folder = settings().home / "search"
    assert not any(b"13812345678" in file.read_bytes() for file in folder.rglob("*") if file.is_file())
    shown = (await ask("小区停水")).items[0]
    assert "13812345678" not in "".join(text for text, _ in shown.snippet)
