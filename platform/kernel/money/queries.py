"""Reads of the books."""

from datetime import date

from tortoise.functions import Sum

from kernel.errors import NotFound
from kernel.money.models import Book, Day, Line, Posting


async def book(code: str) -> Book:
    found = await Book.get_or_none(code=code)
    if found is None:
        raise NotFound(what=f"账户 {code}")
    return found


async def by_key(key: str) -> Posting | None:
    return await Posting.get_or_none(key=key)


async def balance_fen(code: str) -> int:
    """What the lines say, not the column beside them."""
    told = await Book.filter(code=code).annotate(total=Sum("lines__amount_fen")).values_list("total", flat=True)
    return int(str(told[0] or 0)) if told else 0


async def lines_of(posting: Posting) -> list[tuple[str, int]]:
    """(book, fen) in the order they were written."""
    lines = await Line.filter(posting_id=posting.id).order_by("id").prefetch_related("book")
    return [(line.book.code, line.amount_fen) for line in lines]


async def refunded_fen(posting: Posting, code: str) -> int:
    """How much of what this posting put into a book its refunds have taken out again."""
    lines = await Line.filter(posting__undoes_id=posting.id, book__code=code)
    return -sum(int(line.amount_fen) for line in lines)


async def last_closed() -> date | None:
    newest = await Day.all().order_by("-day").first()
    return newest.day if newest else None
