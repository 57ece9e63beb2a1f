"""A ticket as one person sees it: what pages, print and the desks' panes show, gathered in a few queries."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import takewhile
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request

from hotline.categories import queries as categories
from hotline.categories.importing import SEPARATOR
from hotline.dispatching import queries as dispatching
from hotline.dispatching.models import Precedent
from hotline.handover import queries as handover
from hotline.permissions import P
from hotline.policies.longer import LAWS, LongerBy
from hotline.policies.replaying import WINDOWS
from hotline.refusals import queries as refusals
from hotline.refusals.queries import Proposed
from hotline.suggestions import suggest
from hotline.suggestions.alike import Alike, alike
from hotline.suggestions.suggest import Guessed
from hotline.tickets import disclosure, queries, story
from hotline.tickets.checking import rules as checking
from hotline.tickets.files import PAPER_OF, TICKET_SLOT
from hotline.tickets.forms import Channel, Outcome, Type, Urgency
from hotline.tickets.models import Assignment, Ticket
from hotline.tickets.rules import OUTSIDERS
from kernel.calendar import Calendar, current
from kernel.citytime import midnight
from kernel.clocks import queries as clock_queries
from kernel.clocks.models import Clock
from kernel.clocks.ruler import Ruler, ruler
from kernel.clocks.words import Remaining, remaining
from kernel.errors import NotFound
from kernel.files import queries as files
from kernel.files.models import File
from kernel.lifecycle import asked_moves
from kernel.models import Entry, Thing
from kernel.people import queries as people
from kernel.people.models import Organisation
from kernel.people.permissions import KernelPermission
from kernel.permissions import Actor
from kernel.ratings import queries as ratings
from kernel.ratings.forms import LEVELS, Tag
from kernel.warrants.models import Warrant
from oversight.cards import queries as cards

# the one filled button, in this order
FORWARD = (
    "sign", "reply", "contact", "dispatch", "rule_objection", "review", "close", "visit", "answer_directly", "supply",
)  # fmt: skip
DOUBTED = ("refuse",)  # of what somebody proposed to refuse, the step ahead of all
LOOKS = (KernelPermission.VIEW_READ, KernelPermission.SECURITY_READ)  # 谁看过
RATEABLE = frozenset({"closed", "arch"})
FILTERS = ("state", "q", "overdue", "type", "urgency", "channel", "category", "area", "from", "to", "hour", "by")
AREA = re.compile(r"\d{1,12}", re.ASCII)  # of a district or street
CODE = re.compile(r"\d{2}|\d{4}|\d{6}", re.ASCII)  # of the tree of categories, or of one of its branches
WORDS_MIN = 4  # what is shorter was chosen, not written
CHOSEN = frozenset({"lead", "assist", "agency", "unit", "suggested", "category"})  # codes, nothing to be copied out
LEVEL_MIN = 2  # of the tree: what lies below the city
ANSWERING = {"dispatch", "answer_directly", "reply", "assist_reply", "review"}  # who looks how it was done before
DESKS = ("new", "refusing", "dispatch", "ruling", "review", "visit", "agency")
OFF_THE_PAGE = {
    "bring_again",
    "archive",
    "accept_silently",
    "close_window",
    "restrict",
}  # done by import and by the night


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
    """One limit: what it is for, the how manieth time, when it ends, how it stands."""

    step: str
    label: str
    turn: int
    clock: Clock
    left: Remaining


async def whole(ticket: Ticket, actor: Actor, at: datetime, warrant: Warrant | None = None) -> dict[str, Any]:
    """Everything a ticket page shows to this person; by a warrant all of it, and nothing to do."""
    outside = actor.kind in OUTSIDERS
    shares = await (queries.shares_for_caller(ticket) if outside or warrant else queries.shares(actor, ticket))
    texts = await queries.texts(ticket, *shares)
    entries = await queries.story(ticket, shares)
    calendar = await current()
    lines = await _clocks(ticket, shares, calendar, at)
    total = next((one for one in reversed(lines) if one.step == "total" and not one.clock.replaced), None)
    names = await categories.names()
    ended = outside and ticket.state.value in RATEABLE
    of_files = [ticket.ref] if outside else [ticket.ref, *(share.ref for share in shares)]  # minutes hang on a share
    hung = [file for some in (await files.of(of_files)).values() for file in some]
    agencies = [] if outside else await people.agencies()
    called = names | {org.code: org.name for org in (*agencies, *(share.agency for share in shares))}
    doubtful = not outside and ticket.state.value == "reg"
    refusing = await refusals.proposed(ticket.no, texts) if doubtful else None
    ready = [] if warrant else await offers(ticket, [] if outside else shares, actor, at, refusing)
    answering = bool(ANSWERING & {offer.name for offer in ready})
    content = _newest(texts, ticket.ref, "content")
    guessed = await suggest.guess(ticket.title, content) if answering and not ticket.category else None
    reviewing = ticket.state.value == "review" and actor.may(P.TICKET_REVIEW, ticket.region_path)
    return {
        "ticket": ticket,
        "rated": await ratings.given(ticket.ref, ratings.person_of(ticket)) if ended else None,
        "rateable": ended,
        "levels": LEVELS,
        "tags": Tag,
        "shares": shares,
        "category": names.get(ticket.category or "", "未分类"),
        "content": content or queries.ERASED,
        "address": _newest(texts, ticket.ref, "address") or "",
        "files": hung,
        "caller": await disclosure.caller(ticket, actor),
        "revealed": None,
        "unsent": [],
        "offers": ready,
        "warrant": warrant,
        "may_see_looks": any(actor.may_anywhere(one) for one in LOOKS),
        "clocks": lines,
        "ruler": _ruler(total, calendar, at),
        "total": total,
        "next_step": _next(lines),
        "joined_left": await _joined_left(ticket, calendar, at),
        "happenings": await story.told(ticket, shares, entries, texts, actor, called | await story.calendars(entries)),
        "entries": [] if outside else entries,
        "steps": story.STEPS,
        "cards": [] if outside else await cards.about([ticket.ref, *(share.ref for share in shares)], actor),
        "replies": [(share, _newest(texts, share.ref, "body")) for share in shares if share.outcome is not None],
        "answer": _answer(ticket, entries, texts),
        "question": _open_question(shares, entries, texts),
        "handover": None if outside else await handover.standing(ticket, at),
        "checks": await checking.noticed(ticket) if reviewing else None,
        "agency_names": {org.code: org.name for org in agencies},
        "asked": [] if outside else story.asked(shares, entries, texts, called),
        "precedents": await _precedents(ticket, shares, actor),
        "guessed": guessed,
        "alike": await _alike(ticket, content, guessed, actor) if answering else [],
        "proposals": None,
        "refusing": refusing,
        "choices": await _choices(actor, agencies) | {"papers": papers(hung)},
        "entry_words": _entry_words(ticket, shares),
        "same_caller": await queries.same_caller(ticket, actor) if actor.may(P.TICKET_READ, ticket.region_path) else [],
    }


async def _alike(ticket: Ticket, content: str, guessed: Guessed | None, actor: Actor) -> list[Alike]:
    """How the like was answered; before it is classified, under what its words point to."""
    under = [one.code for one in guessed[0]] if guessed else [ticket.category] if ticket.category else []
    return await alike(actor, ticket.title, content, under, but=ticket.id)


async def _choices(actor: Actor, agencies: Sequence[Organisation]) -> dict[str, Any]:
    """What the forms of the moves let this person choose from."""
    named = actor.may_anywhere(P.TICKET_DISPATCH) or actor.may_anywhere(P.TICKET_SUPERVISE) or names_agencies(actor)
    return {
        "agency_options": _options(agencies) if named else [],
        "unit_options": _units(actor, agencies),
        "leaf_options": [(leaf.code, leaf.path_name) for leaf in await categories.leaves()],
        "outcomes": [(outcome.value, outcome.label) for outcome in Outcome],
        "longer_options": [(basis.value, _cited(basis)) for basis in LongerBy],
    }


def _cited(basis: LongerBy) -> str:
    return f"{basis.label}，{LAWS[basis]}" if basis in LAWS else basis.label


async def _precedents(ticket: Ticket, shares: Sequence[Assignment], actor: Actor) -> list[Precedent]:
    """For who rules an objection: what was ruled about the same category before."""
    rules = actor.may_anywhere(P.ASSIGNMENT_RULE) or actor.may_anywhere(P.ASSIGNMENT_ADJUDICATE)
    waits = any(share.state.value == "a_obj" for share in shares)
    return await dispatching.precedents(ticket.category) if rules and waits else []


def names_agencies(actor: Actor) -> bool:
    return any(actor.may_anywhere(one) for one in (P.ASSIGNMENT_OBJECT, P.ASSIGNMENT_RULE))


def _units(actor: Actor, agencies: Sequence[Organisation]) -> list[tuple[str, str]]:
    """The units below one's own, that may be handed a share."""
    scopes = actor.powers.get(P.ASSIGNMENT_DELEGATE, ())
    return [(org.code, org.name) for org in agencies if org.path not in scopes and org.path.startswith(scopes)]


