"""The elected master of three dies while the hall takes documents in and is searched."""

import asyncio
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep

import pytest
from elasticsearch import Elasticsearch

from kernel import outbox
from kernel.models import Delivery
from kernel.settings import settings
from portal.city import elasticsearch as city_elasticsearch
from portal.city.elasticsearch import Node
from search.answering import answer
from search.engine import SCHEMA, Part
from search.indexing import compared, reindex
from search.inquiry import Asked
from search.queries import CONSUMER
from tests.search.memos import Shelf
from tests.search.people import ALL
from tests.search.test_elasticsearch import all_delivered, happens, on_the_server
from tests.search.test_generations import quiet
from tests.servers import program

pytestmark = [pytest.mark.timeout(600), pytest.mark.usefixtures("database")]
FAILING_S_MAX = 5  # a search that is answered by the database meanwhile counts as one that failed
BEFORE, AFTER = 150, 150  # documents acknowledged before the kill, written after it
READERS, BATCH = 4, 10
ELECTED_S_MAX = 60


@dataclass(frozen=True)
class Three:
    nodes: list[Node]

    @property
    def url(self) -> str:
        return ",".join(node.url for node in self.nodes)

    def master(self) -> Node:
        """Whom all three have elected."""
        with Elasticsearch([node.url for node in self.nodes]) as client:
            elected = str(client.cat.master(h="node")).strip()
        return next(node for node in self.nodes if node.name == elected)

    def elect(self, name: str) -> None:
        """The others stand back until it is elected; then all three have a vote again."""
        others = [node.name for node in self.nodes if node.name != name]
        with Elasticsearch([node.url for node in self.nodes]) as client:
            client.cluster.post_voting_config_exclusions(node_names=others)
            client.cluster.delete_voting_config_exclusions(wait_for_removal=False)
            until = monotonic() + ELECTED_S_MAX
            while self.master().name != name or len(voters(client)) < len(self.nodes):
                assert monotonic() < until, "nobody came of the election"
                sleep(0.05)

    def holder(self, index: str) -> str:
        """Which of them holds the documents that are written first and copied from there."""
        with Elasticsearch([node.url for node in self.nodes]) as client:
            copies = str(client.cat.shards(index=index, h="prirep,node")).split("\n")
        return next(copy.split()[1] for copy in copies if copy.startswith("p"))


@dataclass
class Searched:
    """What readers saw: how long one waited at most, and how long it was from one answer of the index to the next."""

    count: int = 0
    slowest_s: float = 0.0
    failing_s: float = 0.0
    over: bool = False

    async def go_on(self) -> None:
        well_at = monotonic()
        while not self.over:
            begun = monotonic()
            found = await answer(Asked(q="停水"), by=ALL)
            now = monotonic()
            assert found.items, "an answer, by the index or by the database"
            self.count += 1
            self.slowest_s = max(self.slowest_s, now - begun)
            self.failing_s = max(self.failing_s, now - well_at)
            if not found.degraded:
                well_at = now


@pytest.fixture
def elasticsearch(tmp_path: Path) -> Iterator[Three]:
    """In the place of the one node that other tests share."""
    program("java")
    with city_elasticsearch.cluster(tmp_path) as nodes:
        yield Three(nodes)


@on_the_server
async def test_the_elected_master_dies_under_load_no_document_is_lost_and_no_search_fails_for_five_seconds(
    shelf: Shelf, elasticsearch: Three
) -> None:
    await reindex(quiet)
    await happens(shelf, 0)
    await all_delivered()
    await asyncio.to_thread(elasticsearch.nodes[0].wait, status="green", nodes=3)
    holder = elasticsearch.holder(f"{settings().search_prefix}-{SCHEMA}-{Part.RESTRICTED}")
    await asyncio.to_thread(elasticsearch.elect, holder)
    searched = Searched()
    async with asyncio.TaskGroup() as group:
        for _ in range(READERS):
            group.create_task(searched.go_on())
        writing = group.create_task(written(shelf))
        while await acknowledged() < BEFORE:
            await asyncio.sleep(0.01)
        asked, master = searched.count, elasticsearch.master()
        assert master.name == holder, "with the master goes the copy that is written to"
        assert not writing.done(), "it dies while documents are being taken in"
        await asyncio.to_thread(master.stop, signal.SIGKILL)
        kept = await acknowledged()
        await writing
        searched.over = True
    assert kept < BEFORE + AFTER, "documents were still to come"
    left = [node for node in elasticsearch.nodes if node is not master]
    assert elasticsearch.master() in left, "another was elected"
    assert searched.count > asked + READERS, "there were searches while it was dead"
    assert searched.slowest_s < FAILING_S_MAX
    assert searched.failing_s < FAILING_S_MAX
    assert not await outbox.parked().exists()
    assert await compared() == (BEFORE + AFTER, [])


def voters(client: Elasticsearch) -> list[str]:
    state = client.cluster.state(metric="metadata", filter_path="metadata.cluster_coordination")
    named: list[str] = state["metadata"]["cluster_coordination"]["last_committed_config"]
    return named


async def written(shelf: Shelf) -> None:
    """A worker's own way, from the first document to the last."""
    for first in range(1, BEFORE + AFTER, BATCH):
        await happens(shelf, *range(first, min(first + BATCH, BEFORE + AFTER)))
        await outbox.deliver(worker="test", now=lambda: datetime.now(UTC))
    await all_delivered()


async def acknowledged() -> int:
    return await Delivery.filter(consumer=CONSUMER).exclude(done_at=None).count()
