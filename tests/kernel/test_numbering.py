"""Numbers for people: never twice, and a slip of the pen is seen."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_11_10

from kernel import numbering
from kernel.database import transaction
from kernel.models import Series
from tests.factories import NOW

NUMBERS = st.builds(
    lambda day, number: numbering.numbered(f"12345-{day:%Y%m%d}", number),
    st.dates(min_value=date(2000, 1, 1)),
    st.integers(min_value=0, max_value=999_999),
)


def test_the_number_of_the_standard_has_its_check_digit() -> None:
    assert numbering.numbered("12345-20261122", 123) == "12345-20261122-000123-5"
    assert numbering.check_digit("079") == 2  # ISO/IEC 7064, example of MOD 11,10: 0792


@given(NUMBERS)
def test_every_number_is_one_that_others_check_in_the_same_way(no: str) -> None:
    assert numbering.well_formed(no)
    assert mod_11_10.is_valid(no.replace("-", ""))


@given(NUMBERS, st.data())
def test_one_wrong_digit_is_always_seen(no: str, data: st.DataObject) -> None:
    places = [place for place, sign in enumerate(no) if sign.isdecimal()]
    place = data.draw(st.sampled_from(places))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != no[place]]))
    assert not numbering.well_formed(no[:place] + other + no[place + 1 :])


@pytest.mark.parametrize("typed", ["", "5", "abc", "１２３", "12345-20261122-000123-4"])
def test_what_is_no_number_is_none(typed: str) -> None:
    assert not numbering.well_formed(typed)


@given(NUMBERS)
def test_a_number_is_understood_however_it_is_typed(no: str) -> None:
    wide = no.translate({ord(sign): ord(sign) + 0xFEE0 for sign in "0123456789-"})
    for typed in (no, no.replace("-", ""), f" {no} ", no.replace("-", " - "), wide):
        assert numbering.as_typed(typed) == no


def test_a_slip_of_the_pen_is_told_and_other_peoples_numbers_are_let_pass() -> None:
    for slip in ("12345-20261122-000123-6", "123452026112200012", "123456"):
        with pytest.raises(ValueError, match="编号不完整"):
            numbering.as_typed(slip)
    assert numbering.as_typed("ZW-2026-7") == "ZW-2026-7"


@pytest.mark.usefixtures("database")
async def test_many_at_once_never_get_the_same_and_a_day_begins_at_one() -> None:
    drawn = await asyncio.gather(*[numbering.draw("12345", NOW, block=7) for _ in range(200)])
    assert len(set(drawn)) == 200
    tomorrow = await numbering.draw("12345", NOW + timedelta(days=1))
    assert tomorrow.startswith("12345-20260303-000001-")


@pytest.mark.usefixtures("database")
async def test_the_day_is_the_citys_not_londons() -> None:
    assert (await numbering.draw("12345", datetime(2026, 3, 2, 15, 59, tzinfo=UTC))).startswith("12345-20260302-")
    assert (await numbering.draw("12345", datetime(2026, 3, 2, 16, 0, tzinfo=UTC))).startswith("12345-20260303-")


@pytest.mark.usefixtures("database")
async def test_a_block_is_never_taken_inside_a_transaction_whose_rollback_would_give_it_out_again() -> None:
    async with transaction():
        with pytest.raises(AssertionError, match="another process"):
            await numbering.draw("12345", NOW)


@pytest.mark.usefixtures("database")
async def test_a_legal_series_has_no_gap_even_where_every_second_document_fails() -> None:
    async def document(fails: bool) -> int | None:
        try:
            async with transaction():
                number = await numbering.legal("澜热督", NOW)
                await asyncio.sleep(0.001)
                if fails:
                    raise ConnectionError  # noqa: TRY301
                return number
        except ConnectionError:
            return None

    given = await asyncio.gather(*[document(fails=bool(n % 2)) for n in range(30)])
    assert sorted(number for number in given if number) == [*range(1, 16)]
    assert await Series.filter(name="澜热督-2026").values_list("taken", flat=True) == [15]


@pytest.mark.usefixtures("database")
async def test_a_legal_number_without_its_document_is_a_programmers_mistake() -> None:
    with pytest.raises(AssertionError, match="gap"):
        await numbering.legal("澜热督", NOW)
