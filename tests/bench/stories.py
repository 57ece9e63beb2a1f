"""A walked ticket of the demo city, told again: another caller, another day, chains and clocks of its own that hold.

A chain is kept as the canonical text of its entries; what differs in a copy is replaced in it: instants, digests of
sealed texts, the caller's index, the street. `sunhall verify --full` says whether it was done right."""

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg

from hotline.tickets.actions import query_hash
from hotline.tickets.rules import ARCHIVE_AFTER, phone_index
from hotline.tickets.states import OPEN, TicketState
from kernel import secrets
from kernel.calendar.days import Calendar
from kernel.citytime import CITY
from kernel.clocks import arithmetic
from kernel.journal import GENESIS, instant, salted
from kernel.permissions import SYSTEM
from tests.bench.citizens import Call, Citizens

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
OWNER = re.compile(r'"owner_id":\d+')
FAR = datetime(2040, 1, 1, tzinfo=UTC)  # no copy rings while something else is measured
OPEN_STATES = {state.value for state in OPEN}
LEDGER = ("pauses", "stops", "floors")  # of a clock, with instants in them
OF_ENTRY = ("subject", "seq", "at", "actor_id", "move", "facts", "prev_hash", "hash")
OF_TEXT = ("subject", "seq", "field", "salt", "ciphertext")
Row = dict[str, Any]


@dataclass(slots=True)
class Line:
    """One entry as it was walked: `facts` in canonical JSON, `sealed` name → (clear text, its digest there)."""

    at: datetime
    actor_id: int
    move: str
    facts: str
    sealed: dict[str, tuple[str, str]]
    moments: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.moments = INSTANT.findall(self.facts)


@dataclass(slots=True)
class Chain:
    """One thing: its row, its journal, its clocks."""

    row: Row
    lines: list[Line]
    clocks: list[Row]


@dataclass(slots=True)
class Story:
    """A ticket and its shares, the ticket first."""

    matter: str
    chains: list[Chain]

    @property
    def begins(self) -> datetime:
        at: datetime = self.chains[0].row["registered_at"]
        return at

    @property
    def day(self) -> date:
        return self.begins.astimezone(CITY).date()

    @property
    def open(self) -> bool:
        return self.chains[0].row["state"] in OPEN_STATES


@dataclass(frozen=True, slots=True)
class Place:
    """Where a story is told again: its numbers, and how much later (earlier: negative) everything in it happens."""

    no: str
    ticket_id: int
    share_id: int
    shift: timedelta


@dataclass(slots=True)
class Rows:
    """By table; those of one table have the columns of `columns`, in their order."""

    hotline_ticket: list[Sequence[Any]] = field(default_factory=list)
    hotline_assignment: list[Sequence[Any]] = field(default_factory=list)
    kernel_entry: list[Sequence[Any]] = field(default_factory=list)
    kernel_sealed_text: list[Sequence[Any]] = field(default_factory=list)
    kernel_clock: list[Sequence[Any]] = field(default_factory=list)


def columns(stories: Sequence[Story]) -> dict[str, tuple[str, ...]]:
    """In the order in which rows are to be written."""
    ticket = stories[0].chains[0]
    return {
        "hotline_ticket": tuple(ticket.row),
        "hotline_assignment": next(tuple(story.chains[1].row) for story in stories if len(story.chains) > 1),
        "kernel_entry": OF_ENTRY,
        "kernel_sealed_text": OF_TEXT,
        "kernel_clock": tuple(ticket.clocks[0]),
    }


async def read(connection: asyncpg.Connection, citizens: Citizens) -> list[Story]:
    """Every ticket of a demo city; those whose deadlines a new calendar shifted are left out, and those that nobody
    takes up (不予受理)."""
    lines, clocks = await _lines(connection), dict[str, list[Row]]()
    for row in await connection.fetch("SELECT * FROM kernel_clock ORDER BY id"):
        clocks.setdefault(row["subject"], []).append({name: value for name, value in row.items() if name != "id"})
    shares = dict[int, list[Chain]]()
    for row in await connection.fetch("SELECT * FROM hotline_assignment ORDER BY id"):
        ref = f"assignment:{row['no']}"
        shares.setdefault(row["ticket_id"], []).append(Chain(dict(row), lines[ref], clocks.get(ref, [])))
    found = []
    for row in await connection.fetch("SELECT * FROM hotline_ticket WHERE source IS NULL ORDER BY id"):
        ref = f"ticket:{row['no']}"
        chains = [Chain(dict(row), lines[ref], clocks.get(ref, [])), *shares.get(row["id"], [])]
        matter = citizens.matter_of(row["title"])
        if matter and not any(line.move == "shift" for chain in chains for line in chain.lines):
            found.append(Story(matter, chains))
    return found


