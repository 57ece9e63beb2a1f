"""A server that is slow, busy, half done, red or of another shape: the hall answers, loses nothing and
says what is wrong."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from elasticsearch import Elasticsearch

from kernel import outbox
from kernel.settings import settings
from portal.city.elasticsearch import Node
from search import jobs
from search.elasticsearch_engine import MAPPING, trouble
from search.engine import SCHEMA, Part, SearchEngine
from search.indexing import compared, differences, indexing, reindex, take_in
from search.module import MODULE
from tests.search.between import Between, between, busy, half_done
from tests.search.memos import Shelf
from tests.search.people import RIVER
from tests.search.test_elasticsearch import all_delivered, happens, on_the_server
from tests.search.test_generations import quiet
from tests.search.test_indexing import ask, changed, happened, nos


@pytest.fixture
async def line(shelf: Shelf, elasticsearch: Node, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Between]:
    """Between the hall and the node."""
    await indexing().engine.close()
    with between(elasticsearch.http_port) as told:
        monkeypatch.setattr(settings(), "search_url", told.url)
        await reindex(quiet)
        yield told
        told.spoil = None
        await indexing().engine.release()
        await indexing().engine.close()


@on_the_server
async def test_while_the_server_is_slow_the_database_answers_and_afterwards_the_index_again(
    shelf: Shelf, line: Between, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search.elasticsearch_engine.REST_S", 0.0)
    await changed(shelf, "m1", "小区停水", body="昨晚开始")
    line.spoil = line.slowly(5)
    slow = await asyncio.gather(*(ask("停水") for _ in range(4)))
    assert {one.degraded for one in slow} == {True}
    assert {item.document.no for one in slow for item in one.items} == {"m1"}
    line.spoil = None
    line.over.set()
    back = await ask("昨晚开始")
    assert not back.degraded
    assert [item.document.no for item in back.items] == ["m1"]


@on_the_server
@pytest.mark.parametrize("spoil", [busy(2), half_done(429, 2), half_done(503, 2)], ids=["429", "some 429", "some 503"])
async def test_what_a_busy_server_did_not_take_is_brought_again_and_nothing_parks(
    shelf: Shelf, line: Between, spoil: Any
) -> None:
    await changed(shelf, "m0", "先前")
    line.spoil = spoil
    await happens(shelf, *range(1, 9))
    await all_delivered()
    assert any("_bulk" in path for path in line.spoilt)
    line.spoil = None
    assert await compared() == (9, [])
    assert not await outbox.parked().exists()


@contextmanager
def instead(elasticsearch: Node, **made: Any) -> Iterator[None]:
    """Our live indexes are gone; under their names stand others."""
    with Elasticsearch(elasticsearch.url) as client:
        names, aliases = [], {part: f"{settings().search_prefix}-{SCHEMA}-{part}" for part in Part}
        for alias in aliases.values():
            if client.indices.exists_alias(name=alias):
                client.indices.delete(index=",".join(client.indices.get_alias(name=alias)))
            names.append(f"{alias}-{uuid4().hex[:8]}")
            client.indices.create(index=names[-1], aliases={alias: {}}, wait_for_active_shards="0", **made)
        yield
        client.options(ignore_status=404).indices.delete(index=",".join(names))


async def told_by_doctor() -> list[str]:
    """Of the server, and of the index."""
    index = [told[0] for check in MODULE.checks if (told := await check.look())]
    return [wrong for wrong in (await trouble(settings()), *index) if wrong]


@on_the_server
async def test_a_red_index_is_told_by_doctor_answered_from_the_database_and_built_anew_if_it_stays_red(
    shelf: Shelf, elasticsearch: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    await changed(shelf, "m1", "小区停水", body="昨晚开始")
    nowhere = {"number_of_replicas": 0, "routing.allocation.require._name": "nobody"}
    with instead(elasticsearch, settings=nowhere, mappings=MAPPING):
        away = await ask("停水")
        assert (away.degraded, [item.document.no for item in away.items]) == (True, ["m1"])
        assert any("red" in problem for problem in await told_by_doctor())
        await jobs.tend({})
        assert (await ask("停水")).degraded, "a node that has just started is red for a moment"
        monkeypatch.setattr("search.elasticsearch_engine.RED_S", 0.0)
        await jobs.tend({})
        assert await nos("昨晚开始") == ["m1"]
        assert await differences() == []


@on_the_server
@pytest.mark.parametrize(
    "mapping",
    [
        {"dynamic": True},
        {"dynamic": "strict", "properties": {"key": {"type": "text"}, "acl": {"type": "text"}}},
    ],
    ids=["guessed", "other types"],
)
async def test_an_index_of_another_shape_is_told_by_doctor_and_the_database_answers_until_ours_is_built(
    shelf: Shelf, elasticsearch: Node, mapping: dict[str, Any]
) -> None:
    shelf.put("m1", "小区停水", body="昨晚开始")
    with instead(elasticsearch, mappings=mapping):
        away = await ask("停水")
        assert (away.degraded, [item.document.no for item in away.items]) == (True, ["m1"])
        assert any("结构不对" in problem for problem in await told_by_doctor())
        await jobs.tend({})
        back = await ask("昨晚开始")
        assert (back.degraded, [item.document.no for item in back.items]) == (False, ["m1"])
        assert await told_by_doctor() == []


@pytest.mark.usefixtures("database")
async def test_a_hundred_changes_of_one_document_through_the_outbox_end_at_the_last_with_few_writes(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    await changed(shelf, "m0", "先前")
    engine, writes = type(indexing().engine), list[int]()
    write = engine.write

    async def counted(self: SearchEngine, batches: Any, *, only_new: bool = False) -> None:
        writes.append(sum(len(batch.put) for batch in batches.values()))
        await write(self, batches, only_new=only_new)

    monkeypatch.setattr(engine, "write", counted)
    await happens(shelf, *[1] * 100)
    await all_delivered()
    assert shelf.memos["m1"].version == 100
    assert await compared() == (2, [])
    assert 1 <= sum(writes) <= 10


@pytest.mark.usefixtures("database")
async def test_who_may_no_longer_see_a_thing_is_not_shown_it_while_the_index_lags_nor_finds_it_afterwards(
    shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    await changed(shelf, "m1", "小区停水", path="/36/01/")
    assert await nos("停水", RIVER) == ["m1"]
    shelf.put("m1", "小区停水", path="/37/")
    lagging = await ask("停水", RIVER)
    assert (lagging.items, lagging.about) == ((), True)
    await take_in(happened("memo:m1"))
    caplog.clear()
    found = await ask("停水", RIVER)
    assert (found.items, found.total, found.about) == ((), 0, False)
    assert "not visible" not in caplog.text
