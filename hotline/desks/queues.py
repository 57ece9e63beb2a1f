"""The desks' queues: rows in the order of their deadlines, filters with counts, the chosen one in full."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hotline.categories import queries as categories
from hotline.suggestions import suggest
from hotline.tickets import queries, showing
from hotline.tickets.forms import Urgency
from hotline.tickets.models import Assignment, Ticket
from hotline.tickets.states import OPEN, AssignmentState, TicketState
from kernel.calendar import Calendar, current
from kernel.clocks import queries as clocks
from kernel.clocks.models import Clock
from kernel.clocks.words import Remaining, remaining
from kernel.errors import NotFound
from kernel.permissions import Actor

A = AssignmentState
ROWS_MAX = 100
SOON = timedelta(hours=1)
VIEWS = {"all": "全部", "late": "已超时", "soon": "1 小时内到期", "urgent": "特急紧急"}
AGENCY_VIEWS: dict[str, tuple[str, tuple[AssignmentState, ...]]] = {
    "open": ("全部在办", (A.A_NEW, A.A_SIGNED, A.A_FIX)),
    "new": ("待签收", (A.A_NEW,)),
    "signed": ("办理中", (A.A_SIGNED,)),
    "fix": ("退回补办", (A.A_FIX,)),
    "replied": ("已答复", (A.A_REPLIED,)),
    "done": ("已完成", (A.A_DONE,)),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line: the ticket, in an agency its assignment, the clock that counts here."""

    ticket: Ticket
    share: Assignment | None
    left: Remaining | None
    category: str


async def tickets(
    actor: Actor, states: Collection[TicketState], chosen: str, no: str, at: datetime
) -> dict[str, object]:
    asked = queries.Asked(states=[state.value for state in states])
    rows = await queries.by_deadline(queries.narrowed(queries.visible_to(actor), asked, at), ROWS_MAX)
    counts = {view: sum(_shown(row, view, at) for row in rows) for view in VIEWS}
    seen = [row for row in rows if _shown(row, chosen, at)]
    lines = await _rows([(row, None) for row in seen], at)
    current_one = next((row for row in seen if row.no == no), seen[0] if seen else None)
    return {
        "rows": lines,
        "views": VIEWS,
        "counts": counts,
        "chosen": chosen,
        "full": len(rows) == ROWS_MAX,
        "one": await _pane(current_one, actor, at) if current_one else None,
    }


async def agency(actor: Actor, chosen: str, no: str, at: datetime) -> dict[str, object]:
    every = {view: await queries.inbox_of(actor, states, ROWS_MAX) for view, (_, states) in AGENCY_VIEWS.items()}
    shares = every[chosen]
    lines = await _rows([(share.ticket, share) for share in shares], at)
    current_one = next((share.ticket for share in shares if share.ticket.no == no), None)
    if current_one is None and shares:
        current_one = shares[0].ticket
    return {
        "rows": lines,
        "views": {view: label for view, (label, _) in AGENCY_VIEWS.items()},
        "counts": {view: len(found) for view, found in every.items()},
        "chosen": chosen,
        "full": len(shares) == ROWS_MAX,
        "one": await _pane(current_one, actor, at) if current_one else None,
    }


async def of_phone(phone: str, at: datetime) -> list[Row]:
    """来电弹屏: the caller's tickets, open ones first."""
    found = await queries.of_phone(phone)
    found.sort(key=lambda ticket: ticket.state not in OPEN)
    return await _rows([(ticket, None) for ticket in found], at)


def _shown(ticket: Ticket, view: str, at: datetime) -> bool:
    match view:
        case "late":
            return ticket.due_at is not None and ticket.due_at <= at
        case "soon":
            return ticket.due_at is not None and at < ticket.due_at <= at + SOON
        case "urgent":
            return ticket.urgency is not Urgency.NORMAL
    return True


async def _rows(found: Sequence[tuple[Ticket, Assignment | None]], at: datetime) -> list[Row]:
    """The nearest open clock of each, in one query for the whole list."""
    calendar, names = await current(), await categories.names()
    subjects = [(share or ticket).ref for ticket, share in found]
    nearest = await clocks.nearest_open(subjects)
    return [
        Row(
            ticket, share, _left(nearest.get((share or ticket).ref), calendar, at), names.get(ticket.category or "", "")
        )
        for ticket, share in found
    ]


def _left(clock: Clock | None, calendar: Calendar, at: datetime) -> Remaining | None:
    return remaining(clock, calendar, at) if clock else None


async def _pane(ticket: Ticket, actor: Actor, at: datetime) -> dict[str, object]:
    """The one in hand, with what may be done about it and, before dispatch, whom the words point to."""
    shown = await showing.whole(ticket, actor, at)
    if ticket.state in {TicketState.REG, TicketState.PDISP}:
        content = shown["content"]
        if not isinstance(content, str):
            raise NotFound(what="该工单")
        shown["proposals"] = await suggest.for_ticket(ticket, content, by=actor)
    return shown
