"""What happens to the index behind its back is found by the hour, mended by itself, and told where that doesn't do."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from elasticsearch import Elasticsearch

from kernel import outbox
from kernel.database import transaction
from kernel.models import Event
from kernel.permissions import Actor
from kernel.settings import settings
from search import drift, jobs, queries
from search.elasticsearch_engine import ElasticsearchEngine
from search.engine import Batch, Part, Record
from search.indexing import MEND, compared, figures, indexing, reindex, take_in
from search.models import Comparison, Rebuild
from search.module import MODULE
from search.records import circumstances, read, record
from tests import factories as f
from tests.conftest import Client
from tests.search.memos import Shelf
from tests.search.test_generations import quiet
from tests.search.test_indexing import changed, nos

pytestmark = pytest.mark.usefixtures("database")
CLOCK_S = 0.5  # a server reads the clock by which it forgets every 200 ms
ADMIN = Actor(id=9_001, name="管理员", powers={"kernel:hall:watch": ("/",), "search:index:rebuild": ("/",)})


async def held(no: str) -> Record:
    seen = (await read([f"memo:{no}"]))[f"memo:{no}"]
    kept = record(seen, Part.RESTRICTED, await circumstances(datetime.now(UTC)))
    assert kept is not None
    return kept


async def damage(put: dict[str, Record], out: dict[str, int]) -> None:
    """Nothing that search remembers hears of it. A server forgets at once what it has deleted: as after a snapshot that
    was put back, an older version can stand there."""
    engine = indexing().engine
    await engine.write({Part.RESTRICTED: Batch(out={**out, **{key: old.version + 1 for key, old in put.items()}})})
    if isinstance(engine, ElasticsearchEngine):
        with Elasticsearch(settings().search_url) as client:
            names = f"{settings().search_prefix}-*"
            client.indices.put_settings(index=names, settings={"index.gc_deletes": "0s"})
            await asyncio.sleep(CLOCK_S)
            client.indices.refresh(index=names)
    await engine.write({Part.RESTRICTED: Batch(put=put)})


async def three_damages(shelf: Shelf) -> None:
    for number in range(12):
        await changed(shelf, f"m{number}", "井盖不见了" if number == 3 else f"停水{number}")
    older = await held("m5")
    await changed(shelf, "m5", "路灯不亮")
    ghost = replace(await held("m6"), key="memo:ghost", digest=7)
    await damage({"memo:m5": older, "memo:ghost": ghost}, {"memo:m3": 1})


async def delivered() -> None:
    await outbox.deliver(worker="test", now=lambda: datetime.now(UTC))


@pytest.mark.parametrize("job", [jobs.compare, jobs.compare_whole], ids=lambda job: job.__name__)
async def test_a_removed_an_older_and_an_extra_document_are_found_and_mended_by_the_job(
    shelf: Shelf, job: type
) -> None:
    await three_damages(shelf)
    assert await nos("井盖") == []

    await job({})
    told = await figures()
    assert (told["drift_docs"], told["staying_docs"]) == (3, 0)
    assert (await queries.comparisons())[0].refs == ["memo:ghost", "memo:m3", "memo:m5"]
    await delivered()

    assert (await compared()) == (12, [])
    assert await nos("井盖") == ["m3"]
    assert await nos("路灯") == ["m5"]
    await drift.look(datetime.now(UTC), whole=False)
    assert (await figures())["drift_docs"] == 0


async def test_the_hourly_look_is_hourly_and_soon_again_where_something_was_wrong(shelf: Shelf) -> None:
    await changed(shelf, "m1", "小区停水")
    await jobs.compare({})
    await jobs.compare({})
    assert await Comparison.all().count() == 1
    last = await Comparison.get()
    assert [drift.is_due(last, last.at + timedelta(minutes=minutes)) for minutes in (5, 54, 56)] == [False, False, True]
    last.drift = 1
    assert [drift.is_due(last, last.at + timedelta(minutes=minutes)) for minutes in (1, 5)] == [False, True]


async def test_what_no_event_told_is_found_by_night(shelf: Shelf) -> None:
    await changed(shelf, "m1", "小区停水")
    shelf.put("m2", "悄悄来的停水")
    del shelf.memos["m1"]
    await drift.look(datetime.now(UTC), whole=False)
    assert (await figures())["drift_docs"] == 0
    await jobs.compare_whole({})
    assert (await figures())["drift_docs"] == 2
    await delivered()
    assert await nos("停水") == ["m2"]


async def test_what_waits_to_be_taken_in_is_no_drift(shelf: Shelf) -> None:
    await three_damages(shelf)
    await drift.look(datetime.now(UTC), whole=False)
    again = await drift.look(datetime.now(UTC), whole=False)
    assert again is not None
    assert again.drift == 0, "its mending has been asked for"


async def test_what_is_due_tomorrow_is_neither_waiting_nor_late(shelf: Shelf) -> None:
    """A message that waits for the morning is an event of search's, too: every topic is."""
    await indexing().rebuild(at=datetime.now(UTC))  # an engine that nobody has asked yet may be away
    at = datetime.now(UTC)
    async with transaction():
        await outbox.publish("memo.told", shelf.put("m0", "小区停水"), 1, at, due=at + timedelta(hours=9))
        await outbox.publish("memo.change", shelf.put("m1", "小区停水"), 1, at - timedelta(minutes=5))
    told = await figures()
    assert (told["waiting"], told["lag_seconds"] // 60) == (1, 5)
    await outbox.deliver(worker="test", now=lambda: datetime.now(UTC))
    told = await figures()
    assert (told["waiting"], told["lag_seconds"]) == (0, 0)


async def test_of_what_stays_different_doctor_speaks_and_says_what_mends_it(shelf: Shelf) -> None:
    (check,) = MODULE.checks
    await three_damages(shelf)
    await drift.look(datetime.now(UTC), whole=False)
    await delivered()
    assert await check.look() is None
    await damage({}, {"memo:m3": 1, "memo:m7": 1})
    await drift.look(datetime.now(UTC), whole=False)

    told = await check.look()
    assert told is not None
    assert ("1 件" in told[0], "memo:m3" in told[0], told[1]) == (True, True, "sunhall reindex")
    await reindex(quiet)
    await drift.look(datetime.now(UTC), whole=False)
    assert await check.look() is None


async def test_where_very_much_differs_a_new_index_is_asked_for(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift, "MEND_MAX", 2)
    await three_damages(shelf)
    await drift.look(datetime.now(UTC), whole=False)
    await drift.look(datetime.now(UTC), whole=False)
    assert await Rebuild.filter(finished_at=None).count() == 1
    await jobs.tend({})
    assert (await compared())[1] == []


async def test_an_older_comparison_is_forgotten(shelf: Shelf) -> None:
    await changed(shelf, "m1", "小区停水")
    await drift.look(datetime.now(UTC), whole=False)
    assert await queries.forget_comparisons(datetime.now(UTC) + timedelta(days=29)) == 0
    assert await queries.forget_comparisons(datetime.now(UTC) + timedelta(days=31)) == 1


async def test_a_mending_of_something_that_is_gone_takes_it_out(shelf: Shelf) -> None:
    await changed(shelf, "m1", "小区停水")
    await damage({"memo:ghost": replace(await held("m1"), key="memo:ghost")}, {})
    await take_in(Event(topic=MEND, subject="memo:ghost", seq=1, at=datetime.now(UTC)))
    assert (await compared()) == (1, [])


async def test_the_administrators_see_how_the_index_stands_rebuild_it_and_take_the_one_before_back(
    shelf: Shelf, signed_in: Client
) -> None:
    await changed(shelf, "m1", "小区停水")
    await jobs.compare({})
    client = signed_in(ADMIN)
    assert "与数据库一致" in (await client.get("/admin/search")).text
    for address, done in (("rebuild", "重建"), ("back", "退回")):
        page = (await client.get("/admin/search")).text
        sent = {"_csrf": page.partition('name="_csrf" value="')[2].partition('"')[0]}
        for _ in range(2):
            answer = await client.post(f"/admin/search/{address}", data=sent)
            assert answer.status_code == 303
        assert await Rebuild.filter(finished_at=None).count() == 1
        assert f"正在{done}" in (await client.get("/admin/search")).text
        await jobs.tend({})
    assert {(one.back, one.problem, one.asked_by) for one in await Rebuild.all()} == {
        (False, "", ADMIN.id), (True, "", ADMIN.id),
    }  # fmt: skip
    assert (await compared())[1] == []
    for stranger in (f.OPERATOR, replace(ADMIN, powers={"kernel:hall:watch": ("/",)})):
        assert (await signed_in(stranger).post("/admin/search/rebuild", data={})).status_code == 403
