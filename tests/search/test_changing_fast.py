"""A document that changes faster than it is taken in ends in the index as it ends in the database."""

import asyncio
from datetime import UTC, datetime
from time import monotonic

import pytest

from kernel import outbox
from kernel.database import transaction
from kernel.models import Delivery
from search.indexing import compared, reindex
from search.queries import CONSUMER
from tests.search.memos import Shelf
from tests.search.test_elasticsearch import all_delivered
from tests.search.test_generations import quiet
from tests.search.test_indexing import nos

pytestmark = pytest.mark.usefixtures("database")
CHANGES, WORKERS, PAUSE_S, WITHIN_S = 100, 2, 0.02, 1.0
BURSTS_MAX = 5  # a machine that does other things as well may not get through one in time


async def test_changed_a_hundred_times_in_a_second_under_running_workers_it_ends_as_the_database_has_it(
    shelf: Shelf,
) -> None:
    await reindex(quiet)
    for burst in range(1, BURSTS_MAX + 1):
        took, met = await changed_often(shelf)
        assert met, "workers were at it while it changed"
        await all_delivered()
        assert await Delivery.filter(consumer=CONSUMER).count() == burst * CHANGES
        assert not await outbox.parked().exists()
        assert shelf.memos["m1"].version == burst * CHANGES
        assert await compared() == (1, [])
        assert await nos(f"第{burst * CHANGES}次停水") == ["m1"]
        if took <= WITHIN_S:
            return
    pytest.fail(f"{CHANGES} changes took {took:.1f} s")


async def changed_often(shelf: Shelf) -> tuple[float, int]:
    """Each change in a transaction of its own; how long they took and how many were delivered meanwhile."""
    over, begun = asyncio.Event(), monotonic()
    async with asyncio.TaskGroup() as group:
        workers = [group.create_task(delivering(f"worker {number}", over)) for number in range(WORKERS)]
        for number in range(1, CHANGES + 1):
            version = shelf.memos["m1"].version + 1 if "m1" in shelf.memos else 1
            subject = shelf.put("m1", f"第{version}次停水", path=f"/36/{number % 7:02}/")
            async with transaction():
                await outbox.publish("memo.change", subject, version, datetime.now(UTC))
        took = monotonic() - begun
        over.set()
    return took, sum(worker.result() for worker in workers)


async def delivering(name: str, over: asyncio.Event) -> int:
    done = 0
    while not over.is_set():
        done += await outbox.deliver(worker=name, now=lambda: datetime.now(UTC))
        await asyncio.sleep(PAUSE_S)
    return done
