"""The desks' queues: rows in the order of their deadlines, filters with counts, the chosen one in full."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

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
ROWS_MAX, COUNTED_MAX = 100, 999
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
    all_of_them = queries.narrowed(queries.visible_to(actor), asked, at)
    rows = await queries.by_deadline(all_of_them.filter(_in_view(chosen, at)), ROWS_MAX)
    counts = {view: await _counted(all_of_them.filter(_in_view(view, at))) for view in VIEWS}
    current_one = next((row for row in rows if row.no == no), rows[0] if rows else None)
    return {
        "rows": await _rows([(row, None) for row in rows], at),
        "views": VIEWS,
        "counts": counts,
        "chosen": chosen,
        "full": len(rows) == ROWS_MAX,
        "one": await _pane(current_one, actor, at) if current_one else None,
    }


async def agency(actor: Actor, chosen: str, no: str, at: datetime) -> dict[str, object]:
    _, states = AGENCY_VIEWS[chosen]
    shares = await queries.inbox_of(actor, states).order_by("due_at", "id").limit(ROWS_MAX)
    counts = {view: await _counted(queries.inbox_of(actor, states)) for view, (_, states) in AGENCY_VIEWS.items()}
    current_one = next((share.ticket for share in shares if share.ticket.no == no), None)
    if current_one is None and shares:
        current_one = shares[0].ticket
    return {
        "rows": await _rows([(share.ticket, share) for share in shares], at),
        "views": {view: label for view, (label, _) in AGENCY_VIEWS.items()},
        "counts": counts,
        "chosen": chosen,
        "full": len(shares) == ROWS_MAX,
        "one": await _pane(current_one, actor, at) if current_one else None,
    }


async def of_phone(phone: str, at: datetime) -> list[Row]:
    """来电弹屏: the caller's tickets, open ones first."""
    found = await queries.of_phone(phone)
    found.sort(key=lambda ticket: ticket.state not in OPEN)
    return await _rows([(ticket, None) for ticket in found], at)


def _in_view(view: str, at: datetime) -> Q:
    match view:
        case "late":
            return Q(due_at__lte=at)
        case "soon":
            return Q(due_at__gt=at, due_at__lte=at + SOON)
        case "urgent":
            return Q(urgency__not=Urgency.NORMAL)
    return Q()


async def _counted(found: QuerySet[Any]) -> str:
    """Exact as far as anybody would count."""
    number = await queries.count(found, COUNTED_MAX + 1)
    return str(number) if number <= COUNTED_MAX else f"{COUNTED_MAX}+"


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
