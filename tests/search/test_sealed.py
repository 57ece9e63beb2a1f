"""What is sealed until a time, or seen until one: the clock decides with every question, no job and no write."""

import asyncio
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from kernel.permissions import ANONYMOUS, Actor
from kernel.settings import settings
from search.answering import suggestions
from search.indexing import compared, reindex
from search.models import Applied
from tests.search.memos import Shelf
from tests.search.people import ALL
from tests.search.test_generations import quiet
from tests.search.test_indexing import ask, changed, in_a_folder, nos

pytestmark = pytest.mark.usefixtures("database")
READERS = (ALL, ANONYMOUS)
SOON_S = 4
Told = tuple[list[str], int, bool, int, int]


def whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


async def told(by: Actor) -> Told:
    """What one gets to know: what is shown, how many there are, if that is exact, what facets and suggestions say."""
    found = await ask("停水", by)
    counted = sum(value.count for values in found.facets.values() for value in values)
    shown = [item.document.no for item in found.items]
    return shown, found.total, found.about, counted, len(await suggestions("停水"))


NOTHING: Told = ([], 0, False, 0, 0)


async def test_what_is_sealed_is_found_by_nobody_until_the_clock_opens_it_and_not_a_word_of_it_is_written_then(
    shelf: Shelf,
) -> None:
    await changed(shelf, "m0", "路灯不亮")
    opens = whole(datetime.now(UTC)) + timedelta(seconds=SOON_S)
    await changed(shelf, "m1", "小区停水", answer="停水的答复", number=("网挂〔2026〕18号",), visible_from=opens)
    written = await Applied.filter(ref="memo:m1").order_by("part").values_list("at", "digest_0")
    looks = 0
    while True:
        seen = [await told(by) for by in READERS] + [await told_by_number()]
        if datetime.now(UTC) >= opens:
            break
        assert all(one == NOTHING for one in seen)
        looks += 1
    assert looks, "somebody looked before it was time"
    for by in READERS:
        assert (await told(by))[:3] == (["m1"], 1, False)
    assert await nos("网挂〔2026〕18号") == ["m1"]
    assert [document.title for document in await suggestions("停水")] == ["停水的答复"]
    assert await Applied.filter(ref="memo:m1").order_by("part").values_list("at", "digest_0") == written
    assert await compared() == (3, [])


async def told_by_number() -> Told:
    found = await ask("网挂〔2026〕18号")
    return [item.document.no for item in found.items], found.total, found.about, 0, 0


async def test_what_has_had_its_time_is_gone_by_the_clock_alone(shelf: Shelf) -> None:
    await reindex(quiet)
    closes = whole(datetime.now(UTC)) + timedelta(seconds=SOON_S)
    await changed(shelf, "m1", "小区停水", answer="停水的答复", visible_until=closes)
    before = [await told(by) for by in READERS]
    assert datetime.now(UTC) < closes, "the machine was too slow to look in time"
    assert [one[:3] for one in before] == [(["m1"], 1, False)] * len(READERS)
    while datetime.now(UTC) < closes:
        await asyncio.sleep(0.05)
    assert [await told(by) for by in READERS] == [NOTHING] * len(READERS)


@in_a_folder
async def test_the_database_keeps_the_seal_while_the_index_is_away(shelf: Shelf) -> None:
    opens = datetime.now(UTC) + timedelta(hours=1)
    await changed(shelf, "m1", "小区停水", answer="停水的答复", visible_from=opens)
    await changed(shelf, "m2", "停水二", visible_until=datetime.now(UTC) - timedelta(seconds=1))
    shutil.rmtree(settings().home / "search")
    for by in READERS:
        found = await ask("停水", by)
        assert (found.degraded, found.items, found.total) == (True, (), 0)
