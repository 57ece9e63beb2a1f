"""The calendar in force, and every one before it."""

import time
from datetime import date
from weakref import WeakKeyDictionary

from tortoise.backends.base.client import BaseDBAsyncClient

from kernel.calendar.days import Calendar
from kernel.calendar.models import CalendarDay, CalendarYear
from kernel.database import home

CHECKED_EVERY_S = 5.0
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
    """The table of days as it was then: of each year the newest notice, later documents over earlier ones."""
    notices = await CalendarYear.filter(revision__lte=revision).order_by("revision")
    newest = {notice.year: notice for notice in notices}
    days: dict[date, tuple[bool, str]] = {}
    for notice in sorted(newest.values(), key=lambda one: one.revision):
        for day in await CalendarDay.filter(notice_id=notice.id):
            days[day.date] = (day.works, day.label)
    return Calendar(revision, days, list(newest))


async def notices() -> list[CalendarYear]:
    return await CalendarYear.all().order_by("-revision")


async def forget() -> None:
    """After an import in this process has been committed."""
    _read.pop(home(), None)
