"""The desks' queues: rows in the order of their deadlines, filters with counts, the chosen one in full."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from hotline.categories import queries as categories
from hotline.desks import queries as own
from hotline.refusals import queries as refusals
from hotline.suggestions import rules as suggestion_rules
from hotline.suggestions import suggest
from hotline.suggestions.suggest import Guessed
from hotline.tickets import disclosure, queries, showing
from hotline.tickets.forms import Urgency
from hotline.tickets.models import Assignment, Ticket
from hotline.tickets.states import OPEN, AssignmentState, TicketState
from kernel.calendar import Calendar, current
from kernel.clocks import queries as clocks
from kernel.clocks.models import Clock
from kernel.clocks.words import Remaining, remaining
from kernel.errors import FormRejected, NotFound
from kernel.people.queries import active_organisations
from kernel.permissions import Actor

A = AssignmentState
ROWS_MAX, COUNTED_MAX = 100, 99
SOON = timedelta(hours=1)
QUEUES: dict[str, tuple[str, frozenset[TicketState]]] = {
    "refusing": ("拟不予受理", frozenset({TicketState.REG})),
    "dispatch": ("待派单", frozenset({TicketState.REG, TicketState.PDISP})),
    "review": ("待审核", frozenset({TicketState.REVIEW})),
    "visit": ("待回访", frozenset({TicketState.VISIT})),
}
VIEWS = {"all": "全部", "late": "已超时", "soon": "1 小时内到期", "urgent": "特急紧急"}
WITHDRAWN = "withdrawn"
ORPHANED = "orphaned"
VIEWS_OF = {  # a desk's own filters
    "visit": VIEWS | {WITHDRAWN: "撤诉抽查"}, "dispatch": VIEWS | {ORPHANED: "单位已停用"},
}  # fmt: skip
OWN_VIEWS = {WITHDRAWN: queries.drawn, ORPHANED: queries.orphaned}
AGENCY_VIEWS: dict[str, tuple[str, tuple[AssignmentState, ...]]] = {
    "open": ("全部在办", (A.A_NEW, A.A_SIGNED, A.A_FIX)),
    "new": ("待签收", (A.A_NEW,)),
    "signed": ("办理中", (A.A_SIGNED,)),
    "fix": ("退回补办", (A.A_FIX,)),
    "objected": ("异议审核", (A.A_OBJ,)),
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
    promised: Remaining | None = None  # the total that runs for the caller


async def tickets(actor: Actor, desk: str, chosen: str, no: str, at: datetime, words: str = "") -> dict[str, object]:
    _, states = QUEUES[desk]
    seen, views = queries.narrowed(queries.visible_to(actor), queries.Asked(words=words), at), views_of(desk)
    if desk == "refusing":
        seen = seen.filter(no__in=refusals.proposed_nos())
    here = {
        view: OWN_VIEWS[view](seen) if view in OWN_VIEWS else seen.filter(_in_view(view, at), state__in=[*states])
        for view in views
    }
    rows = await queries.by_deadline(here[chosen], ROWS_MAX)
    counts = {view: await _counted(found) for view, found in here.items()}
    current_one = next((row for row in rows if row.no == no), rows[0] if rows else None)
    return {
        "rows": await _rows([(row, None) for row in rows], at),
        "views": views,
        "counts": counts,
        "chosen": chosen,
        "full": len(rows) == ROWS_MAX,
        "one": await _pane(current_one, actor, at) if current_one else None,
    }


def views_of(desk: str) -> dict[str, str]:
    return VIEWS_OF.get(desk, VIEWS)


async def ruling(actor: Actor, chosen: str, no: str, at: datetime, words: str = "") -> dict[str, object]:
    """待裁决: objections by the deadline of their ruling, a co-unit's, too, while its ticket goes on."""
    mine = queries.objections(actor).filter(_named(words))
    shares = await mine.filter(_in_view(chosen, at, "ticket__")).order_by("due_at", "id").limit(ROWS_MAX)
    current_one = next((share.ticket for share in shares if share.ticket.no == no), None)
    if current_one is None and shares:
        current_one = shares[0].ticket
    return {
        "rows": await _rows([(share.ticket, share) for share in shares], at),
        "views": VIEWS,
        "counts": {view: await _counted(mine.filter(_in_view(view, at, "ticket__"))) for view in VIEWS},
        "chosen": chosen,
        "full": len(shares) == ROWS_MAX,
        "one": await _pane(current_one, actor, at) if current_one else None,
    }


async def agency(actor: Actor, chosen: str, no: str, at: datetime, words: str = "") -> dict[str, object]:
    _, states = AGENCY_VIEWS[chosen]
    asked = _named(words)
    mine = queries.inbox_of(actor, states).filter(asked)
    shares = await mine.order_by("due_at", "id").limit(ROWS_MAX)
    every = {view: queries.inbox_of(actor, of_view).filter(asked) for view, (_, of_view) in AGENCY_VIEWS.items()}
    counts = {view: await _counted(found) for view, found in every.items()}
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


