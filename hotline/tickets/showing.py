"""A ticket as one person sees it: what pages, print and the desks' panes show, gathered in a few queries."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request

from hotline.categories import queries as categories
from hotline.permissions import P
from hotline.tickets import disclosure, queries
from hotline.tickets.forms import Outcome, Type, Urgency
from hotline.tickets.models import Assignment, Ticket
from hotline.tickets.rules import OUTSIDERS
from kernel.calendar import Calendar, current
from kernel.clocks import queries as clock_queries
from kernel.clocks.models import Clock
from kernel.clocks.ruler import Ruler, ruler
from kernel.clocks.words import Remaining, remaining
from kernel.lifecycle import QUIET, asked_moves
from kernel.models import Entry, Thing
from kernel.people import queries as people
from kernel.people.models import Organisation
from kernel.permissions import Actor
from kernel.secrets import masking

STEPS = {
    "dispatch": "派单", "sign": "签收", "first_contact": "首次联系", "handle": "办理", "redo": "重办",
    "review": "审核", "visit": "回访", "total": "对诉求人总时限",
}  # fmt: skip
# the one filled button, in this order
FORWARD = ("sign", "reply", "contact", "dispatch", "review", "close", "visit", "answer_directly", "supply")
LEVEL_MIN = 2  # of the tree: what lies below the city
OFF_THE_PAGE = {"bring_again", "archive"}  # done by import and by the night
CALLERS_SEE = {
    "register", "queue", "dispatch", "start", "wait", "supply", "submit", "review", "redo", "close", "urge", "withdraw",
    "answer_directly", "settle", "contact", "ask_caller", "archive",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Offer:
    """A move that this person could make: with a sentence instead when a rule stands against it now."""

    name: str
    label: str
    version: int
    share: str
    reason: str
    first: bool


@dataclass(frozen=True, slots=True)
class ClockLine:
    """One limit: what it is for, when it ends, how it stands."""

    step: str
    label: str
    clock: Clock
    left: Remaining


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of 经过: when, what, by whom, in which words."""

    at: datetime
    label: str
    actor: str
    texts: tuple[tuple[str, str], ...]
    quiet: bool


async def whole(ticket: Ticket, actor: Actor, at: datetime) -> dict[str, Any]:
    """Everything a ticket page shows to this person."""
    outside = actor.kind in OUTSIDERS
    shares = await (queries.shares_for_caller(ticket) if outside else queries.shares(actor, ticket))
    texts = await queries.texts(ticket, *shares)
    entries = await queries.story(ticket, shares)
    calendar = await current()
    lines = await _clocks(ticket, shares, calendar, at)
    total = next((line for line in lines if line.step == "total"), None)
    names = await categories.names()
    return {
        "ticket": ticket,
        "shares": shares,
        "category": names.get(ticket.category or "", "未分类"),
        "content": _newest(texts, ticket.ref, "content") or queries.ERASED,
        "address": _newest(texts, ticket.ref, "address") or "",
        "caller": await disclosure.caller(ticket, actor),
        "revealed": None,
        "offers": await offers(ticket, [] if outside else shares, actor, at),
        "clocks": lines,
        "ruler": _ruler(total, calendar, at),
        "happenings": await _story(ticket, shares, entries, texts, actor),
        "entries": [] if outside else entries,
        "replies": [(share, _newest(texts, share.ref, "body")) for share in shares if share.outcome is not None],
        "answer": _newest(texts, ticket.ref, "answer"),
        "question": _open_question(shares, entries, texts),
        "proposals": None,
        "agency_options": _options(await people.agencies()) if actor.may_anywhere(P.TICKET_DISPATCH) else [],
        "leaf_options": [(leaf.code, leaf.path_name) for leaf in await categories.leaves()],
        "outcomes": [(outcome.value, outcome.label) for outcome in Outcome],
        "entry_words": _entry_words(ticket, shares),
        "same_caller": await queries.same_caller(ticket) if actor.may(P.TICKET_READ, ticket.region_path) else [],
    }


def _options(agencies: Sequence[Organisation]) -> list[tuple[str, str]]:
    """Work goes to agencies, centres, enterprises and the four levels of territory, not to governments above."""
    return [(org.code, org.name) for org in agencies if org.level >= LEVEL_MIN]


def _entry_words(ticket: Ticket, shares: Sequence[Assignment]) -> Callable[[Entry], str]:
    things: dict[str, Thing] = {thing.ref: thing for thing in (ticket, *shares)}
    return lambda entry: f"{_label(things[entry.subject], entry)}　{entry.subject.partition(':')[2][-8:]}"


async def offers(ticket: Ticket, shares: Sequence[Assignment], actor: Actor, at: datetime) -> list[Offer]:
    """The ticket's moves and those of the newest assignment, the next step forward first."""
    found: list[Offer] = []
    movers: list[tuple[Thing, str]] = [(ticket, "")]
    if shares:
        movers.append((shares[-1], shares[-1].no))
    for thing, share_no in movers:
        for move, refusal in await asked_moves(thing, actor, at):
            if move.name not in OFF_THE_PAGE:
                reason = str(refusal) if refusal else ""
                found.append(Offer(move.name, move.label, thing.version, share_no, reason, first=False))
    ready = [offer.name for offer in found if not offer.reason]
    ahead = next((name for name in FORWARD if name in ready), "")
    found = [Offer(o.name, o.label, o.version, o.share, o.reason, first=o.name == ahead) for o in found]
    return sorted(found, key=lambda offer: (not offer.first, bool(offer.reason)))


