"""The day ruler (时间标尺): one cell a day, drawn from the same function as the due date."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kernel.calendar.days import Calendar
from kernel.citytime import day_of
from kernel.clocks import arithmetic, words
from kernel.clocks.models import Clock

DAYS_MAX = 45
AFTER = 2
BARS_MAX = 60


@dataclass(frozen=True, slots=True)
class Cell:
    """`kind` is the class of the stylesheet: c charged, p paused, r rest, t today, e promised, x by law, w a week."""

    kind: str
    text: str
    month: str
    flag: str


@dataclass(frozen=True, slots=True)
class Interval:
    """One line of “这个日期是怎么算出来的”."""

    begin: datetime
    end: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A day that has a name beside the due day: the statutory end (`kind` x), a hearing."""

    day: date
    flag: str
    kind: str = "x"


@dataclass(frozen=True, slots=True)
class Ruler:
    """`lead`: empty cells before the first, so that a telephone shows whole weeks; `bars`: one for a working day, for
    lists: c charged, w left, p paused, l late."""

    cells: tuple[Cell, ...]
    sentence: str
    budget: str
    intervals: tuple[Interval, ...]
    charged: int
    paused: int
    calendar: int
    lead: int
    weekly: bool
    bars: tuple[str, ...]


def ruler(
    clock: Clock, calendar: Calendar, at: datetime, *, marks: tuple[Mark, ...] = (), began: str = "登记"
) -> Ruler:
    start, today = day_of(clock.started_at), day_of(at)
    now = words.remaining(clock, calendar, at)
    last = arithmetic.last_day(now.due)
    end = max(last, today, *(mark.day for mark in marks)) + timedelta(days=AFTER)
    blocked = arithmetic.blocked_of(clock, resumed_at=at if now.paused else None)
    paused = {
        day for begin, until in blocked for day in _days(day_of(begin), day_of(until)) if calendar.is_working(day)
    }
    finished = day_of(clock.stopped_at) if clock.stopped_at else today
    charged = {*_days(start + timedelta(days=1), min(finished, today) + timedelta(days=1))}
    charged = {day for day in charged if calendar.is_working(day) and day not in paused}
    flags = {mark.day: (mark.kind, mark.flag) for mark in marks} | {last: ("e", "到期")} | {today: ("t", "今天")}
    weekly = (end - start).days > DAYS_MAX
    if weekly:
        cells = _weeks(start, end, flags, today)
    else:
        begins = {start: ("", began)} | flags
        cells = [_cell(day, start, begins, calendar, charged, paused) for day in _days(start, end)]
    sentence = f"{start.month} 月 {start.day} 日{began}，{now.text}，{last.month} 月 {last.day} 日到期"
    sentence += "".join(f"，{mark.flag} {mark.day.month} 月 {mark.day.day} 日" for mark in marks)
    working = _days(start + timedelta(days=1), max(last, today) + timedelta(days=1))
    bars = [_bar(day, last, charged, paused) for day in working if calendar.is_working(day)]
    reasons = [Interval(begin, until, "诉求人补充") for begin, until in arithmetic.intervals(clock.pauses)]
    reasons += [Interval(begin, until, "审核") for begin, until in arithmetic.intervals(clock.stops)]
    budget = words.total_of(clock.whole)
    return Ruler(
        tuple(cells), sentence, budget, tuple(reasons), len(charged), len(paused), clock.calendar,
        0 if weekly else start.weekday(), weekly, tuple(bars[:BARS_MAX]),
    )  # fmt: skip


def _bar(day: date, last: date, charged: Set[date], paused: Set[date]) -> str:
    if day in paused:
        return "p"
    return "l" if day > last else "c" if day in charged else "w"


def _cell(
    day: date,
    start: date,
    flags: dict[date, tuple[str, str]],
    calendar: Calendar,
    charged: Set[date],
    paused: Set[date],
) -> Cell:
    counted = "c" if day in charged else "p" if day in paused else "" if calendar.is_working(day) else "r"
    kind, flag = flags.get(day, (counted, ""))
    month = f"{day.month} 月" if day == start or day.day == 1 else ""
    return Cell(kind, str(day.day), month, flag)


def _weeks(start: date, end: date, flags: dict[date, tuple[str, str]], today: date) -> list[Cell]:
    """Today wins its week over the due day, the due day over other marks."""
    cells, monday = [], start - timedelta(days=start.weekday())
    while monday <= end:
        days = {monday + timedelta(days=n) for n in range(7)}
        kind, flag = "c" if max(days) < today else "", ""
        for day, told in flags.items():
            kind, flag = told if day in days else (kind, flag)
        cells.append(Cell(f"w {kind}".strip(), f"{monday.month}-{monday.day}", "", flag))
        monday += timedelta(days=7)
    return cells


def _days(begin: date, end: date) -> list[date]:
    return [begin + timedelta(days=n) for n in range(max((end - begin).days, 0))]
