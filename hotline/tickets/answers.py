"""公开答复: released answers, read straight from the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hotline.tickets import queries
from hotline.tickets.disclosure import is_public_answer, public_answer
from hotline.tickets.models import Ticket
from kernel import journal
from kernel.module import Headline

PAGE = 20


@dataclass(frozen=True, slots=True)
class Released:
    no: str
    title: str
    body: str
    agency: str
    type: str
    at: datetime
    owner: str = ""  # code of the agency that answered; empty: the centre


async def headlines(limit: int) -> list[Headline]:
    return [Headline(one.title, f"/hotline/answers/{one.no}", one.agency, one.at) for one in await newest(limit)]


async def newest(limit: int) -> list[Released]:
    found, _ = await page("", limit=limit)
    return found


async def page(words: str, *, after: str = "", limit: int = PAGE) -> tuple[list[Released], str]:
    """Those whose answer names nobody, newest first, continued after the answer of that number."""
    rows, following = await queries.last_closed(queries.answered(words), after=after, limit=limit)
    return await released(rows), following


async def one(no: str) -> Released | None:
    found = await released(await queries.answered("").filter(no=no))
    return found[0] if found else None


async def released(tickets: Sequence[Ticket]) -> list[Released]:
    """Of these the ones that may be released."""
    shown = []
    if tickets:
        await Ticket.fetch_for_list(list(tickets), "assignments__agency")
    refs = [thing.ref for ticket in tickets for thing in (ticket, *ticket.assignments)]
    texts = await journal.unsealed_all(refs, ("body", "answer"), but=queries.SUPPLIED)
    for ticket in tickets:
        shares = sorted(ticket.assignments, key=lambda share: share.number)
        answer = public_answer(ticket, shares, texts) if is_public_answer(ticket) else None
        if answer is not None and ticket.closed_at is not None:
            shown.append(
                Released(
                    ticket.no,
                    answer.title,
                    answer.body,
                    answer.agency,
                    ticket.type.label,
                    ticket.closed_at,
                    shares[-1].agency.code if shares else "",
                )
            )
    return shown
