"""`sunhall verify`: every fresh day of grains is counted anew from the rows."""

from datetime import UTC, date, datetime, timedelta

from kernel.module import Progress
from kernel.outbox import TOGETHER_MAX
from oversight.kpi import queries
from oversight.kpi.actions import DAYS_KEPT, days_of
from oversight.kpi.counting import Counts, day_counted


async def grains(full: bool, progress: Progress) -> tuple[int, list[str]]:
    """What is on its way to its mark is no difference yet: those days are looked at when it has arrived."""
    at, checked, found = datetime.now(UTC), 0, list[str]()
    today = at.date() + timedelta(days=2)
    fresh = sorted(await queries.fresh_days(today - timedelta(days=DAYS_KEPT + 2), today, at))
    for number, day in enumerate(fresh, 1):
        held, anew = await _held(day), await day_counted(day, at)
        checked += max(len(held), len(anew))
        if held != anew and day not in await _moving() and day in await queries.fresh_days(day, today, at):
            found += _told(day, held, anew)
        progress(number, len(fresh))
    return checked, found


async def _held(day: date) -> Counts:
    rows = await queries.grains_of(day)
    return {
        (row.code, row.unit, row.part, row.region, row.label): (row.numerator, row.denominator, row.excluded)
        for row in rows
    }


async def _moving() -> set[date]:
    """The days of what has happened and isn't delivered yet."""
    waiting = queries.undelivered("oversight.mark")
    subjects = sorted({str(subject) for subject in await waiting.values_list("event__subject", flat=True)})
    days = set[date]()
    for first in range(0, len(subjects), TOGETHER_MAX):
        some = subjects[first : first + TOGETHER_MAX]
        days |= set().union(*(await days_of(some)).values())
        for placed in await queries.placed(some):
            days |= {date.fromisoformat(one) for one in placed.days}
    return days


def _told(day: date, held: Counts, anew: Counts) -> list[str]:
    return [
        f"指标日粒度 {day} {' '.join(one or '-' for one in key)}：存 {held.get(key)}，重算 {anew.get(key)}"
        for key in sorted(held.keys() | anew.keys())
        if held.get(key) != anew.get(key)
    ]