def _named(words: str) -> Q:
    """Shares of tickets with that number, or with these words in the title; all of them where nothing is asked."""
    return Q(ticket__no=words) | Q(ticket__title__contains=words) if words else Q()


async def of_phone(phone: str, actor: Actor, at: datetime) -> list[Row]:
    """来电弹屏: the caller's tickets, open ones first, each with whoever has it in hand and what was promised."""
    found = await queries.of_phone(phone, actor)
    found.sort(key=lambda ticket: ticket.state not in OPEN)
    held = await queries.held_by(found)
    totals, calendar = await clocks.totals([ticket.ref for ticket in found if ticket.state in OPEN]), await current()
    return [
        replace(row, share=held.get(row.ticket.id), promised=_left(totals.get(row.ticket.ref), calendar, at))
        for row in await _rows([(one, None) for one in found], at)
    ]


@dataclass(frozen=True, slots=True)
class Proposed:
    """One line of a batch: to whom it would go and why; `row` is what accepting it sends back."""

    ticket: Ticket
    agency: str
    reason: str
    p: float
    row: str


async def proposed(actor: Actor, nos: Sequence[str]) -> list[Proposed]:
    """The likeliest agency of each; none for 紧急, 特急, 保密, 拟不予受理, or where nothing points anywhere."""
    found, doubted = [], await refusals.proposed_among(nos)
    for ticket in await queries.by_deadline(queries.visible_to(actor, nos), ROWS_MAX):
        alone = ticket.no in doubted or not suggestion_rules.may_be_filled_in(ticket)
        offers = [] if alone else await offered(ticket)
        best = offers[0] if offers else None
        if best is None:
            found.append(Proposed(ticket, "", "", 0, ""))
        else:
            row = f"{ticket.no} {ticket.version} {best['code']}"
            found.append(Proposed(ticket, str(best["name"]), str(best["reason"]), float(str(best["p"])), row))
    return found


async def accepted(actor: Actor, rows: Sequence[str]) -> list[tuple[Ticket, int, str, str]]:
    """What a page showed and a person accepted: ticket, the version they saw, agency, basis.

    An agency that no proposal names any more is refused, as is a row that isn't one of ours."""
    told = [one.split(" ") for one in rows]
    if any(len(one) != 3 or not one[1].isdecimal() or len(one[1]) > 9 for one in told):
        raise FormRejected({"row": "选中的工单没有认出来，请回到待派单重新选择。"})
    seen = {ticket.no: ticket for ticket in await queries.visible_to(actor, [one[0] for one in told])}
    found = []
    for no, version, agency in told:
        ticket = seen.get(no)
        offers = await offered(ticket) if ticket else []
        basis = next((str(one["reason"]) for one in offers if one["code"] == agency), "")
        if ticket is None or not basis:
            raise FormRejected({"row": f"工单 {no} 的建议已经变了，请回到待派单重新选择。"})
        found.append((ticket, int(version), agency, basis))
    return found


async def offered(ticket: Ticket) -> list[dict[str, Any]]:
    """The agencies proposed for a ticket, the operator's own choice first."""
    shown = await _proposals(ticket, await queries.content(ticket))
    return cast("list[dict[str, Any]]", shown["agencies"])


async def _proposals(ticket: Ticket, content: str, guessed: Guessed | None = None) -> dict[str, object]:
    found = await suggest.for_dispatch(ticket, content, guessed)
    code = await own.advised(ticket.no)
    named = (await active_organisations([code])).get(code) if code else None
    if named:
        others = [one for one in cast("list[dict[str, Any]]", found["agencies"]) if one["code"] != code]
        first = {
            "code": code,
            "name": named.name,
            "p": 1.0,
            "words": [],
            "reason": "话务员接听时选定",
            "learned": False,
        }
        found["agencies"] = [first, *others]
    return found


def _in_view(view: str, at: datetime, of: str = "") -> Q:
    """`of`: way to the ticket; the deadline is the row's own."""
    match view:
        case "late":
            return Q(due_at__lte=at)
        case "soon":
            return Q(due_at__gt=at, due_at__lte=at + SOON)
        case "urgent":
            urgent: dict[str, Any] = {f"{of}urgency__in": [one for one in Urgency if one is not Urgency.NORMAL]}
            return Q(**urgent)
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
    await disclosure.look(ticket, by=actor, at=at)
    shown = await showing.whole(ticket, actor, at)
    if ticket.state in {TicketState.REG, TicketState.PDISP}:
        content = shown["content"]
        if not isinstance(content, str):
            raise NotFound(what="该工单")
        proposed = await _proposals(ticket, content, shown["guessed"])
        filled_in = suggestion_rules.may_be_filled_in(ticket) and not shown["refusing"]
        shown["proposals"] = proposed | {"filled_in": filled_in}
    return shown