async def _lines(connection: asyncpg.Connection) -> dict[str, list[Line]]:
    """By subject, with the texts that aren't erased."""
    texts: dict[tuple[str, int], dict[str, tuple[str, str]]] = {}
    for row in await connection.fetch("SELECT * FROM kernel_sealed_text"):
        clear = secrets.unseal(row["ciphertext"], subject=row["subject"], place=f"{row['seq']}:{row['field']}")
        digest = salted(row["salt"], clear)
        texts.setdefault((row["subject"], row["seq"]), {})[row["field"]] = clear, digest
    found: dict[str, list[Line]] = {}
    for row in await connection.fetch("SELECT * FROM kernel_entry ORDER BY subject, seq"):
        facts = json.dumps(json.loads(row["facts"]), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        sealed = texts.get((row["subject"], row["seq"]), {})
        found.setdefault(row["subject"], []).append(Line(row["at"], row["actor_id"], row["move"], facts, sealed))
    return found


def tell(story: Story, call: Call, place: Place, calendar: Calendar, now: datetime, rows: Rows) -> int:
    """Writes every row of the story, told again by `call` at `place`. How many shares it has."""
    first = story.chains[0]
    ticket, lines, index = first.row, first.lines, phone_index(call.phone)
    replaced = {f'"phone_index":"{ticket["phone_index"]}"': f'"phone_index":"{index}"'}
    own = {"id": place.ticket_id, "no": place.no, "title": call.texts["title"], "phone_index": index, "owner_id": None}
    own |= {"query_hash": query_hash(place.no, os.urandom(8).hex())}
    if ticket["area_code"]:
        own["area_code"] = call.area
        replaced[f'"area_code":"{ticket["area_code"]}"'] = f'"area_code":"{call.area}"'
    if ticket["state"] == TicketState.CLOSED and (ended := ticket["closed_at"] + ARCHIVE_AFTER) + place.shift < now:
        own |= {"state": TicketState.ARCH.value, "version": ticket["version"] + 1}
        lines = [*lines, Line(ended, SYSTEM.id, "archive", f'{{"_state":"{TicketState.ARCH.value}"}}', {})]
    told = Chain(ticket | own, lines, first.clocks)
    rows.hotline_ticket.append(_told("ticket", told, call.texts, replaced, place, calendar, rows))
    for number, chain in enumerate(story.chains[1:]):
        no = f"{place.no}/{chain.row['number']}"
        mine = {"id": place.share_id + number, "no": no, "ticket_id": place.ticket_id}
        share = Chain(chain.row | mine, chain.lines, chain.clocks)
        rows.hotline_assignment.append(_told("assignment", share, {}, {}, place, calendar, rows))
    return len(story.chains) - 1


def _told(
    kind: str, chain: Chain, said: Mapping[str, str], replaced: Mapping[str, str], place: Place, calendar: Calendar,
    rows: Rows,
) -> Sequence[Any]:  # fmt: skip
    """Writes entries, sealed texts and clocks of one thing; its own row."""
    subject, head, row = f"{kind}:{chain.row['no']}", GENESIS, chain.row
    for seq, line in enumerate(chain.lines, start=1):
        facts, at = line.facts, line.at + place.shift
        for before in line.moments:
            facts = facts.replace(before, _later(before, place.shift))
        for name, (before, digest) in line.sealed.items():
            text, salt = said.get(name, before) if seq == 1 else before, os.urandom(16)
            facts = facts.replace(digest, salted(salt, text))
            ciphertext = secrets.seal(text, subject=subject, place=f"{seq}:{name}")
            rows.kernel_sealed_text.append((subject, seq, name, salt, ciphertext))
        if seq == 1 and replaced:
            facts = OWNER.sub('"owner_id":null', facts)
            for before, after in replaced.items():
                facts = facts.replace(before, after)
        named = f'{{"actor_id":{line.actor_id},"at":"{instant(at)}","facts":{facts},"move":"{line.move}",'
        mark = hashlib.sha256(head + f'{named}"seq":{seq},"subject":"{subject}"}}'.encode()).digest()
        rows.kernel_entry.append((subject, seq, at, line.actor_id, line.move, facts, head, mark))
        head = mark
    clocks = [_shifted(clock, subject, place.shift, calendar) for clock in chain.clocks]
    rows.kernel_clock += [[*clock.values()] for clock in clocks]
    due = min((clock["due_at"] for clock in clocks if clock["stopped_at"] is None), default=None)
    moved = {name: value + place.shift for name, value in row.items() if isinstance(value, datetime)}
    return [*(row | moved | {"head": head, "due_at": due}).values()]


def _shifted(clock: Row, subject: str, shift: timedelta, calendar: Calendar) -> Row:
    """The same ledger so much later; its end is derived anew, for other days are free then."""
    ledger = {name: [] if clock[name] == "[]" else json.loads(_later(clock[name], shift)) for name in LEDGER}
    budget = [*json.loads(clock["budget"]), *json.loads(clock["extended"])]
    started, stopped = clock["started_at"] + shift, clock["stopped_at"]
    blocked = sorted(arithmetic.intervals(ledger["pauses"]) + arithmetic.intervals(ledger["stops"]))
    due = arithmetic.due(started, budget, calendar, blocked, ledger["floors"])
    in_days = any(unit in {"wd", "wh"} for _, unit in budget)
    return clock | {
        "subject": subject, "started_at": started, "stopped_at": stopped + shift if stopped else None, "due_at": due,
        "provisional": in_days and calendar.provisional(arithmetic.last_day(due)),
        "next_alarm_at": FAR if stopped is None else None,
    } | {name: json.dumps(ledger[name]) for name in LEDGER if ledger[name]}  # fmt: skip


def _later(text: str, shift: timedelta) -> str:
    return INSTANT.sub(lambda found: instant(datetime.fromisoformat(found[0]) + shift), text)
