"""A real Elasticsearch from its artifacts: it keeps what it is given, alone and as three."""

import asyncio
import re
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from elasticsearch import AsyncElasticsearch

from portal.city import elasticsearch as node
from portal.city.elasticsearch import Node, Unprepared
from search.elasticsearch_engine import Access, ElasticsearchEngine
from search.engine import Part
from search.query import Term
from tests.search.test_engines import a_new_index, a_record, keys, put

pytestmark = pytest.mark.timeout(600)
NEXT, JAVA_MIN = "9.5.3", 21


async def test_what_is_written_is_found_and_a_stale_version_is_refused(elasticsearch: Node) -> None:
    async with AsyncElasticsearch(elasticsearch.url) as client:
        await client.indices.create(
            index="memo", mappings={"properties": {"text": {"type": "text", "analyzer": "whitespace"}}}
        )
        for version in (2, 1):
            told = client.options(ignore_status=409).index(
                index="memo", id="1", document={"text": f"停水 {version}"}, version=version, version_type="external"
            )
            await told
        await client.indices.refresh(index="memo")
        found = await client.search(index="memo", query={"match": {"text": "停水"}})
    assert [hit["_source"]["text"] for hit in found["hits"]["hits"]] == ["停水 2"]


async def test_three_nodes_go_on_when_one_is_killed_and_take_it_back(tmp_path: Path) -> None:
    with node.cluster(tmp_path) as nodes:
        async with AsyncElasticsearch(
            [one.url for one in nodes], retry_on_timeout=True, max_retries=5, request_timeout=30
        ) as client:
            settings = {"number_of_shards": 1, "number_of_replicas": 2}
            await client.indices.create(index="memo", settings=settings, wait_for_active_shards="all")
            await client.index(index="memo", id="1", document={"n": 1})
            nodes[0].stop(signal.SIGKILL)
            await client.index(index="memo", id="2", document={"n": 2}, timeout="60s")
            await client.indices.refresh(index="memo")
            assert (await client.count(index="memo"))["count"] == 2
            nodes[0].start()
            await asyncio.to_thread(nodes[0].wait, status="green", nodes=3)


async def test_the_next_server_takes_over_the_folder_of_the_one_before_with_all_that_is_in_it(tmp_path: Path) -> None:
    """8.19 → 9.x, the way a city goes: stopped, another program, the same data."""
    java = newer_java()
    with node.running(tmp_path) as old:
        engine = ElasticsearchEngine(Access(hosts=(old.url,)), "kept")
        await a_new_index(engine)
        await put(engine, *(a_record(str(number), "小区停水") for number in range(1, 200)))
        before = await engine.sums(Part.PUBLIC)
        await asyncio.to_thread(old.stop)
        new = replace(old, version=NEXT, java=java, process=None)
        try:
            new.start()
            await asyncio.to_thread(new.wait)
            assert await engine.ready()
            assert await engine.sums(Part.PUBLIC) == before
            await put(engine, a_record("200", "路灯不亮"))
            assert await keys(engine, Term("title", "路灯")) == ["200"]
            await engine.begin_generation()
            await engine.swap()
            await engine.begin_back()
            await engine.swap()
            assert await keys(engine, Term("title", "路灯")) == ["200"]
        finally:
            await engine.release()
            await engine.close()
            await asyncio.to_thread(new.stop)


def newer_java() -> str:
    """9.x wants Java 21 or newer, which Debian 12 has no package for: where none was put, this isn't tried."""
    for home in sorted(Path("/usr/lib/jvm").glob("*"), reverse=True):
        told = home / "release"
        version = re.search(r'JAVA_VERSION="(\d+)', told.read_text()) if told.exists() else None
        if version and int(version[1]) >= JAVA_MIN:
            return str(home / "bin" / "java")
    pytest.skip(f"no Java {JAVA_MIN} or newer below /usr/lib/jvm")


def test_a_second_preparation_finds_the_first_and_half_a_folder_is_never_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(Unprepared, match="openjdk-17-jdk-headless maven"):
        node.prepared()
    assert not node.cache().exists()
