"""What lifts and lowers an answer: every factor by itself, the clock's part in it, and both engines doing as told."""

from dataclasses import replace
from datetime import datetime, timedelta
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.calendar import Calendar
from kernel.citytime import midnight
from kernel.errors import FormRejected
from kernel.searchable import Document, Life
from search import queries, ranking
from search.indexing import indexing
from search.models import Applied
from search.ranking import CONSTANTS, Factors, Moment, factors, next_look
from tests.search.memos import NOON, Shelf
from tests.search.test_indexing import nos

DAYS = Calendar(1, {}, (2026,))
NOW = Moment(NOON, DAYS)  # a Monday
A_DAY = timedelta(days=1)
PLAIN = Document(kind="memo", no="1", url="/", title="停水", public=True, version=1)


def at(moment: datetime) -> Moment:
    return Moment(moment, DAYS)


def rank(document: Document, moment: Moment = NOW) -> Factors:
    return factors(document, moment)


def test_a_document_that_says_nothing_of_itself_is_neither_lifted_nor_lowered() -> None:
    assert (rank(PLAIN).boost, rank(PLAIN).steps, next_look(PLAIN, NOW)) == (1.0, 16, None)


def test_guides_go_before_answers_and_what_is_repealed_last_whatever_it_is() -> None:
    boosts = [rank(replace(PLAIN, kind=kind)).boost for kind in ("guide", "faq", "notice", "page")]
    assert boosts == [1.6, 1.2, 1.0, 0.7]
    assert {rank(replace(PLAIN, kind=kind, life=Life.HISTORIC)).boost for kind in ("guide", "page")} == {0.4}


def test_what_brings_things_to_their_end_is_lifted_by_half_at_most() -> None:
    assert rank(replace(PLAIN, uses=0)).popularity == 1.0
    assert 1.2 < rank(replace(PLAIN, uses=30)).popularity < 1.3
    assert rank(replace(PLAIN, uses=1_000)).popularity == rank(replace(PLAIN, uses=10**9)).popularity == 1.5


def test_a_notice_loses_half_in_45_days_down_to_its_floor_and_a_guide_never_ages() -> None:
    notice = replace(PLAIN, kind="notice", published=NOON)
    assert isclose(rank(notice, at(NOON + 45 * A_DAY)).fresh, 0.5)
    assert rank(notice, at(NOON + 900 * A_DAY)).fresh == 0.4
    assert rank(notice, at(NOON - A_DAY)).fresh == 1.0, "published from tomorrow on"
    assert rank(replace(notice, kind="guide"), at(NOON + 900 * A_DAY)).fresh == 1.0


def test_what_can_be_acted_on_is_lifted_less_near_its_end_and_lowered_after_it() -> None:
    """The deadline is Thursday noon of the week after next; the last three working days begin on its Monday."""
    deadline = NOON + 17 * A_DAY
    open_one = replace(PLAIN, life=Life.OPEN, deadline=deadline)
    closing = midnight((deadline - 3 * A_DAY).date())
    assert rank(replace(open_one, deadline=None)).life == 1.3
    assert rank(open_one, at(closing - timedelta(seconds=1))).life == 1.3
    assert rank(open_one, at(closing)).life == rank(open_one, at(deadline - timedelta(seconds=1))).life == 1.2
    assert rank(open_one, at(deadline)).life == rank(replace(PLAIN, life=Life.OVER)).life == 0.5


def test_an_incomplete_one_is_lowered() -> None:
    assert rank(replace(PLAIN, complete=False)).quality == 0.8


DOCUMENTS = st.builds(
    lambda kind, life, deadline, published, complete, uses: replace(
        PLAIN, kind=kind, life=life, deadline=NOON + timedelta(hours=deadline), complete=complete, uses=uses,
        published=NOON + timedelta(hours=published),
    ),
    st.sampled_from(["guide", "faq", "notice", "policy", "page", "lot"]), st.sampled_from(Life), st.integers(-99, 2000),
    st.integers(-2000, 99), st.booleans(), st.none() | st.integers(0, 10**7),
)  # fmt: skip


