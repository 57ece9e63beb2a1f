"""How a clock stands, in words and for programs; while it is paused, as if it ran again now."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from kernel.calendar.days import CITY, Calendar
from kernel.clocks import arithmetic
from kernel.clocks.models import Clock

DAY_UNITS = {"wd", "d"}
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
    due = arithmetic.due(clock.started_at, clock.budget, calendar, blocked, clock.floors) if paused else clock.due_at
    in_days = clock.budget[-1][1] in DAY_UNITS
    on = arithmetic.last_day(due) if in_days else None
    amount, unit = _left(due, in_days, calendar, at)
    met = None if clock.stopped_at is None or clock.replaced else clock.stopped_at < clock.due_at
    state, text = _said(clock, due, in_days, calendar, at, paused=paused)
    return Remaining(state, text, due, on, clock.provisional, amount, unit, met, paused)


def clock_json(clock: Clock, calendar: Calendar, at: datetime) -> dict[str, object]:
    """The clock of CONTRACT: `due_on` where it is counted in days, `met` once it has stopped."""
    now = remaining(clock, calendar, at)
    on = {"due_on": now.due_on.isoformat()} if now.due_on else {}
    left = {"amount": now.amount, "unit": now.unit} if clock.running else None
    return {"step": clock.step, "due_at": now.due.astimezone(CITY).isoformat()} | on | {
        "provisional": now.provisional, "paused": now.paused, "remaining": left, "met": now.met,
    }  # fmt: skip


def _said(
    clock: Clock, due: datetime, in_days: bool, calendar: Calendar, at: datetime, *, paused: bool
) -> tuple[str, str]:
    if clock.replaced:
        return "done", "改按新分类计时"
    if clock.stopped_at is not None:
        took = span_words(clock.stopped_at - clock.started_at)
        if clock.stopped_at < clock.due_at:
            return "done", f"按时，用时 {took}"
        return "late", f"超期 {_over(clock.due_at, clock.stopped_at, in_days, calendar)}"
    if paused:
        until = arithmetic.paused_until(clock, at)
        assert until is not None
        local = until.astimezone(CITY)
        return "pause", f"还剩 {_ahead(due, in_days, calendar, at)}，暂停中，最迟 {local.month} 月 {local.day} 日恢复"
    if at >= due:
        return "late", f"超期 {_over(due, at, in_days, calendar)}"
    warned = arithmetic.warn_at(clock, calendar)
    soon = warned is not None and at >= warned
    return "soon" if soon else "ok", f"还剩 {_ahead(due, in_days, calendar, at)}"


def _ahead(due: datetime, in_days: bool, calendar: Calendar, at: datetime) -> str:
    """2 个工作日; on the last day the hours until its end."""
    if in_days:
        days = calendar.working_days_between(at.astimezone(CITY).date(), arithmetic.last_day(due))
        if days:
            return f"{days} 个工作日"
    return span_words(max(due - at, timedelta()))


def _over(due: datetime, at: datetime, in_days: bool, calendar: Calendar) -> str:
    if in_days:
        days = calendar.working_days_between(arithmetic.last_day(due), at.astimezone(CITY).date())
        if days:
            return f"{days} 个工作日"
    return span_words(at - due)


def _left(due: datetime, in_days: bool, calendar: Calendar, at: datetime) -> tuple[int, str]:
    if at >= due:
        return 0, "wd" if in_days else "min"
    if in_days:
        return calendar.working_days_between(at.astimezone(CITY).date(), arithmetic.last_day(due)), "wd"
    return int((due - at).total_seconds()) // 60, "min"


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
    names = {"min": "分", "h": "小时", "wh": "个工作小时", "wd": "个工作日", "d": "日"}
    return " + ".join(f"{amount} {names[unit]}" for amount, unit in budget)
