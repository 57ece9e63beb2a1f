"""A year at a glance, and a notice with what it would move."""

import calendar as months
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from kernel.calendar import actions as tables
from kernel.calendar import queries as tables_read
from kernel.calendar.days import LAST_YEAR, Calendar
from kernel.clocks import alarms, arithmetic
from kernel.kinds import kind_of
from kernel.lifecycle import asked_moves
from kernel.people import queries as people
from kernel.permissions import Actor
from kernel.workdays import forms, queries
from kernel.workdays.permissions import P
from kernel.workdays.rules import notice_of
from kernel.workdays.states import ProposalState

AHEAD = 2  # years without a notice that are shown, as provisional
LOOKED_MAX, LISTED_MAX = 50_000, 200
WORDS = {"h": "放假", "m": "调休上班", "l": "本地停工", "r": "周末", "f": "法定节日（暂定）"}
SIGNS = {"h": "休", "m": "班", "l": "停", "f": "休"}
TONES = {
    ProposalState.PROPOSED: "soon", ProposalState.CONFIRMED: "ok", ProposalState.REFUSED: "late",
    ProposalState.WDRAWN: "done",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Day:
    """`kind`: a key of WORDS, or nothing for an ordinary working day; `words` for who doesn't see the colours."""

    number: int
    kind: str
    sign: str
    words: str


@dataclass(frozen=True, slots=True)
class Year:
    """`months`: weeks of days, None where a week reaches into another month; `named`: spans with their names."""

    number: int
    announced: bool
    working: int
    months: tuple[tuple[tuple[Day | None, ...], ...], ...]
    named: tuple[tuple[str, str, str], ...]


async def year(number: int) -> Year:
    table = await tables_read.current()
    own = await tables_read.newest_of(number, local=True)
    local = {*await tables_read.days_of(own)} if own is not None else set[date]()
    weeks = months.Calendar().monthdatescalendar
    shown = tuple(
        tuple(
            tuple(_day(day, table, local) if day.month == month else None for day in week)
            for week in weeks(number, month)
        )
        for month in range(1, 13)
    )
    days = [
        day for month in range(1, 13) for day in months.Calendar().itermonthdates(number, month) if day.month == month
    ]
    working = sum(table.is_working(day) for day in days)
    return Year(number, number in table.announced, working, shown, _named(days, table, local))


def _day(day: date, table: Calendar, local: set[date]) -> Day:
    kind = _kind(day, table, local)
    label = table.label(day) or WORDS.get(kind, "上班")
    return Day(
        day.day, kind, SIGNS.get(kind, ""), label if label == WORDS.get(kind) else f"{label}，{WORDS.get(kind, '上班')}"
    )


def _kind(day: date, table: Calendar, local: set[date]) -> str:
    works = table.is_working(day)
    if day in table.days:
        return "m" if works else "l" if day in local else "h"
    if works:
        return ""
    return "r" if day.weekday() >= 5 else "f"


def _named(days: list[date], table: Calendar, local: set[date]) -> tuple[tuple[str, str, str], ...]:
    """节假日安排 in lines: name, what it is, from when to when."""
    found: list[tuple[str, str, list[date]]] = []
    for day in days:
        kind = _kind(day, table, local)
        if kind not in ("h", "m", "l", "f"):
            continue
        label, words = table.label(day) or "法定节日", WORDS[kind]
        if found and found[-1][:2] == (label, words) and (day - found[-1][2][-1]).days == 1:
            found[-1][2].append(day)
        else:
            found.append((label, words, [day]))
    return tuple((label, words, _span(run)) for label, words, run in found)


def _span(run: list[date]) -> str:
    first, last = run[0], run[-1]
    said = f"{first.month} 月 {first.day} 日"
    return said if first == last else f"{said}至 {last.month} 月 {last.day} 日，{len(run)} 天"


async def whole(actor: Actor, number: int) -> dict[str, Any]:
    """The page of one year: which years are known, its days, its documents, what waits."""
    notices, table = await tables_read.notices(), await tables_read.current()
    known = sorted(table.announced)
    newest = {local: await tables_read.newest_of(number, local=local) for local in (False, True)}
    settled, waiting = await queries.of_year(actor, number), await queries.waiting(actor)
    names = await people.names({one.proposed_by for one in (*settled, *waiting)} | {one.imported_by for one in notices})
    last = min(known[-1] + AHEAD, LAST_YEAR) if known else number
    return {
        "year": await year(number), "years": [*range(known[0], last + 1)] if known else [number], "known": known,
        "newest": newest, "notices": [one for one in notices if one.year == number], "names": names, "tones": TONES,
        "settled": settled, "waiting": waiting, "words": WORDS, "signs": SIGNS,
        "may_propose": actor.may_anywhere(P.WORKDAY_PROPOSE), "revision": table.revision,
    }  # fmt: skip


async def usual(number: int, *, local: bool) -> tuple[str, str]:
    """What stands in the form before anybody types: the document and the days in force, for who corrects them."""
    newest = await tables_read.newest_of(number, local=local)
    if newest is None:
        return "", ""
    return newest.document, forms.lines(await tables_read.days_of(newest), local=local)


async def notice(actor: Actor, no: str, at: datetime) -> dict[str, Any]:
    """One notice: its days beside those in force, what it would move or has moved, what may be done."""
    proposal = await queries.one(actor, no)
    told = notice_of(proposal)
    offers = [(move, str(refusal or "")) for move, refusal in await asked_moves(proposal, actor, at)]
    ids = {proposal.proposed_by, *([proposal.settled_by] if proposal.settled_by else [])}
    shown = {
        "proposal": proposal, "lines": forms.lines(dict(told.days), local=proposal.local), "offers": offers,
        "tones": TONES, "names": await people.names(ids), "reasons": await queries.reasons(proposal),
        "differs": [], "looked": 0, "all": True, "shifts": [], "shift_count": 0,
    }  # fmt: skip
    if proposal.state is not ProposalState.PROPOSED:
        return shown
    now, then = await tables_read.current(), await tables.as_if(told)
    since = then.first_change(now)
    looked, everything, shifts = await alarms.would_shift(then, at=at, since=since, clocks_max=LOOKED_MAX)
    differs = [
        (day, _said(day, now), _said(day, then))
        for day in sorted({*now.days, *then.days})
        if _said(day, now) != _said(day, then)
    ]
    lines = [_shift(one) for one in shifts[:LISTED_MAX]]
    return shown | {
        "differs": differs,
        "looked": looked,
        "all": everything,
        "shifts": lines,
        "shift_count": len(shifts),
    }


def _said(day: date, table: Calendar) -> str:
    label = table.label(day)
    return f"{'上班' if table.is_working(day) else '休息'}{f'（{label}）' if label else ''}"


def _shift(one: alarms.Shift) -> tuple[str, str, str]:
    kind, no = kind_of(one.subject)
    return f"{kind.model.label} {no}", str(arithmetic.last_day(one.before)), str(arithmetic.last_day(one.after))