@given(DOCUMENTS)
def test_no_document_is_beyond_the_bounds(document: Document) -> None:
    assert CONSTANTS.boost_min <= rank(document).boost <= CONSTANTS.boost_max


@given(DOCUMENTS, st.integers(0, 3000))
def test_until_the_next_look_the_value_stays_within_a_day(document: Document, hours: int) -> None:
    """Fresh is looked at by days: what changes in between is found at the next of them."""
    look, moment = next_look(document, NOW), NOON + timedelta(hours=hours)
    if look is None or moment <= look - A_DAY:
        assert rank(document, at(moment)).steps == rank(document).steps
    assert look is None or look > NOON


@pytest.mark.parametrize(
    ("constant", "otherwise"),
    [
        ("boost_min = 0.25", "boost_min = 4.0\n#"), ("boost_min = 0.25", ""), ("default = 1.0", ""),
        ("historic = 0.4", ""), ("gain = 0.5", "gain = 0.5\nclicks = 1"), ("half_life_days = 45", "half_life_days = 0"),
        ("closing = 1.2", 'closing = "much"'),
    ],
)  # fmt: skip
def test_constants_that_nobody_can_have_meant_are_refused(constant: str, otherwise: str) -> None:
    text = ranking._TEXT
    assert ranking.read(text) == CONSTANTS
    bad = text.replace(constant, otherwise).replace(
        "boost_max = 4.0", "boost_max = 1.0" if "#" in otherwise else "boost_max = 4.0"
    )
    with pytest.raises(FormRejected):
        ranking.read(bad)


async def brought(shelf: Shelf, no: str, title: str, **given: object) -> None:
    await indexing().bring(shelf.put(no, title, **given), at=NOON)


@pytest.mark.usefixtures("database")
async def test_of_two_that_fit_alike_the_one_that_can_be_acted_on_comes_first(shelf: Shelf) -> None:
    for number, life in enumerate((Life.HISTORIC, Life.OVER, Life.OPEN, Life.STANDING)):
        await brought(shelf, f"m{number}", "停水通知", life=life)
    assert await nos("停水") == ["m2", "m3", "m1", "m0"]


@pytest.mark.usefixtures("database")
async def test_a_deadline_that_passes_moves_its_document_and_no_other(shelf: Shelf) -> None:
    await brought(shelf, "m1", "停水通知")
    await brought(shelf, "m2", "停水通知", life=Life.OPEN, deadline=NOON + 30 * A_DAY)
    assert await nos("停水") == ["m2", "m1"]
    asked = shelf.asked

    assert await indexing().look_at_ranks(at=NOON + A_DAY) == 0
    assert shelf.asked == asked, "nothing was even read"
    assert await indexing().look_at_ranks(at=NOON + 31 * A_DAY) == 1
    assert await nos("停水") == ["m1", "m2"]
    assert await queries.to_look_at(NOON + 900 * A_DAY, 10) == []


@pytest.mark.usefixtures("database")
async def test_what_is_counted_is_looked_at_daily_and_written_only_when_it_has_moved(shelf: Shelf) -> None:
    await brought(shelf, "m1", "停水通知", uses=3)
    before = await Applied.get(ref="memo:m1")
    shelf.memos["m1"].uses = 4
    assert await indexing().look_at_ranks(at=NOON + A_DAY) == 1
    same = await Applied.get(ref="memo:m1")
    assert (same.rank, same.at) == (before.rank, before.at)
    assert same.look_at == NOON + 2 * A_DAY

    shelf.memos["m1"].uses = 500
    assert await indexing().look_at_ranks(at=NOON + 2 * A_DAY) == 1
    assert (await Applied.get(ref="memo:m1")).rank > before.rank
