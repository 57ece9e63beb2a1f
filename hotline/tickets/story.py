"""经过: what happened to a ticket and its assignments, in the words that this reader may see."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from types import SimpleNamespace
from typing import Any, get_args

from hotline.tickets.models import Assignment, Ticket
from hotline.tickets.rules import OUTSIDERS
from kernel import journal
from kernel.calendar import queries as calendar
from kernel.citytime import CITY
from kernel.clocks import arithmetic
from kernel.forms import Form
from kernel.happenings import Happening
from kernel.labels import Labelled
from kernel.lifecycle import QUIET
from kernel.models import Entry, Thing
from kernel.people import queries as people
from kernel.permissions import Actor
from kernel.secrets import masking

STEPS = {
    "dispatch": "派单", "sign": "签收", "first_contact": "首次联系", "handle": "办理", "redo": "重办",
    "review": "审核", "visit": "回访", "total": "对诉求人总时限", "objection": "异议期", "adjudicate": "争议裁决",
    "supervise": "督办", "handover": "移交回执", "follow_up": "挂账跟踪",
}  # fmt: skip
RUNGS = {"warn": "临近期限", "due": "期限已到"}  # after these: so many times
BROUGHT = {"register", "bring", "bring_again"}  # what they say stands above
CALLERS_SEE = {
    "register", "queue", "dispatch", "start", "wait", "supply", "submit", "review", "redo", "close", "urge", "withdraw",
    "answer_directly", "settle", "contact", "ask_caller", "archive", "transfer", "refuse", "uphold", "merge", "split",
    "lengthen", "prolong", "hold_long", "follow_up", "reopen", "finalise", "answer_along", "go_on", "requeue",
    "give_back", "ask_review", "stand_by", "self_rate", "conclude", "recall", "part",
}  # fmt: skip
CALLERS_READ = {  # in whose words they read it, too
    "ask_caller", "supply", "note", "urge", "withdraw", "answer_directly", "answer_along", "refuse", "hold_long",
    "finalise", "ask_review", "stand_by", "self_rate",
}  # fmt: skip
# facts that stand in the journal itself: why and where to, for those who work on it
STAFF_READ = (
    "lead", "assist", "agency", "unit", "into", "to", "kind", "ground", "outcome", "basis", "law", "laws", "suggested",
    "category", "urgency", "days", "until", "reason", "items", "overrule", "solved", "satisfied", "reference",
)  # fmt: skip


async def told(
    ticket: Ticket, shares: Sequence[Assignment], entries: Sequence[Entry], texts: Mapping[tuple[str, int, str], str],
    actor: Actor, called: Mapping[str, str],
) -> list[Happening]:  # fmt: skip
    """Newest first as they come; `called`: names of agencies and categories by their codes."""
    things: dict[str, Thing] = {thing.ref: thing for thing in (ticket, *shares)}
    outside = actor.kind in OUTSIDERS
    names = await people.names({account for entry in entries for account in journal.selves(entry)})
    lines: list[Happening] = []
    for entry in entries:
        if outside and not _callers_see(entry, actor):
            continue
        thing = things[entry.subject]
        words = [
            (_title(thing, entry.move, field), text)
            for (subject, seq, field), text in texts.items()
            if (subject, seq) == (entry.subject, entry.seq) and _told(entry, field, outside)
        ]
        words += [] if outside and entry.move != "shift" else _plain(thing, entry, called)
        name = names.get(entry.actor_id, "")
        who = masking.mask_name(name) if outside and entry.actor_id != actor.id else name
        if not outside and (stood_for := entry.facts.get("_on_behalf_of")):
            who = f"{name}（代{names.get(stood_for, '')}）"
        lines.append(Happening(entry.at, label(thing, entry), who, tuple(words), entry.move in QUIET))
    return lines


def asked(
    shares: Sequence[Assignment], entries: Sequence[Entry], texts: Mapping[tuple[str, int, str], str],
    called: Mapping[str, str],
) -> list[tuple[str, list[tuple[str, str]]]]:  # fmt: skip
    """What waits for somebody's ruling, in the words of who asked: (an agency's objection, [(title, words)])."""
    found = []
    for share in shares:
        waits = {
            "object": share.state.value == "a_obj",
            "extend": share.extension_open,
            "ask_longer": share.longer_asked,
        }
        for move in (name for name, open_now in waits.items() if open_now):
            entry = next((one for one in entries if one.subject == share.ref and one.move == move), None)
            if entry is None:
                continue
            sealed = [
                (field, text) for (about, seq, field), text in texts.items() if (about, seq) == (share.ref, entry.seq)
            ]
            words = _plain(share, entry, called) + [(_title(share, move, field), text) for field, text in sealed]
            found.append((f"{share.agency.short_name}{label(share, entry)}", words))
    return found


def label(thing: Thing, entry: Entry) -> str:
    """As it turned out: a refused objection isn't called by the name of a granted one."""
    if entry.move in QUIET:
        return QUIET[entry.move]
    move = thing.moves[entry.move]
    # sealed facts aren't in the journal, and an older entry may lack a newer one
    facts: Any = SimpleNamespace(**(dict.fromkeys(move.facts.model_fields) | dict(entry.facts)))
    return move.turn(facts).label


