"""A real Elasticsearch from its artifacts: it keeps what it is given, alone and as three."""

import asyncio
import signal
from pathlib import Path

import pytest
from elasticsearch import AsyncElasticsearch

from portal.city import elasticsearch as node
from portal.city.elasticsearch import Node, Unprepared

pytestmark = pytest.mark.timeout(600)


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


def test_a_second_preparation_finds_the_first_and_half_a_folder_is_never_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(Unprepared, match="openjdk-17-jdk-headless maven"):
        node.prepared()
    assert not node.cache().exists()