def _options(agencies: Sequence[Organisation]) -> list[tuple[str, str]]:
    """Work goes to agencies, centres, enterprises and the four levels of territory, not to governments above."""
    return [(org.code, org.name) for org in agencies if org.level >= LEVEL_MIN]


def _entry_words(ticket: Ticket, shares: Sequence[Assignment]) -> Callable[[Entry], str]:
    things: dict[str, Thing] = {thing.ref: thing for thing in (ticket, *shares)}
    return lambda entry: f"{story.label(things[entry.subject], entry)}　{entry.subject.partition(':')[2][-8:]}"


async def offers(
    ticket: Ticket, shares: Sequence[Assignment], actor: Actor, at: datetime, refusing: Proposed | None = None
) -> list[Offer]:
    """The ticket's moves and those of its assignments, each of the newest that offers it, the next step first."""
    found: list[Offer] = []
    movers: list[tuple[Thing, str]] = [(ticket, "")]
    movers += [(share, share.no) for share in reversed(shares)]
    seen: set[str] = set()
    for thing, share_no in movers:
        for move, refusal in await asked_moves(thing, actor, at):
            if move.name not in OFF_THE_PAGE | seen:
                seen.add(move.name)
                reason = str(refusal) if refusal else ""
                found.append(Offer(move.name, move.label, thing.version, share_no, reason, first=False))
    ready = [offer.name for offer in found if not offer.reason]
    ahead = next((name for name in (DOUBTED if refusing else ()) + FORWARD if name in ready), "")
    found = [Offer(o.name, o.label, o.version, o.share, o.reason, first=o.name == ahead) for o in found]
    return sorted(found, key=lambda offer: (not offer.first, bool(offer.reason)))


