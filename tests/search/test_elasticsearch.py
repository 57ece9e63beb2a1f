"""What can happen to a server and not to a folder: killed, stopped, busy, emptied, shared by several writers."""

import asyncio
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from time import monotonic
from uuid import uuid4

import pytest
from elasticsearch import Elasticsearch

from kernel import outbox
from kernel.database import transaction
from kernel.models import Delivery
from kernel.settings import Settings, settings
from portal.city.elasticsearch import Node
from search import jobs
from search.answering import answer
from search.elasticsearch_engine import Access, ElasticsearchEngine, Unreadable, access_of
from search.engine import SCHEMA, Batch, Part, RefusedError, WriterTakenError
from search.indexing import Indexing, compared, differences, engine_of, indexing, may_write, reindex
from search.inquiry import Asked
from search.query import Anything, Term
from tests.search.memos import Shelf
from tests.search.people import ALL
from tests.search.test_engines import a_new_index, a_record, keys, put
from tests.search.test_indexing import ask, changed, nos

on_the_server = pytest.mark.parametrize("served_by", ["elasticsearch"], indirect=True)
CATCH_UP_S = 60


@pytest.fixture
async def served(elasticsearch: Node) -> AsyncIterator[ElasticsearchEngine]:
    engine = ElasticsearchEngine(Access(hosts=(elasticsearch.url,)), f"t{uuid4().hex[:12]}")
    yield engine
    await engine.release()
    await engine.close()


async def happens(shelf: Shelf, *numbers: int) -> None:
    for number in numbers:
        subject = shelf.put(f"m{number}", f"停水{number}")
        async with transaction():
            await outbox.publish("memo.change", subject, 1, datetime.now(UTC))


async def all_delivered() -> float:
    """Seconds until nothing waits."""
    begun = monotonic()
    while await Delivery.filter(consumer="search.index", done_at=None).exists():
        assert monotonic() - begun < CATCH_UP_S
        await outbox.deliver(worker="test", now=lambda: datetime.now(UTC))
        await asyncio.sleep(0.2)
    return monotonic() - begun


@on_the_server
async def test_a_node_killed_in_the_middle_of_its_bulks_comes_back_with_nothing_lost(
    shelf: Shelf, elasticsearch: Node
) -> None:
    await reindex(lambda done, total: None)
    await happens(shelf, *range(150))
    delivering = asyncio.create_task(outbox.deliver(worker="test", now=lambda: datetime.now(UTC)))
    while not (await answer(Asked(q="停水"), by=ALL)).total:
        await asyncio.sleep(0.01)
    await asyncio.to_thread(elasticsearch.stop, signal.SIGKILL)
    await delivering
    elasticsearch.start()
    await asyncio.to_thread(elasticsearch.wait)

    assert await all_delivered() < CATCH_UP_S
    assert await compared() == (150, [])
    assert not await outbox.parked().exists()


@on_the_server
async def test_a_stopped_node_degrades_the_answer_at_once_intake_goes_on_and_all_catches_up(
    shelf: Shelf, elasticsearch: Node
) -> None:
    await changed(shelf, "m1", "停水1")
    await asyncio.to_thread(elasticsearch.stop)
    try:
        begun = monotonic()
        away = await ask("停水")
        assert monotonic() - begun < 5
        assert away.degraded
        assert [item.document.no for item in away.items] == ["m1"]
        assert not await indexing().engine.ready()
        assert not may_write(), "no delivery is tried in vain, so none is parked however long it takes"
        await happens(shelf, 2, 3)
        await outbox.deliver(worker="test", now=lambda: datetime.now(UTC))
        assert await Delivery.filter(consumer="search.index", tries=0, done_at=None).count() == 2
    finally:
        elasticsearch.start()
        await asyncio.to_thread(elasticsearch.wait)

    assert await all_delivered() < CATCH_UP_S
    assert set(await nos("停水")) == {"m1", "m2", "m3"}
    assert await differences() == []


@on_the_server
async def test_indexes_that_are_gone_degrade_the_answer_and_are_built_again_by_the_worker(
    shelf: Shelf, elasticsearch: Node
) -> None:
    await changed(shelf, "m1", "小区停水", body="昨晚开始")
    with Elasticsearch(elasticsearch.url) as client:
        for index in client.indices.get(index=f"{settings().search_prefix}-*"):
            client.indices.delete(index=index)

    assert (await ask("停水")).degraded
    await jobs.tend({})

    back = await ask("昨晚开始")
    assert not back.degraded
    assert [item.document.no for item in back.items] == ["m1"]
    assert await differences() == []


@on_the_server
async def test_two_processes_that_write_at_once_end_as_the_database_is(shelf: Shelf) -> None:
    await reindex(lambda done, total: None)
    workers = [Indexing(engine_of(settings())) for _ in range(2)]
    for turn in range(8):
        for number in range(5):
            shelf.put(f"m{number}", f"第{turn}次停水", version=1)  # as when a unit is renamed: no new version
        await asyncio.gather(*(w.bring(f"memo:m{n}", at=datetime.now(UTC)) for w in workers for n in range(5)))
        assert await differences() == []
    for worker in workers:
        await worker.engine.close()


