"""The verbs of the books. A posting that doesn't balance can't be said: each transfer names both ends."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import rfc8785
from tortoise.connection import get_connection
from tortoise.expressions import F

from kernel.citytime import day_of
from kernel.database import transaction
from kernel.errors import KeyReused, Refusal
from kernel.money import queries
from kernel.money.models import AccountType, Book, Day, Line, Posting
from kernel.permissions import Actor

FEN_MAX = 10**15  # ten million million yuan: more than any account of a city


class DayClosed(Refusal):
    code, text = "day_closed", "{day} 已日结，不能再记入这一天，请记入下一个未结的日期。"


class MoreThanPaid(Refusal):
    code, text = "more_than_paid", "退款超过可退金额，最多还可退 {left_fen} 分。"


class NotCovered(Refusal):
    code, text = "not_covered", "账户 {code} 的余额不足，不能支出。"


class BadAmount(Refusal):
    status, code, text = 422, "bad_amount", "金额须是大于零的整数（分），且不超过上限。"


class SameBook(Refusal):
    status, code, text = 422, "same_book", "转出和转入不能是同一账户。"


@dataclass(frozen=True, slots=True)
class Transfer:
    """`amount_fen` from one book to another: the two lines are written from this one number."""

    source: str
    target: str
    amount_fen: int


async def open_book(code: str, type_: AccountType, org_path: str) -> Book:
    """Twice is once."""
    async with transaction():
        return (await Book.get_or_create(code=code, defaults={"type": type_, "org_path": org_path}))[0]


async def post(
    key: str, about: str, text: str, transfers: Sequence[Transfer], *, by: Actor, at: datetime,
    undoes: Posting | None = None,
) -> Posting:  # fmt: skip
    """Book all transfers, or none. The same key with the same content is the same posting.

    Raises KeyReused, DayClosed, NotCovered, BadAmount, SameBook."""
    told = _told(about, text, transfers, undoes)
    async with transaction():
        books = await _locked({code for transfer in transfers for code in (transfer.source, transfer.target)})
        if before := await queries.by_key(key):
            if before.digest != told:
                raise KeyReused
            return before
        day = day_of(at)
        closed = await queries.last_closed()
        if closed and day <= closed:
            raise DayClosed(day=day.isoformat())
        posting = Posting(key=key, about=about, text=text, actor_id=by.id, at=at, day=day, undoes=undoes, digest=told)
        await posting.save(force_create=True)
        for transfer in transfers:
            await _move(posting, books, transfer)
    return posting


async def refund(paid: Posting, key: str, amount_fen: int, *, by: Actor, at: datetime) -> Posting:
    """Give back all or part of a posting of one transfer, never more than it moved. Raises MoreThanPaid."""
    async with transaction():
        lines = await queries.lines_of(paid)
        assert len(lines) == 2, "a posting of several transfers is undone transfer by transfer"
        (source, _), (target, moved_fen) = lines
        await _locked({source, target})
        if await queries.by_key(key) is None:
            left_fen = moved_fen - await queries.refunded_fen(paid, target)
            if amount_fen > left_fen:
                raise MoreThanPaid(left_fen=left_fen)
        back = [Transfer(target, source, amount_fen)]
        return await post(key, paid.about, f"退：{paid.text}"[:100], back, by=by, at=at, undoes=paid)


async def close_day(day: date, *, by: Actor, at: datetime) -> Day:
    """日结: what was booked that day is counted and nothing is added to it. Raises DayClosed, and refuses today."""
    async with transaction():
        closed = await queries.last_closed()
        if (closed and day <= closed) or day >= day_of(at):
            raise DayClosed(day=day.isoformat()) if closed and day <= closed else TooEarly(day=day.isoformat())
        count = await Posting.filter(day=day).count()
        debits = await Line.filter(posting__day=day, amount_fen__gt=0).values_list("amount_fen", flat=True)
        turnover_fen = sum(int(str(fen)) for fen in debits)
        row = Day(day=day, postings=count, turnover_fen=turnover_fen, closed_by=by.id, closed_at=at)
        await row.save(force_create=True)
    return row


class TooEarly(Refusal):
    code, text = "too_early", "{day} 还没有过完，不能日结。"


async def _locked(codes: set[str]) -> dict[str, Book]:
    """Always in the same order: two transfers between two books can't wait for one another."""
    books = {}
    for code in sorted(codes):
        book = await queries.book(code)
        if get_connection("default").capabilities.support_for_update:
            await Book.filter(id=book.id).select_for_update(no_key=True).only("id")
        books[code] = book
    return books


async def _move(posting: Posting, books: dict[str, Book], transfer: Transfer) -> None:
    source, target, fen = books[transfer.source], books[transfer.target], transfer.amount_fen
    for book, amount_fen in ((source, -fen), (target, fen)):
        await Line(posting=posting, book=book, amount_fen=amount_fen).save(force_create=True)
        await Book.filter(id=book.id).update(balance_fen=F("balance_fen") + amount_fen)
    if source.type is AccountType.HOLDING and (await Book.get(id=source.id)).balance_fen < 0:
        raise NotCovered(code=source.code)


def _told(about: str, text: str, transfers: Sequence[Transfer], undoes: Posting | None) -> str:
    assert transfers, "a posting moves something"
    for transfer in transfers:
        if type(transfer.amount_fen) is not int or not 0 < transfer.amount_fen <= FEN_MAX:
            raise BadAmount
        if transfer.source == transfer.target:
            raise SameBook
    line = [about, text, undoes.key if undoes else "", *[[t.source, t.target, str(t.amount_fen)] for t in transfers]]
    return hashlib.sha256(rfc8785.dumps(line)).hexdigest()