def typed(request: Request) -> dict[str, Any]:
    """What was typed into which of the page's forms: `_move` says which."""
    sent = getattr(request.state, "typed", {})
    return {"typed_moves": {"_move": ""} | dict(sent.items())}


def unsent(typed: Mapping[str, Any], ready: Sequence[Offer]) -> list[tuple[str, str]]:
    """Words for a move that somebody else's has made impossible meanwhile: without its form they would be lost."""
    name = str(typed.get("_move", ""))
    table = Ticket.moves if name in Ticket.moves else Assignment.moves
    if name not in table or any(offer.name == name and not offer.reason for offer in ready):
        return []
    facts = table[name].facts.model_fields
    written = [(field.title or key, typed.get(key)) for key, field in facts.items() if key not in CHOSEN]
    return [(title, text) for title, text in written if isinstance(text, str) and len(text) >= WORDS_MIN]


def papers(hung: Sequence[File]) -> list[File]:
    """What a ruling or a final reply may rest on, each once: a file may hang on the ticket and on a share."""
    return [*{file.no: file for file in hung if file.type in TICKET_SLOT.types}.values()]


async def paper_sent(request: Request, hung: Sequence[File]) -> list[File]:
    """One that came with a refused form: it is offered beside the others."""
    sent = getattr(request.state, "typed", {})
    no = str(sent.get(PAPER_OF.get(str(sent.get("_move", "")), "_"), ""))
    if not no or no in {file.no for file in hung}:
        return []
    try:
        return papers([await files.one(request.user, no)])
    except NotFound:
        return []


