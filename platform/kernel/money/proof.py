"""What `sunhall verify` proves of the books."""

from collections.abc import Callable

from kernel.money.models import Book, Posting

BATCH = 500


async def balanced(full: bool, progress: Callable[[int, int], None]) -> tuple[int, list[str]]:
    """Every posting sums to zero, every book holds what its lines say."""
    found: list[str] = []
    sums: dict[int, int] = {}
    checked, last, total = 0, 0, await Posting.all().count()
    while postings := await Posting.filter(id__gt=last).order_by("id").limit(BATCH).prefetch_related("lines"):
        last, checked = postings[-1].id, checked + len(postings)
        for posting in postings:
            if sum(line.amount_fen for line in posting.lines) or len(posting.lines) < 2:
                found.append(f"凭证 {posting.key} 借贷不平")
            for line in posting.lines:
                sums[line.book_id] = sums.get(line.book_id, 0) + line.amount_fen
        progress(checked, total)
    found += [
        f"账户 {book.code} 余额 {book.balance_fen} 分，分录合计 {sums.get(book.id, 0)} 分"
        for book in await Book.all()
        if book.balance_fen != sums.get(book.id, 0)
    ]
    return checked, found
