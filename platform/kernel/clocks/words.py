"""How a clock stands, in words and for programs; while it is paused, as if it ran again now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from kernel.calendar.days import Calendar
from kernel.citytime import CITY, day_of
from kernel.clocks import arithmetic
from kernel.clocks.models import Clock

DAY_UNITS = {"wd", "d"}
NAMES = {"min": "分", "h": "小时", "wh": "个工作小时", "wd": "个工作日", "d": "日"}
LONG = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Remaining:
    """`state`: ok soon late pause done, as the mark has it; `amount` and `unit` for programs (negative never: 0)."""

    state: str
    text: str
    due: datetime
    due_on: date | None
    provisional: bool
    amount: int
    unit: str
    met: bool | None
    paused: bool


def remaining(clock: Clock, calendar: Calendar, at: datetime) -> Remaining:
    paused = clock.running and arithmetic.paused_until(clock, at) is not None
    blocked = arithmetic.blocked_of(clock, resumed_at=at if paused else None)
    due = arithmetic.due(clock.started_at, clock.whole, calendar, blocked, clock.floors) if paused else clock.due_at
    counting = _Counting(clock.whole[-1][1], calendar)
    on = arithmetic.last_day(due) if counting.in_days else None
    amount, unit = _left(due, counting, at)
    met = None if clock.stopped_at is None or clock.replaced else clock.stopped_at < clock.due_at
    state, text = _said(clock, due, counting, at, paused=paused)
    return Remaining(state, text, due, on, clock.provisional, amount, unit, met, paused)


def shifted(label: str, no: str, facts: Mapping[str, Any]) -> str:
    """What an entry `shift` tells, in one line."""
    was, now = (arithmetic.last_day(datetime.fromisoformat(f"{facts[one]}")) for one in ("due_before", "due"))
    return f"{label} {no}：{was} 改为 {now}"


def clock_json(clock: Clock, calendar: Calendar, at: datetime, *, window: bool = False) -> dict[str, object]:
    """The clock of CONTRACT: `due_on` where it is counted in days, `met` once it has stopped; a window that ended
    unused missed nothing."""
    now = remaining(clock, calendar, at)
    on = {"due_on": now.due_on.isoformat()} if now.due_on else {}
    left = {"amount": now.amount, "unit": now.unit} if clock.running else None
    return {"step": clock.step, "due_at": now.due.astimezone(CITY).isoformat()} | on | {
        "provisional": now.provisional, "paused": now.paused, "remaining": left,
        "met": (now.met or None) if window else now.met,
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Counting:
    """How what is left is counted: in working days, in days, or in minutes."""

    unit: str
    calendar: Calendar

    @property
    def in_days(self) -> bool:
        return self.unit in DAY_UNITS

    def between(self, after: date, until: date) -> int:
        return self.calendar.working_days_between(after, until) if self.unit == "wd" else (until - after).days

    def ahead(self, due: datetime, at: datetime) -> str:
        """2 个工作日; on the last day the hours until its end."""
        if self.in_days and (days := self.between(day_of(at), arithmetic.last_day(due))) > 0:
            return f"{days} {NAMES[self.unit]}"
        return span_words(max(due - at, timedelta()))

    def over(self, due: datetime, at: datetime) -> str:
        if self.in_days and (days := self.between(arithmetic.last_day(due), day_of(at))) > 0:
            return f"{days} {NAMES[self.unit]}"
        return span_words(at - due)


def _said(clock: Clock, due: datetime, counting: _Counting, at: datetime, *, paused: bool) -> tuple[str, str]:
    if clock.replaced:
        return "done", "改按新的时限计时"
    if clock.stopped_at is not None:
        if clock.stopped_at < clock.due_at:
            return "done", f"按时，用时 {span_words(clock.stopped_at - clock.started_at)}"
        return "late", f"超期 {counting.over(clock.due_at, clock.stopped_at)}"
    if paused:
        until = arithmetic.paused_until(clock, at)
        assert until is not None
        local = until.astimezone(CITY)
        left = f"还剩 {counting.ahead(due, at)}" if at < due else f"超期 {counting.over(due, at)}"
        return "pause", f"{left}，暂停中，最迟 {local.month} 月 {local.day} 日恢复"
    if at >= due:
        return "late", f"超期 {counting.over(due, at)}"
    warned = arithmetic.warn_at(clock, counting.calendar)
    soon = warned is not None and at >= warned
    return "soon" if soon else "ok", f"还剩 {counting.ahead(due, at)}"


def _left(due: datetime, counting: _Counting, at: datetime) -> tuple[int, str]:
    """For programs: never negative."""
    unit = counting.unit if counting.in_days else "min"
    if at >= due:
        return 0, unit
    if counting.in_days:
        return counting.between(day_of(at), arithmetic.last_day(due)), unit
    return int((due - at).total_seconds()) // 60, unit


def span_words(span: timedelta) -> str:
    """The largest two units: 15 小时 40 分, 3 日 5 小时, 18 分."""
    minutes = int(span.total_seconds()) // 60
    hours, minutes = divmod(minutes, 60)
    if span >= LONG:
        days, hours = divmod(hours, 24)
        return f"{days} 日 {hours} 小时" if hours else f"{days} 日"
    if hours:
        return f"{hours} 小时 {minutes} 分" if minutes else f"{hours} 小时"
    return f"{minutes} 分"


def total_of(budget: list[list[Any]]) -> str:
    """24 小时 + 5 个工作日, as a policy says it."""
    return " + ".join(f"{amount} {NAMES[unit]}" for amount, unit in budget)
