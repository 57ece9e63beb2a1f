"""A building reads ahead, and has its records made beside it: it ends at what the database says all the same."""

import asyncio
import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from search import preparing
from search.indexing import Indexing, compared
from search.records import Read, read
from tests.search.memos import Shelf
from tests.search.test_indexing import changed, nos

pytestmark = [
    pytest.mark.usefixtures("database"),
    pytest.mark.parametrize("served_by", ["tantivy"], indirect=True),
    pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one processor makes its records itself"),
]
MANY = 2_000


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "ALONE", 1)


def fill(shelf: Shelf) -> None:
    for number in range(MANY):
        shelf.put(f"m{number}", f"停水通知{number}", answer="已抢修" if number % 5 == 0 else "")


@pytest.mark.usefixtures("beside")
async def test_what_a_process_beside_makes_is_what_is_made_here(
    shelf: Shelf, writing: Indexing, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(shelf)
    building = asyncio.create_task(writing.rebuild(at=datetime.now(UTC)))
    (pid,) = await begun()
    assert await building == MANY
    assert not lives(pid), "it ends with the building"
    assert await compared() == (MANY + MANY // 5, []), "it makes them for a comparison as well"
    monkeypatch.setattr(preparing, "ALONE", MANY)
    assert await compared() == (MANY + MANY // 5, []), "each record is made here once more and held against it"
    assert (await nos("停水通知1999"))[0] == "m1999"


@pytest.mark.usefixtures("beside")
async def test_a_process_that_is_killed_in_the_middle_costs_nothing_but_time(shelf: Shelf, writing: Indexing) -> None:
    fill(shelf)
    building = asyncio.create_task(writing.rebuild(at=datetime.now(UTC)))
    (pid,) = await begun()
    os.kill(pid, signal.SIGKILL)
    assert await building == MANY
    assert await compared() == (MANY + MANY // 5, [])


@pytest.mark.usefixtures("beside")
async def test_a_building_that_is_given_up_leaves_no_process(shelf: Shelf, writing: Indexing) -> None:
    fill(shelf)
    building = asyncio.create_task(writing.rebuild(at=datetime.now(UTC)))
    (pid,) = await begun()
    building.cancel()
    with pytest.raises(asyncio.CancelledError):
        await building
    assert not lives(pid)


async def test_what_was_read_ahead_and_has_changed_since_is_read_again(
    shelf: Shelf, writing: Indexing, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(shelf)
    del shelf.memos["m17"]
    await writing.rebuild(at=datetime.now(UTC))
    pieces = list[int]()

    async def read_and_changed(refs: list[str]) -> dict[str, Read]:
        """Between its reading and its turn the first of each piece becomes another, and the last is gone."""
        seen = await read(refs)
        pieces.append(len(refs))
        first, last = (ref.partition(":")[2] for ref in (refs[0], refs[-1]))
        await changed(shelf, first, f"路灯不亮{len(pieces)}")
        del shelf.memos[last]
        await changed_away(last)
        return seen

    async def changed_away(no: str) -> None:
        await writing.bring(f"memo:{no}", at=datetime.now(UTC))

    monkeypatch.setattr("search.preparing.read", read_and_changed)
    await writing.rebuild(at=datetime.now(UTC))
    monkeypatch.setattr("search.preparing.read", read)

    assert len(pieces) == -(-MANY // 500)
    assert await compared() == (MANY - 1 - len(pieces) + MANY // 5 - gone_with_answer(shelf), [])
    assert len(await nos("路灯不亮")) == len(pieces)


def gone_with_answer(shelf: Shelf) -> int:
    """Of every fifth, which have a public document: those that are no more."""
    left = sum(1 for memo in shelf.memos.values() if memo.answer)
    return MANY // 5 - left


async def begun() -> list[int]:
    """The processes of our own that make records."""
    while not (found := [*makers()]):
        await asyncio.sleep(0.005)
    return found


def lives(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def makers() -> Iterator[int]:
    for task in Path("/proc/self/task").iterdir():
        for pid in (task / "children").read_text().split():
            if b"search.reading_texts" in Path(f"/proc/{pid}/cmdline").read_bytes():
                yield int(pid)
