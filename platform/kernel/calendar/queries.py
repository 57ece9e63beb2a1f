"""The calendar in force, and every one before it."""

import time
from collections.abc import Collection, Sequence
from datetime import date, datetime
from weakref import WeakKeyDictionary

from tortoise.backends.base.client import BaseDBAsyncClient

from kernel.calendar.days import Calendar
from kernel.calendar.models import CalendarDay, CalendarYear
from kernel.database import home

CHECKED_EVERY_S = 5.0
Days = dict[date, tuple[bool, str]]  # whether the city works, and what the day is called
_read: WeakKeyDictionary[BaseDBAsyncClient, tuple[float, Calendar]] = WeakKeyDictionary()


async def current() -> Calendar:
    """The newest revision; another process's import is seen within five seconds."""
    owner = home()
    checked_at, known = _read.get(owner, (0.0, None))
    if known is None or time.monotonic() - checked_at > CHECKED_EVERY_S:
        newest = await revision()
        if known is None or known.revision != newest:
            known = await as_of(newest)
        _read[owner] = (time.monotonic(), known)
    return known


async def revision() -> int:
    newest = await CalendarYear.all().order_by("-revision").first()
    return newest.revision if newest else 0


async def as_of(revision: int) -> Calendar:
    """The table of days as it was then."""
    notices = await CalendarYear.filter(revision__lte=revision).order_by("revision")
    return layered(revision, [(one.local, one.year, await days_of(one)) for one in notices])


async def first_change(revision: int) -> date | None:
    """The first day that this revision treats otherwise than the one before."""
    return (await as_of(revision)).first_change(await as_of(revision - 1))


async def revision_at(year: int, *, local: bool, at: datetime) -> int | None:
    """The one that was taken in for that year at that moment."""
    found = await CalendarYear.filter(year=year, local=local, imported_at=at).order_by("-revision").first()
    return found.revision if found else None


def layered(revision: int, notices: Sequence[tuple[bool, int, Days]]) -> Calendar:
    """(local, year, days) in the order they were taken in: of each year the newest, later documents over earlier ones,
    and the city's own days over all of them."""
    newest = {(local, year): place for place, (local, year, _) in enumerate(notices)}
    days: Days = {}
    for place in sorted(newest.values(), key=lambda place: (notices[place][0], place)):
        days |= notices[place][2]
    return Calendar(revision, days, [year for local, year in newest if not local])


async def notices() -> list[CalendarYear]:
    return await CalendarYear.all().order_by("-revision")


async def documents(revisions: Collection[int]) -> dict[str, str]:
    """`calendar:7` → why that table of days was another than the one before."""
    found = await CalendarYear.filter(revision__in=sorted(revisions)) if revisions else []
    return {f"calendar:{one.revision}": f"{one.year} 年工作日历有改动（{one.document}）" for one in found}


async def newest_of(year: int, *, local: bool) -> CalendarYear | None:
    return await CalendarYear.filter(year=year, local=local).order_by("-revision").first()


async def days_of(notice: CalendarYear) -> Days:
    return {day.date: (day.works, day.label) for day in await CalendarDay.filter(notice_id=notice.id)}


async def forget() -> None:
    """After an import in this process has been committed."""
    _read.pop(home(), None)
