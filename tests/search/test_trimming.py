"""Found exactly when it may be opened; nothing else about it gets out either."""

import logging

import pytest

from kernel.permissions import ANONYMOUS, Actor
from search.answering import Answer, answer, suggestions
from search.inquiry import Asked
from tests.search.memos import Memo, Shelf, may_open
from tests.search.people import ALL, CITIZEN, EVERYONE, NEIGHBOUR, RIVER
from tests.search.test_indexing import changed

pytestmark = pytest.mark.usefixtures("database")
PATHS = ("/36/", "/36/01/", "/36/01/02/", "/36/010/", "/37/")


async def everything(by: Actor, q: str = "停水", **chosen: str) -> list[Answer]:
    """All pages."""
    pages = [await answer(Asked(q=q, limit=7, **chosen), by=by)]  # type: ignore[arg-type]
    while pages[-1].next:
        pages.append(await answer(Asked(q=q, limit=7, **chosen), by=by, at_cursor=pages[-1].next))  # type: ignore[arg-type]
    return pages


async def a_shelf(shelf: Shelf) -> None:
    number = 0
    for path in PATHS:
        for owner in (0, CITIZEN.id, NEIGHBOUR.id):
            for answered in ("", "停水的答复"):
                number += 1
                shelf.put(f"m{number}", f"停水 {number}", path=path, owner=owner, answer=answered)
    await changed(shelf, "m0", "停水", path="/36/", agency="住建局")


def in_sight(by: Actor, memo: Memo) -> bool:
    return may_open(by, memo) or bool(memo.answer)


@pytest.mark.parametrize("by", EVERYONE, ids=lambda by: by.name)
async def test_one_finds_exactly_what_one_may_open_and_each_thing_once(shelf: Shelf, by: Actor) -> None:
    await a_shelf(shelf)
    pages = await everything(by)

    found = [item for page in pages for item in page.items]
    assert sorted(item.document.no for item in found) == sorted(n for n, m in shelf.memos.items() if in_sight(by, m))
    for item in found:
        assert item.document.public is not may_open(by, shelf.memos[item.document.no]), "the restricted one wins"


@pytest.mark.parametrize("by", EVERYONE, ids=lambda by: by.name)
async def test_ac08_counts_and_facets_are_those_of_what_is_visible(shelf: Shelf, by: Actor) -> None:
    await a_shelf(shelf)
    for chosen in ({}, {"agency": "水务局"}, {"kind": "memo", "agency": "住建局"}, {"region": "@/36/01/"}):
        pages = await everything(by, **chosen)
        found = [item.document for page in pages for item in page.items]
        assert {page.total for page in pages} == {len(found)}
        assert not any(page.about for page in pages)
        if "agency" not in chosen:
            assert sum(value.count for value in pages[0].facets["agency"]) == len(found)
        else:
            counted = {value.value: value.count for value in pages[0].facets["agency"]}
            assert counted.get(chosen["agency"], 0) == len(found)


async def test_a_stale_index_is_caught_by_the_pages_own_query_and_the_count_becomes_about(
    shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    await changed(shelf, "m1", "停水", path="/37/", stale_acl=(f"u:{CITIZEN.id}",))
    with caplog.at_level(logging.WARNING):
        found = await answer(Asked(q="停水"), by=CITIZEN)
    assert found.items == ()
    assert found.about
    assert "not visible" in caplog.text


async def test_a_revocation_holds_before_the_index_has_heard_of_it(shelf: Shelf) -> None:
    await changed(shelf, "m1", "停水", path="/36/01/")
    shelf.memos["m1"].path = "/37/"
    assert (await answer(Asked(q="停水"), by=RIVER)).items == ()


async def test_a_withdrawn_public_answer_is_not_shown_even_before_the_index_knows(shelf: Shelf) -> None:
    await changed(shelf, "m1", "停水", answer="停水的答复")
    shelf.memos["m1"].answer = ""
    assert (await answer(Asked(q="停水"), by=ANONYMOUS)).items == ()


async def test_no_word_of_a_restricted_text_is_suggested_or_counted_for_others(shelf: Shelf) -> None:
    await changed(shelf, "m1", "秘密停水", answer="答复")
    assert await suggestions("秘密") == []
    assert [document.title for document in await suggestions("答复")] == ["答复"]
    found = await answer(Asked(q="秘密"), by=ANONYMOUS)
    assert (found.total, found.facets) == (0, {"kind": (), "agency": (), "region": ()})


async def test_public_ranking_does_not_depend_on_restricted_documents(shelf: Shelf) -> None:
    for number in range(5):
        await changed(shelf, f"p{number}", "x", answer="停水" + "通知" * number)
    before = [item.document.no for item in (await answer(Asked(q="停水通知"), by=ANONYMOUS)).items]
    for number in range(30):
        shelf.put(f"r{number}", "停水")
    await changed(shelf, "r30", "停水")
    assert [item.document.no for item in (await answer(Asked(q="停水通知"), by=ANONYMOUS)).items] == before


async def test_words_of_the_public_answer_find_the_restricted_one_for_those_who_may_see_it(shelf: Shelf) -> None:
    await changed(shelf, "m1", "停水", answer="已抢修")
    for by, public in ((ALL, False), (ANONYMOUS, True)):
        found = await answer(Asked(q="抢修"), by=by)
        assert [item.document.public for item in found.items] == [public]
        assert found.total == 1


async def test_own_things_say_so(shelf: Shelf) -> None:
    await changed(shelf, "m1", "停水", owner=CITIZEN.id)
    mine, theirs = await answer(Asked(q="停水"), by=CITIZEN), await answer(Asked(q="停水"), by=ALL)
    assert (mine.items[0].own, theirs.items[0].own) == (True, False)