def after(request: Request, ticket: Ticket) -> str:
    """Where a move leads back to: the queue it was made in, or the ticket."""
    asked = str(getattr(request.state, "typed", {}).get("_from", ""))
    desks = {name: request.url_for(f"hotline:{name}").path for name in DESKS}
    return desks.get(asked, request.url_for("hotline:ticket", no=ticket.no).path)


async def listing(actor: Actor, params: Mapping[str, str], at: datetime) -> dict[str, Any]:
    """A page of the work list: filters are links, so a view is an address."""
    state = params.get("state", "")
    narrowed_by = asked(params)
    after_id = params.get("after", "")
    found = queries.narrowed(queries.visible_to(actor), narrowed_by, at)
    rows, following = await queries.page(found, after=int(after_id) if after_id.isdecimal() else None, limit=50)
    return {
        "rows": rows,
        "following": following,
        "kept": urlencode({name: params[name] for name in FILTERS if params.get(name)}),
        "narrowed": await _said(narrowed_by),
        "groups": {name: label for name, (label, _) in queries.GROUPS.items()},
        "state": state if state in queries.GROUPS else "",
        "words": narrowed_by.words,
        "overdue": narrowed_by.overdue,
        "names": await categories.names(),
        "may_ask": actor.may_anywhere(KernelPermission.EXPORT_ASK),
        "may_list": actor.may_anywhere(P.TICKET_READ),
    }


async def _said(by: queries.Asked) -> list[str]:
    """What the address narrows by beside the chips of the page, in words."""
    told = [Type(by.type).label] if by.type else []
    told += [Urgency(by.urgency).label] if by.urgency else []
    told += [Channel(by.channel).label] if by.channel else []
    if by.area == queries.NONE:
        told.append("地点未写明")
    elif by.area:
        names = {one.code: one.name for one in await categories.areas()}
        told.append(f"地区 {names.get(by.area, by.area)}")
    if by.category == queries.NONE:
        told.append("未分类")
    elif by.category:
        named = [name for code, name in (await categories.names()).items() if code.startswith(by.category)]
        told.append(f"分类 {_common(named) or by.category}")
    if by.since or by.until:
        told.append(f"{'办结' if by.ended else '登记'}于 {_stretch(by.since, by.until)}")
    return told


def _stretch(since: datetime | None, until: datetime | None) -> str:
    last = until - timedelta(minutes=1) if until else None
    if since and last and until and until - since == timedelta(hours=1):
        return f"{since:%Y-%m-%d} {since.hour} 时"
    if since and last and since.date() == last.date():
        return f"{since:%Y-%m-%d}"
    return f"{f'{since:%Y-%m-%d}' if since else '最早'} 至 {f'{last:%Y-%m-%d}' if last else '现在'}"


def _common(names: Sequence[str]) -> str:
    """The part of their path that all of them share."""
    steps = zip(*(name.split(SEPARATOR) for name in names), strict=False)
    return SEPARATOR.join(step[0] for step in takewhile(lambda step: len(set(step)) == 1, steps))


