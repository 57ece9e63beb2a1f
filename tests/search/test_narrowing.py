"""What narrows and orders an answer: deadlines that are still to come, regions one step down."""

from datetime import UTC, datetime, timedelta

import pytest

from kernel.people.models import Organisation
from search.answering import answer
from search.engine import Sort
from search.inquiry import Asked
from tests.search.memos import Shelf
from tests.search.people import ALL, RIVER
from tests.search.test_indexing import changed

REGIONS = (("36", "甲省", "/36/"), ("3601", "河东市", "/36/01/"), ("36010", "港口市", "/36/010/"))


@pytest.fixture
async def regions(shelf: Shelf) -> Shelf:
    await Organisation.bulk_create(
        [Organisation(code=code, name=name, short_name=name, path=path) for code, name, path in REGIONS]
    )
    shelf.put("a", "停水一", path="/36/01/")
    shelf.put("b", "停水二", path="/36/01/")
    shelf.put("c", "停水三", path="/36/010/")
    await changed(shelf, "d", "停水四", path="/36/01/wharf/")
    return shelf


@pytest.mark.usefixtures("regions")
async def test_regions_are_offered_by_name_one_step_down_and_only_where_there_is_a_choice() -> None:
    found = await answer(Asked(q="停水"), by=ALL)
    assert [(one.value, one.label, one.count) for one in found.facets["region"]] == [
        ("/36/01/", "河东市", 3), ("/36/010/", "港口市", 1),
    ]  # fmt: skip
    chosen = await answer(Asked(q="停水", region="@/36/01/"), by=ALL)
    assert {item.document.no for item in chosen.items} == {"a", "b", "d"}
    assert chosen.facets["region"] == (), "the wharf has no organisation to be called after"
    alone = await answer(Asked(q="停水"), by=RIVER)
    assert [one.label for one in alone.facets["region"]] == [], "what this reader may not see is counted nowhere"


async def test_by_deadline_the_soonest_comes_first_and_what_is_over_not_at_all(shelf: Shelf) -> None:
    now = datetime.now(UTC)
    shelf.put("late", "停水一", deadline=now + timedelta(days=9))
    shelf.put("soon", "停水二", deadline=now + timedelta(days=2))
    shelf.put("over", "停水三", deadline=now - timedelta(days=2))
    await changed(shelf, "none", "停水四")
    found = await answer(Asked(q="停水", sort=Sort.DEADLINE), by=ALL)
    assert [item.document.no for item in found.items] == ["soon", "late", "none"]
    assert found.total == 3
    assert [value.count for value in found.facets["kind"]] == [3]
    assert (await answer(Asked(q="停水"), by=ALL)).total == 4