@on_the_server
async def test_telephone_and_identity_numbers_are_in_no_file_of_the_node(shelf: Shelf, elasticsearch: Node) -> None:
    """B5: the engine's side of the boundary. The restricted part is closed to others, and still has none of these."""
    body = "请打13912345678，身份证11010519491231002X，canarysign"
    await changed(shelf, "m1", "小区停水", body=body)
    assert await nos("canarysign") == ["m1"]
    with Elasticsearch(elasticsearch.url) as client:
        client.indices.flush(index=f"{settings().search_prefix}-*")
    kept = b"".join(file.read_bytes() for file in (elasticsearch.home / "data").rglob("*") if file.is_file())
    assert b"canarysign" in kept, "what is there is seen"
    for canary in (b"13912345678", b"11010519491231002", b"11010519491231002x"):
        assert canary not in kept


async def test_an_older_version_is_no_news_and_a_later_delete_isn_t_undone(served: ElasticsearchEngine) -> None:
    await a_new_index(served)
    await put(served, a_record("1", "新的", version=3))
    await put(served, a_record("1", "旧的", version=2), a_record("2", "另一个"))
    assert await keys(served, Term("title", "旧的")) == []
    assert await keys(served, Term("title", "新的")) == ["1"]

    await served.write({Part.PUBLIC: Batch(out={"ticket:1": 4})})
    await put(served, a_record("1", "旧的", version=3))
    assert await keys(served, Anything()) == ["2"]


async def test_what_the_mapping_refuses_is_named_and_the_rest_is_taken(served: ElasticsearchEngine) -> None:
    await a_new_index(served)
    wrong = a_record(str(2**70), "停水")
    with pytest.raises(RefusedError, match=str(2**70)):
        await put(served, wrong, a_record("1", "停水"))
    assert await keys(served, Term("title", "停水")) == ["1"]


async def test_a_server_that_says_429_is_asked_again(served: ElasticsearchEngine, elasticsearch: Node) -> None:
    await a_new_index(served)
    with Elasticsearch(elasticsearch.url) as client:
        block = "index.blocks.read_only_allow_delete"  # what a disk that runs full brings, answered with 429
        index = f"{served.prefix}-{SCHEMA}-public"
        client.indices.put_settings(index=index, settings={block: True})
        writing = asyncio.create_task(put(served, a_record("1", "停水")))
        await asyncio.sleep(0.4)
        assert not writing.done()
        await asyncio.to_thread(client.indices.put_settings, index=index, settings={block: None})
    await writing
    assert await keys(served, Anything()) == ["1"]


async def test_one_builds_at_a_time_and_the_next_clears_what_a_dead_one_left(
    served: ElasticsearchEngine, elasticsearch: Node
) -> None:
    other = ElasticsearchEngine(Access(hosts=(elasticsearch.url,)), served.prefix)
    other.hold()
    await other.begin_generation()
    served.hold()
    with pytest.raises(WriterTakenError):
        await served.begin_generation()
    with Elasticsearch(elasticsearch.url) as client:  # it died two minutes ago
        client.index(index=f"{served.prefix}-lease", id="building", document={"owner": "dead", "until": 1})
        await a_new_index(served)
        assert len(client.indices.get(index=f"{served.prefix}-{SCHEMA}-*")) == len(Part)
    await other.close()


async def test_of_several_hosts_one_that_is_away_is_passed_over(elasticsearch: Node) -> None:
    hosts = ("http://127.0.0.1:9", elasticsearch.url)
    engine = ElasticsearchEngine(Access(hosts=hosts), f"t{uuid4().hex[:12]}")
    await a_new_index(engine)
    for number in range(1, 5):
        await put(engine, a_record(str(number), "停水"))
    assert len(await keys(engine, Anything())) == 4
    await engine.close()


async def test_the_key_of_the_settings_is_sent_and_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    """The server is a wire double that only listens to what it is told."""
    sent: list[str] = []

    class Listening(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            sent.append(self.headers.get("Authorization", ""))
            self.send_response(200)
            self.send_header("X-Elastic-Product", "Elasticsearch")
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *args: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Listening)
    Thread(target=server.serve_forever, daemon=True).start()
    key = tmp_path / "key"
    key.write_text("c2VjcmV0\n")
    url = f"http://127.0.0.1:{server.server_port}"
    told = Settings(search_url=url, search_api_key_file=key)
    with access_of(told).client() as client:
        await asyncio.to_thread(client.cluster.health)
    server.shutdown()
    server.server_close()
    assert sent == ["ApiKey c2VjcmV0"]
    with pytest.raises(Unreadable):
        access_of(Settings(search_url=url, search_ca_file=tmp_path / "gone.pem"))