def typed(request: Request) -> dict[str, Any]:
    """What was typed into which of the page's forms: `_move` says which."""
    sent = getattr(request.state, "typed", {})
    return {"typed_moves": {"_move": ""} | dict(sent.items())}


def after(request: Request, ticket: Ticket) -> str:
    """Where a move leads back to: the queue it was made in, or the ticket."""
    asked = str(getattr(request.state, "typed", {}).get("_from", ""))
    desks = {name: request.url_for(f"hotline:{name}").path for name in ("dispatch", "review", "visit", "agency")}
    return desks.get(asked, request.url_for("hotline:ticket", no=ticket.no).path)


async def listing(actor: Actor, params: Mapping[str, str], at: datetime) -> dict[str, Any]:
    """A page of the work list: filters are links, so a view is an address."""
    state, words = params.get("state", ""), params.get("q", "")[:100].strip()
    group = queries.GROUPS.get(state)
    asked = queries.Asked(
        states=[one.value for one in group[1]] if group else (),
        overdue=params.get("overdue") == "1",
        words=words,
        type=params.get("type", "") if params.get("type") in {*Type} else "",
        urgency=params.get("urgency", "") if params.get("urgency") in {*Urgency} else "",
    )
    after_id = params.get("after", "")
    found = queries.narrowed(queries.visible_to(actor), asked, at)
    rows, following = await queries.page(found, after=int(after_id) if after_id.isdecimal() else None, limit=50)
    return {
        "rows": rows,
        "following": following,
        "groups": {name: label for name, (label, _) in queries.GROUPS.items()},
        "state": state if group else "",
        "words": words,
        "overdue": asked.overdue,
        "names": await categories.names(),
    }


async def _clocks(ticket: Ticket, shares: Sequence[Assignment], calendar: Calendar, at: datetime) -> list[ClockLine]:
    refs = [ticket.ref, *(share.ref for share in shares)]
    clocks = await clock_queries.of(refs)
    lines = [ClockLine(clock.step, STEPS[clock.step], clock, remaining(clock, calendar, at)) for clock in clocks]
    return sorted(lines, key=lambda line: line.step == "total")


def _ruler(total: ClockLine | None, calendar: Calendar, at: datetime) -> Ruler | None:
    return ruler(total.clock, calendar, at) if total else None


async def _story(
    ticket: Ticket,
    shares: Sequence[Assignment],
    entries: Sequence[Entry],
    texts: Mapping[tuple[str, int, str], str],
    actor: Actor,
) -> list[Happening]:
    things: dict[str, Thing] = {thing.ref: thing for thing in (ticket, *shares)}
    outside = actor.kind in OUTSIDERS
    names = await people.names({entry.actor_id for entry in entries})
    told: list[Happening] = []
    for entry in entries:
        if outside and not _callers_see(entry, actor):
            continue
        words = tuple(
            (_title(things[entry.subject], entry.move, field), text)
            for (subject, seq, field), text in texts.items()
            if (subject, seq) == (entry.subject, entry.seq) and _told(entry, field, outside)
        )
        name = names.get(entry.actor_id, "")
        who = masking.mask_name(name) if outside and entry.actor_id != actor.id else name
        told.append(Happening(entry.at, _label(things[entry.subject], entry), who, words, entry.move in QUIET))
    return told


def _callers_see(entry: Entry, actor: Actor) -> bool:
    if entry.move == "note":
        return entry.actor_id == actor.id or not entry.facts.get("internal", True)
    return entry.move in CALLERS_SEE


def _told(entry: Entry, field: str, outside: bool) -> bool:
    """The caller's own words stand above; the agency's are released to the caller by the review."""
    if entry.move in {"register", "bring", "bring_again"}:
        return field == "answer"
    return not outside or entry.move in {"ask_caller", "supply", "note", "urge", "withdraw", "answer_directly"}


def _label(thing: Thing, entry: Entry) -> str:
    if entry.move in QUIET:
        return QUIET[entry.move]
    move = thing.moves[entry.move]
    if move.branches and entry.move == "review" and not entry.facts.get("passed"):
        return move.branches[0].label
    if move.branches and entry.move == "contact" and not entry.facts.get("reached"):
        return move.branches[0].label
    return move.label


def _title(thing: Thing, move: str, field: str) -> str:
    found = thing.moves[move].facts.model_fields.get(field)
    return (found.title or field) if found else field


def _newest(texts: Mapping[tuple[str, int, str], str], subject: str, field: str) -> str:
    found = [(seq, text) for (about, seq, name), text in texts.items() if (about, name) == (subject, field)]
    return max(found)[1] if found else ""


def _open_question(
    shares: Sequence[Assignment], entries: Sequence[Entry], texts: Mapping[tuple[str, int, str], str]
) -> str:
    """What an agency waits to hear from the caller; empty when nothing is asked."""
    for share in shares:
        last = next((e for e in entries if e.subject == share.ref and e.move in {"ask_caller", "go_on"}), None)
        if last is not None and last.move == "ask_caller":
            return texts.get((share.ref, last.seq, "question"), "")
    return ""
