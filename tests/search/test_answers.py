"""What is asked for comes first, page after page."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.errors import FormRejected, Malformed
from kernel.permissions import ANONYMOUS
from search.answering import answer
from search.engine import Sort
from search.forms import Ask
from search.indexing import indexing
from search.inquiry import Asked
from tests.search.memos import NOON, Shelf
from tests.search.people import ALL, CITIZEN
from tests.search.test_indexing import changed, nos

pytestmark = pytest.mark.usefixtures("database")
TITLES = st.text(alphabet="江北城东区小停水路灯不亮通知臺灣ABc0123〔〕号，-（） ", min_size=2, max_size=24)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(titles=st.lists(TITLES, min_size=1, max_size=5), data=st.data())
async def test_any_literal_piece_of_a_title_finds_it(shelf: Shelf, titles: list[str], data: st.DataObject) -> None:
    shelf.memos.clear()
    for number, title in enumerate(titles):
        shelf.put(f"m{number}", title)
    await asyncio.gather(*(indexing().bring(f"memo:m{number}", at=NOON) for number in range(5)))
    number = data.draw(st.integers(0, len(titles) - 1))
    begin = data.draw(st.integers(0, len(titles[number]) - 2))
    piece = titles[number][begin : data.draw(st.integers(begin + 2, len(titles[number])))]
    if any(map(str.isalnum, piece)):
        assert f"m{number}" in await nos(piece)


async def test_the_exact_number_comes_first_however_it_is_written(shelf: Shelf) -> None:
    for number in range(20):
        shelf.put(f"m{number}", f"网挂2026第18号地块保证金{number}")
    await changed(shelf, "m99", "国有建设用地使用权挂牌出让", number=("网挂〔2026〕18号",))
    for typed in ("网挂〔2026〕18号", "网挂[2026]18号", "网挂【2026】18号 保证金", "〔2026〕18号", "网挂（2026）18号"):
        found = await answer(Asked(q=typed), by=ALL)
        assert (found.items[0].document.no, found.items[0].pinned) == ("m99", True), typed
        assert sum(item.document.no == "m99" for item in found.items) == 1


async def test_a_number_is_found_by_its_last_six(shelf: Shelf) -> None:
    await changed(shelf, "12345-20261122-000123-5", "小区停水")
    for typed in ("12345-20261122-000123-5", "12345202611220001235", "001235"):
        assert await nos(typed) == ["12345-20261122-000123-5"], typed


async def test_pages_follow_each_other_without_gap_or_double_and_lead_back(shelf: Shelf) -> None:
    for number in range(24):
        shelf.put(f"m{number}", f"停水{number}", answer="停水的答复" if number % 3 == 0 else "")
    for number in range(10):
        shelf.put(f"n{number}", "路灯", path="/37/", answer=f"停水{number}")
    await changed(shelf, "m24", "停水")
    for sort in Sort:
        asked = Asked(q="停水", limit=5, sort=sort)
        first = page = await answer(asked, by=ALL)
        seen = [item.document.no for item in page.items]
        while page.next:
            before, page = page, await answer(asked, by=ALL, at_cursor=page.next)
            seen += [item.document.no for item in page.items]
            assert page.previous
            back = await answer(asked, by=ALL, at_cursor=page.previous)
            assert [item.document.no for item in back.items] == [item.document.no for item in before.items]
        assert len(seen) == len(set(seen)) == first.total == 35


async def test_newest_first_across_both_indexes(shelf: Shelf) -> None:
    await changed(shelf, "m1", "停水一")
    await changed(shelf, "m2", "停水二二二", path="/37/", answer="停水的答复")
    await changed(shelf, "m3", "停水三三")
    found = await answer(Asked(q="停水", sort=Sort.NEWEST), by=ALL)
    assert [item.document.no for item in found.items] == ["m2", "m3", "m1"]


async def test_ac09_a_cursor_serves_only_its_reader_and_its_question(shelf: Shelf) -> None:
    for number in range(5):
        shelf.put(f"m{number}", "停水", owner=CITIZEN.id, answer="停水")
    await changed(shelf, "m5", "停水", owner=CITIZEN.id, answer="停水")
    asked = Asked(q="停水", limit=2)
    cursor = (await answer(asked, by=CITIZEN)).next or ""
    assert (await answer(asked, by=CITIZEN, at_cursor=cursor)).page == 2

    forged = cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB")
    for by, question, given_back in (
        (ALL, asked, cursor),
        (ANONYMOUS, asked, cursor),
        (CITIZEN, Asked(q="停电", limit=2), cursor),
        (CITIZEN, Asked(q="停水", limit=3), cursor),
        (CITIZEN, asked, forged),
        (CITIZEN, asked, "停水"),
        (CITIZEN, asked, "x"),
        (CITIZEN, asked, "A" * 999),
    ):
        with pytest.raises(Malformed):
            await answer(question, by=by, at_cursor=given_back)


async def test_after_fifty_pages_there_is_no_next(shelf: Shelf) -> None:
    for number in range(60):
        shelf.put(f"m{number}", "停水")
    await changed(shelf, "m60", "停水")
    asked = Asked(q="停水", limit=1)
    page = await answer(asked, by=ALL)
    while page.next:
        page = await answer(asked, by=ALL, at_cursor=page.next)
    assert page.page == 50


async def test_a_slip_of_the_hand_in_a_long_question_still_finds(shelf: Shelf) -> None:
    await changed(shelf, "m1", "江北区云谷路小区停水通知")
    assert await nos("江北区云谷路小区亭水通知") == ["m1"]
    assert await nos("停电") == []


def test_do03_a_question_has_a_length_and_a_number_of_words() -> None:
    assert Ask.check({"q": "水" * 200}).q
    for q in ("水" * 201, " ".join("水" * 21)):
        with pytest.raises(FormRejected) as refused:
            Ask.check({"q": q})
        assert set(refused.value.fields) == {"q"}


@pytest.mark.parametrize(
    "q", ["*", "?", "”", "a:b OR c", "\\", "'; drop", "<script>", "　", "-停水", "~", "()", "\u200b"]
)
async def test_signs_of_query_languages_mean_nothing(shelf: Shelf, q: str) -> None:
    await changed(shelf, "m1", "停水")
    assert not (await answer(Asked(q=q), by=ALL)).degraded
