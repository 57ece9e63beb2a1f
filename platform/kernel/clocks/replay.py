"""Deadlines from the journal alone, held against the rows: anyone may do this again."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from kernel.calendar.days import Calendar
from kernel.calendar.queries import as_of
from kernel.clocks import arithmetic, effects
from kernel.clocks.models import Clock
from kernel.models import Entry, Thing


class Replay:
    """Calendars by revision, read once for the whole run."""

    def __init__(self) -> None:
        self.calendars: dict[int, Calendar] = {}

    async def calendar(self, revision: int) -> Calendar:
        if revision not in self.calendars:
            self.calendars[revision] = await as_of(revision)
        return self.calendars[revision]

    async def clocks(self, subject: str, entries: Sequence[Entry]) -> list[Clock]:
        """Every clock of one thing as its entries make it."""
        found: list[Clock] = []
        for entry in entries:
            if told := entry.facts.get("_clocks"):
                effects.play(told, subject, found, await self.calendar(told["calendar"]), entry.at)
            elif entry.move == "shift":
                await self._shift(found, entry)
        return found

    async def _shift(self, clocks: Sequence[Clock], entry: Entry) -> None:
        calendar = await self.calendar(entry.facts["calendar"])
        for clock in clocks:
            if (clock.step, clock.span) == (entry.facts["step"], entry.facts["span"]):
                arithmetic.derive(clock, calendar, entry.at)


async def differences(
    things: Sequence[Thing], entries: Mapping[str, Sequence[Entry]], replay: Replay | None = None
) -> list[str]:
    """What doesn't hold: clocks that are missing, too many, or end at another time than the journal says."""
    replay, found = replay or Replay(), []
    rows: dict[str, dict[tuple[str, int], Clock]] = {thing.ref: {} for thing in things}
    for clock in await Clock.filter(subject__in=list(rows)):
        rows[clock.subject][clock.step, clock.span] = clock
    for thing in things:
        told = {(clock.step, clock.span): clock for clock in await replay.clocks(thing.ref, entries.get(thing.ref, []))}
        places = sorted({*told, *rows[thing.ref]})
        problems = [(place, _problem(told.get(place), rows[thing.ref].get(place))) for place in places]
        found += [f"{thing.ref} 的“{place[0]}”时限{problem}" for place, problem in problems if problem]
        if problem := _nearest(thing, rows[thing.ref].values()):
            found.append(f"{thing.ref} {problem}")
    return found


def _problem(told: Clock | None, row: Clock | None) -> str:
    if told is None:
        return "在日志中没有来历"
    if row is None:
        return "在数据表中不见了"
    for name, label in (("due_at", "到期时间"), ("stopped_at", "停止时间"), ("pauses", "暂停记录")):
        if getattr(told, name) != getattr(row, name):
            return f"的{label}与日志推算的不符"
    return ""


def _nearest(thing: Any, clocks: Any) -> str:
    if not hasattr(thing, "due_at"):
        return ""
    nearest: datetime | None = min((clock.due_at for clock in clocks if clock.running), default=None)
    return "" if thing.due_at == nearest else "列表中的到期时间与各环节时限不符"
