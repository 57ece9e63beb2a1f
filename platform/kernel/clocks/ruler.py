"""The day ruler (时间标尺): one cell a day, drawn from the same function as the due date."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kernel.calendar.days import CITY, Calendar
from kernel.clocks import arithmetic, words
from kernel.clocks.models import Clock

DAYS_MAX = 45
AFTER = 2


@dataclass(frozen=True, slots=True)
class Cell:
    """`kind` is the class of the stylesheet: c charged, p paused, r rest, t today, e promised, w a whole week."""

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
class Ruler:
    cells: tuple[Cell, ...]
    sentence: str
    budget: str
    intervals: tuple[Interval, ...]
    charged: int
    paused: int
    calendar: int


def ruler(clock: Clock, calendar: Calendar, at: datetime) -> Ruler:
    start, today = clock.started_at.astimezone(CITY).date(), at.astimezone(CITY).date()
    now = words.remaining(clock, calendar, at)
    last = arithmetic.last_day(now.due)
    end = max(last, today) + timedelta(days=AFTER)
    blocked = arithmetic.blocked_of(clock, resumed_at=at if now.paused else None)
    paused = {
        day
        for begin, until in blocked
        for day in _days(begin.astimezone(CITY).date(), until.astimezone(CITY).date())
        if calendar.is_working(day)
    }
    finished = clock.stopped_at.astimezone(CITY).date() if clock.stopped_at else today
    charged = {*_days(start + timedelta(days=1), min(finished, today) + timedelta(days=1))}
    charged = {day for day in charged if calendar.is_working(day) and day not in paused}
    if (end - start).days > DAYS_MAX:
        cells = _weeks(start, end, last, today)
    else:
        cells = [_cell(day, start, last, today, calendar, charged, paused) for day in _days(start, end)]
    sentence = f"{start.month} 月 {start.day} 日登记，{now.text}，{last.month} 月 {last.day} 日到期"
    reasons = [Interval(begin, until, "诉求人补充") for begin, until in arithmetic.intervals(clock.pauses)]
    reasons += [Interval(begin, until, "审核") for begin, until in arithmetic.intervals(clock.stops)]
    budget = words.total_of(clock.whole)
    return Ruler(tuple(cells), sentence, budget, tuple(reasons), len(charged), len(paused), clock.calendar)


def _cell(
    day: date, start: date, last: date, today: date, calendar: Calendar, charged: set[date], paused: set[date]
) -> Cell:
    kind = "c" if day in charged else "p" if day in paused else "" if calendar.is_working(day) else "r"
    flag = ""
    if day == start:
        kind, flag = "", "登记"
    if day == last:
        kind, flag = "e", "到期"
    if day == today:
        kind, flag = "t", "今天"
    month = f"{day.month} 月" if day == start or day.day == 1 else ""
    return Cell(kind, str(day.day), month, flag)


def _weeks(start: date, end: date, last: date, today: date) -> list[Cell]:
    cells, monday = [], start - timedelta(days=start.weekday())
    while monday <= end:
        week = range(7)
        days = {monday + timedelta(days=n) for n in week}
        kind = "t" if today in days else "e" if last in days else "c" if max(days) < today else ""
        flag = "今天" if today in days else "到期" if last in days else ""
        cells.append(Cell(f"w {kind}".strip(), f"{monday.month}-{monday.day}", "", flag))
        monday += timedelta(days=7)
    return cells


def _days(begin: date, end: date) -> list[date]:
    return [begin + timedelta(days=n) for n in range(max((end - begin).days, 0))]
