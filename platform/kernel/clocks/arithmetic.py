"""The pure part: from start, budget and ledger to the exclusive bound. met iff stopped_at < due_at."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from kernel.calendar.days import NONE, Calendar
from kernel.citytime import CITY, day_of, midnight
from kernel.clocks.limits import parse_span
from kernel.clocks.models import Clock

EXACT = {"min": timedelta(minutes=1), "h": timedelta(hours=1)}
Interval = tuple[datetime, datetime]  # half-open


def due(
    start: datetime,
    budget: Iterable[Sequence[Any]],
    calendar: Calendar,
    blocked: Sequence[Interval] = (),
    floors: Iterable[Sequence[Any]] = (),
) -> datetime:
    """One span after the other, each beginning where the last one ended; never less than a floor allows.

    The start day is day 0; wd and d end at 24:00, the next day 00:00+08:00."""
    at, day_zero = start, day_of(start)
    for amount, unit in budget:
        if unit in EXACT:
            at = _natural(at, amount * EXACT[unit], blocked)
            day_zero = day_of(at)
        elif unit == "wh":
            at = _office(at, timedelta(hours=amount), calendar, blocked)
            day_zero = day_of(at)
        else:
            day_zero = _days(day_zero, amount, unit, calendar, blocked)
            at = end_of(day_zero)
    for since, amount, unit in floors:
        at = max(at, due(datetime.fromisoformat(since), [(amount, unit)], calendar, blocked))
    return at


def end_of(day: date) -> datetime:
    """24:00 of that day in the city."""
    return midnight(day + timedelta(days=1)).astimezone(UTC)


def last_day(due_at: datetime) -> date:
    """The day whose 24:00 the bound is, or on which it lies."""
    return (due_at - timedelta(microseconds=1)).astimezone(CITY).date()


def warn_at(clock: Clock, calendar: Calendar) -> datetime | None:
    """When yellow begins: −1 wd at 24:00 of the working day before the last, −2 wh in office time, 50 % of the time
    that is charged: what a pause adds at the end isn't half used up while it lasts."""
    if not clock.warn:
        return None
    amount, unit = parse_span(clock.warn)
    if unit == "%":
        blocked, start = blocked_of(clock), clock.started_at
        lost = sum((min(end, clock.due_at) - max(begin, start) for begin, end in _within(blocked, clock)), NONE)
        return _natural(start, (clock.due_at - start - lost) * amount // 100, blocked)
    if unit == "wd":
        day = last_day(clock.due_at)
        for _ in range(-amount):
            day = calendar.previous_working(day)
        return end_of(day)
    if unit == "wh":
        return calendar.minus_hours(clock.due_at, timedelta(hours=-amount))
    return clock.due_at + amount * EXACT[unit]


def intervals(ledger: Iterable[Sequence[str]]) -> list[Interval]:
    return [(datetime.fromisoformat(begin), datetime.fromisoformat(end)) for begin, end in ledger]


def blocked_of(clock: Clock, *, resumed_at: datetime | None = None) -> list[Interval]:
    """Pauses and reviews in order; with `resumed_at`, as if the pause that runs then ended then."""
    found = []
    for begin, end in intervals(clock.pauses):
        ended = resumed_at if resumed_at is not None and begin <= resumed_at < end else end
        found.append((begin, ended))
    return sorted(found + intervals(clock.stops))


def paused_until(clock: Clock, at: datetime) -> datetime | None:
    """The planned end of the pause that runs at that instant."""
    return next((end for begin, end in intervals(clock.pauses) if begin <= at < end), None)


def stands(clock: Clock, calendar: Calendar) -> bool:
    """Whether it ends when that calendar says, too; one from before the clock's own has no say."""
    if clock.calendar >= calendar.revision:
        return True
    return clock.due_at == due(clock.started_at, clock.whole, calendar, blocked_of(clock), clock.floors)


def derive(clock: Clock, calendar: Calendar, at: datetime) -> None:
    """Write what follows from the ledger: due_at, provisional, stage, next alarm."""
    clock.calendar = calendar.revision
    clock.due_at = due(clock.started_at, clock.whole, calendar, blocked_of(clock), clock.floors)
    in_days = any(unit in {"wd", "wh"} for _, unit in clock.whole)
    clock.provisional = in_days and calendar.provisional(last_day(clock.due_at))
    warned = warn_at(clock, calendar)
    if warned is not None and warned > at:
        clock.stage = 0
    elif clock.due_at > at:
        clock.stage = 1 if warned is None else min(clock.stage, 1)
    clock.next_alarm_at = next_alarm(clock, warned, calendar, at)


def next_alarm(clock: Clock, warned: datetime | None, calendar: Calendar, at: datetime) -> datetime | None:
    """A paused clock rings when it is planned to run again; a stopped one never."""
    if not clock.running:
        return None
    if until := paused_until(clock, at):
        return until
    if clock.stage == 0 and warned is not None:
        return warned
    return clock.due_at if clock.stage <= 1 else after_due(clock, clock.stage - 2, calendar)


def after_due(clock: Clock, rung: int, calendar: Calendar) -> datetime | None:
    """When it rings once more: +1 wd at 24:00 of the first working day after the last one, other units from the end."""
    if rung >= len(clock.ladder):
        return None
    amount, unit = parse_span(clock.ladder[rung])
    if unit == "wd":
        return end_of(calendar.nth_working_day(last_day(clock.due_at), amount))
    if unit == "wh":
        return calendar.plus_hours(clock.due_at, timedelta(hours=amount))
    return clock.due_at + (timedelta(days=amount) if unit == "d" else amount * EXACT[unit])


def _natural(start: datetime, amount: timedelta, blocked: Sequence[Interval]) -> datetime:
    ends = start + amount
    for begin, end in _merged(blocked):
        if begin < ends and end > start:
            ends += end - max(begin, start)
    return ends


def _office(start: datetime, span: timedelta, calendar: Calendar, blocked: Sequence[Interval]) -> datetime:
    ends = calendar.plus_hours(start, span)
    for begin, end in _merged(blocked):
        if begin < ends and end > start:
            span += calendar.hours_between(max(begin, start), end)
            ends = calendar.plus_hours(start, span)
    return ends


def _days(start: date, amount: int, unit: str, calendar: Calendar, blocked: Sequence[Interval]) -> date:
    """A day is charged iff it comes after the start and lies in no half-open pause of days."""
    spans = [(day_of(begin), day_of(end)) for begin, end in _merged(blocked)]
    free, extra = timedelta(days=1), 0
    while True:
        last = start + (amount + extra) * free if unit == "d" else calendar.nth_working_day(start, amount + extra)
        lost = 0
        for begin, end in _merged_days(spans):
            first, final = max(begin, start + free), min(end - free, last)
            if first <= final:
                whole = (final - first).days + 1
                lost += whole if unit == "d" else calendar.working_days_between(first - free, final)
        if lost == extra:
            return last
        extra = lost


def _within(blocked: Sequence[Interval], clock: Clock) -> list[Interval]:
    return [(begin, end) for begin, end in _merged(blocked) if end > clock.started_at and begin < clock.due_at]


def _merged(blocked: Sequence[Interval]) -> list[Interval]:
    """Overlaps (a review inside a planned pause) count once."""
    found: list[Interval] = []
    for begin, end in sorted(blocked):
        if end <= begin:
            continue
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((begin, end))
    return found


def _merged_days(spans: Sequence[tuple[date, date]]) -> list[tuple[date, date]]:
    found: list[tuple[date, date]] = []
    for begin, end in sorted(spans):
        if found and begin < found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((begin, end))
    return found
