"""The books: whole fen, both ends of every transfer, once per key."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tortoise.exceptions import IntegrityError

from kernel.errors import KeyReused
from kernel.money import actions, proof, queries
from kernel.money.actions import Transfer
from kernel.money.models import AccountType, Book, Line, Posting
from kernel.money.words import DIGITS, capital, fee, yuan
from tests.factories import CITY, NOW, OPERATOR

SAID = {
    0: "零元整", 1: "壹分", 10: "壹角整", 11: "壹角壹分", 100: "壹元整", 101: "壹元零壹分", 110: "壹元壹角整",
    1_000: "壹拾元整", 1_010_00: "壹仟零壹拾元整", 10_000_00: "壹万元整", 12_000_00: "壹万贰仟元整",
    10_001_00: "壹万零壹元整", 100_100_00: "壹拾万零壹佰元整", 101_000_00: "壹拾万壹仟元整",
    1_409_50: "壹仟肆佰零玖元伍角整", 6_007_14: "陆仟零柒元壹角肆分", 107_000_53: "壹拾万柒仟元伍角叁分",
    16_409_02: "壹万陆仟肆佰零玖元零贰分", 325_04: "叁佰贰拾伍元零肆分", 100_000_000_00: "壹亿元整",
    100_000_001_00: "壹亿零壹元整", 100_010_000_00: "壹亿零壹万元整", 110_000_000_00: "壹亿壹仟万元整",
    1_000_000_000_000_00: "壹万亿元整", 1_000_200_000_000_00: "壹万零贰亿元整", -12_000_00: "负壹万贰仟元整",
}  # fmt: skip
PLACES = {"拾": 10, "佰": 100, "仟": 1000}


def nothing_done(done: int, of: int) -> None:
    """Nobody watches."""


async def books() -> None:
    for code, kind in (("bank", AccountType.BANK), ("deposit", AccountType.HOLDING), ("fee", AccountType.INCOME)):
        await actions.open_book(code, kind, CITY)


async def paid(fen: int = 5_000_00, key: str = "k1") -> Posting:
    return await actions.post(key, "lot:1", "保证金", [Transfer("bank", "deposit", fen)], by=OPERATOR, at=NOW)


@pytest.mark.parametrize(("fen", "said"), SAID.items())
def test_an_amount_in_capitals_is_as_cheques_say_it(fen: int, said: str) -> None:
    assert capital(fen) == said


@given(st.integers(0, 10**15))
def test_an_amount_in_capitals_reads_back_as_itself(fen: int) -> None:
    assert read_back(capital(fen)) == fen
    assert "零零" not in capital(fen)


def test_amounts_beyond_the_words_are_refused() -> None:
    with pytest.raises(ValueError, match="超出"):
        capital(10**18)


@given(st.integers(-(10**15), 10**15))
def test_an_amount_in_a_table_reads_back_as_itself(fen: int) -> None:
    said = yuan(fen)
    assert said.endswith(" 元")
    assert int(said.removesuffix(" 元").replace(",", "").replace(".", "")) == fen


def test_no_fee_is_said_in_words() -> None:
    assert (fee(0), fee(12_942_100)) == ("不收费", "129,421.00 元")


@pytest.mark.usefixtures("database")
async def test_what_is_booked_balances_and_verify_proves_it() -> None:
    await books()
    await paid()
    await actions.post("k2", "lot:1", "转收入", [Transfer("deposit", "fee", 2_000_00)], by=OPERATOR, at=NOW)
    assert [await queries.balance_fen(code) for code in ("bank", "deposit", "fee")] == [-5_000_00, 3_000_00, 2_000_00]
    assert await proof.balanced(True, nothing_done) == (2, [])
    await Book.filter(code="fee").update(balance_fen=1)
    assert (await proof.balanced(True, nothing_done))[1] == ["账户 fee 余额 1 分，分录合计 200000 分"]


@pytest.mark.usefixtures("database")
async def test_the_same_key_books_once_and_never_something_else() -> None:
    await books()
    told = await asyncio.gather(*[paid() for _ in range(8)])
    assert len({posting.id for posting in told}) == 1
    assert await queries.balance_fen("deposit") == 5_000_00
    with pytest.raises(KeyReused):
        await paid(fen=1)


@pytest.mark.usefixtures("database")
async def test_refunds_give_back_no_more_than_was_paid_even_at_the_same_moment() -> None:
    await books()
    posting = await paid()

    async def back(n: int) -> bool:
        try:
            await actions.refund(posting, f"r{n}", 2_000_00, by=OPERATOR, at=NOW)
        except actions.MoreThanPaid:
            return False
        return True

    assert sorted(await asyncio.gather(*[back(n) for n in range(4)])) == [False, False, True, True]
    assert await queries.balance_fen("deposit") == 1_000_00
    await actions.refund(posting, "r-last", 1_000_00, by=OPERATOR, at=NOW)
    await actions.refund(posting, "r-last", 1_000_00, by=OPERATOR, at=NOW)  # told twice, done once
    assert (await queries.balance_fen("deposit"), await queries.balance_fen("bank")) == (0, 0)


@pytest.mark.usefixtures("database")
async def test_what_is_held_for_others_is_never_overdrawn_and_nothing_of_a_refused_posting_stays() -> None:
    await books()
    await paid()
    both = [Transfer("deposit", "fee", 3_000_00), Transfer("deposit", "bank", 3_000_00)]
    with pytest.raises(actions.NotCovered):
        await actions.post("k3", "lot:1", "错", both, by=OPERATOR, at=NOW)
    assert await queries.balance_fen("deposit") == 5_000_00
    assert await proof.balanced(True, nothing_done) == (1, [])


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("amount", [0, -1, 10**15 + 1, 1.5, True])
async def test_only_whole_positive_fen_are_booked(amount: int) -> None:
    await books()
    with pytest.raises(actions.BadAmount):
        await paid(fen=amount)


@pytest.mark.usefixtures("database")
async def test_a_closed_day_takes_nothing_more_and_today_can_not_be_closed() -> None:
    await books()
    await paid()
    with pytest.raises(actions.TooEarly):
        await actions.close_day(NOW.date(), by=OPERATOR, at=NOW)
    closed = await actions.close_day(NOW.date(), by=OPERATOR, at=NOW + timedelta(days=1))
    assert (closed.postings, closed.turnover_fen) == (1, 5_000_00)
    with pytest.raises(actions.DayClosed):
        await paid(key="k9")
    with pytest.raises(actions.DayClosed):
        await actions.close_day(NOW.date(), by=OPERATOR, at=NOW + timedelta(days=2))


@pytest.mark.usefixtures("database")
async def test_lines_are_never_changed() -> None:
    await books()
    await paid()
    with pytest.raises(IntegrityError):
        await Line.all().update(amount_fen=1)


def read_back(said: str) -> int:
    """The other way round, written apart from the way there."""
    whole, _, rest = said.removesuffix("整").rpartition("元")
    if "元" not in said:
        whole, rest = "", said.removesuffix("整")
    fen = number(whole) * 100
    jiao, found, tail = rest.rpartition("角")
    fen += DIGITS.index(jiao.strip("零") or "零") * 10 if found else 0
    return fen + DIGITS.index(tail.removesuffix("分").strip("零") or "零")


def number(said: str) -> int:
    for sign, size in (("亿", 10**8), ("万", 10**4)):
        high, found, low = said.rpartition(sign)
        if found:
            return number(high) * size + number(low)
    total, digit = 0, 0
    for sign in said:
        if sign in DIGITS:
            digit = DIGITS.index(sign)
        else:
            total, digit = total + digit * PLACES[sign], 0
    return total + digit