def _plain(thing: Thing, entry: Entry, called: Mapping[str, str]) -> list[tuple[str, str]]:
    """Reasons, grounds and whom it went to, which aren't sealed."""
    if entry.move in QUIET:
        return _noted(entry, called)
    if entry.move in BROUGHT:
        return []
    form = thing.moves[entry.move].facts
    given = [(field, entry.facts.get(field)) for field in STAFF_READ if field in form.model_fields]
    return [(_title(thing, entry.move, field), _said(form, field, value, called)) for field, value in given if value]


async def calendars(entries: Sequence[Entry]) -> dict[str, str]:
    """Which document each calendar was taken in from by which deadlines were shifted."""
    return await calendar.documents({entry.facts["calendar"] for entry in entries if entry.move == "shift"})


def _noted(entry: Entry, called: Mapping[str, str]) -> list[tuple[str, str]]:
    """What a machine noted: of which limit, and why a deadline isn't the one that was promised."""
    step, rung = STEPS.get(entry.facts["step"], entry.facts["step"]), entry.facts.get("rung", "")
    if entry.move == "shift":
        was, now = (arithmetic.last_day(datetime.fromisoformat(entry.facts[one])) for one in ("due_before", "due"))
        return [
            (step, f"{was} 改为 {now}"),
            ("原因", called.get(f"calendar:{entry.facts['calendar']}", "工作日历有改动")),
        ]
    return [(step, RUNGS.get(rung, f"已超期，第 {rung.removeprefix('late_')} 次提醒"))] if rung else [("环节", step)]


def _said(form: type[Form], field: str, value: Any, called: Mapping[str, str]) -> str:
    if isinstance(value, list | tuple):
        return "、".join(called.get(str(one), str(one)) for one in value)
    if kind := _labels(form, field):
        return next((one.label for one in kind if one == value), str(value))  # an older entry may know another one
    if field == "until":
        return f"{datetime.fromisoformat(value).astimezone(CITY):%Y-%m-%d %H:%M}"
    return called.get(str(value), str(value))


@cache
def _labels(form: type[Form], field: str) -> type[Labelled] | None:
    """The enumeration that a fact is taken from."""
    hint = form.model_fields[field].annotation
    kinds = [one for one in (hint, *get_args(hint)) if isinstance(one, type) and issubclass(one, Labelled)]
    return kinds[0] if kinds else None


def _callers_see(entry: Entry, actor: Actor) -> bool:
    if entry.move == "shift":
        return bool(entry.facts["step"] == "total")  # the others are between the hotline and its agencies
    if entry.move == "note":
        return entry.actor_id == actor.id or not entry.facts.get("internal", True)
    return entry.move in CALLERS_SEE


def _told(entry: Entry, field: str, outside: bool) -> bool:
    """The caller's own words stand above; the agency's are released to the caller by the review."""
    if entry.move in BROUGHT:
        return field == "answer"
    return not outside or entry.move in CALLERS_READ


def _title(thing: Thing, move: str, field: str) -> str:
    found = thing.moves[move].facts.model_fields.get(field)
    return (found.title or field) if found else field