def asked(params: Mapping[str, str]) -> queries.Asked:
    """The filters that stand in an address; what makes no sense narrows nothing."""
    group = queries.GROUPS.get(params.get("state", ""))
    since, until = _day(params.get("from", "")), _day(params.get("to", ""))
    until = until + timedelta(days=1) if until else None
    if since and until and until - since == timedelta(days=1) and (hour := _hour(params)) is not None:
        since, until = since + timedelta(hours=hour), since + timedelta(hours=hour + 1)
    return queries.Asked(
        states=[one.value for one in group[1]] if group else (),
        overdue=params.get("overdue") == "1",
        words=params.get("q", "")[:100].strip(),
        type=params.get("type", "") if params.get("type") in {*Type} else "",
        urgency=params.get("urgency", "") if params.get("urgency") in {*Urgency} else "",
        channel=params.get("channel", "") if params.get("channel") in {*Channel} else "",
        area=_one_of(AREA, params.get("area", "")),
        category=_one_of(CODE, params.get("category", "")),
        since=since,
        until=until,
        ended=params.get("by") == "closed",
    )


def _one_of(codes: re.Pattern[str], told: str) -> str:
    """Of a tree, or `none` for what stands nowhere in it."""
    return told if told == queries.NONE or codes.fullmatch(told) else ""


def _day(text: str) -> datetime | None:
    """Its first moment in the city."""
    try:
        return midnight(date.fromisoformat(text))
    except ValueError:
        return None


def _hour(params: Mapping[str, str]) -> int | None:
    hour = params.get("hour", "")
    return int(hour) if hour.isascii() and hour.isdecimal() and len(hour) < 3 and int(hour) < 24 else None


async def _clocks(ticket: Ticket, shares: Sequence[Assignment], calendar: Calendar, at: datetime) -> list[ClockLine]:
    refs = [ticket.ref, *(share.ref for share in shares)]
    # renewed with the same end (twenty tickets joined to one) it is still the one that was promised: the last stands
    clocks = {(one.subject, one.step, one.started_at, one.due_at): one for one in await clock_queries.of(refs)}
    turns: Counter[tuple[str, str]] = Counter()
    lines = []
    for clock in clocks.values():
        turns[clock.subject, clock.step] += 1
        turn, left = turns[clock.subject, clock.step], _left(clock, calendar, at)
        lines.append(ClockLine(clock.step, story.STEPS[clock.step], turn, clock, left))
    return sorted(lines, key=lambda line: line.step == "total")


def _left(clock: Clock, calendar: Calendar, at: datetime) -> Remaining:
    """An agency that doesn't object lets its window end: that is no delay."""
    left = remaining(clock, calendar, at)
    ended = clock.step in WINDOWS and left.state == "late"
    return replace(left, state="done", text="已期满，没有提出异议") if ended else left


async def _joined_left(ticket: Ticket, calendar: Calendar, at: datetime) -> Remaining | None:
    """Of the ticket that this one was joined to: what is promised to its caller now."""
    if not ticket.merged_into:
        return None
    clock = (await clock_queries.totals([main := f"{ticket.kind}:{ticket.merged_into}"])).get(main)
    return remaining(clock, calendar, at) if clock else None


def _next(lines: Sequence[ClockLine]) -> ClockLine | None:
    """What is due first of what somebody has to do now; windows that merely end and the whole aren't steps."""
    running = [line for line in lines if line.clock.running and line.step not in {*WINDOWS, "total"}]
    return min(running, key=lambda line: line.left.due, default=None)


def _ruler(total: ClockLine | None, calendar: Calendar, at: datetime) -> Ruler | None:
    return ruler(total.clock, calendar, at) if total else None


def _answer(ticket: Ticket, entries: Sequence[Entry], texts: Mapping[tuple[str, int, str], str]) -> str:
    """The centre's own, or the one that was given to many; what the caller supplied is no answer."""
    own = [one.seq for one in entries if one.subject == ticket.ref and one.move not in queries.SUPPLIED]
    said = [(seq, texts.get((ticket.ref, seq, name), "")) for seq in own for name in ("answer", "body")]
    return max((one for one in said if one[1]), default=(0, ""))[1]


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
