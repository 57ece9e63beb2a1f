"""Taking in a year's notice: a new revision, and every open deadline computed again."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from importlib.resources import files
from typing import Any

from kernel.calendar import queries
from kernel.calendar.models import CalendarDay, CalendarYear
from kernel.database import transaction
from kernel.errors import FormRejected
from kernel.permissions import SYSTEM, Actor

YEARS = range(2004, 2036)


async def seed(at: datetime) -> None:
    """The years that are known, each with its document; once."""
    if await CalendarYear.exists():
        return
    known = json.loads((files("kernel.calendar") / "holidays.json").read_text())
    async with transaction():
        for revision, (year, told) in enumerate(sorted(known.items()), start=1):
            days = {date.fromisoformat(day): (not off, label) for day, (label, off) in told["days"].items()}
            await _take_in(int(year), revision, " ".join(told["documents"]), days, by=SYSTEM, at=at)
    queries.forget()


async def import_year(data: Mapping[str, Any], *, by: Actor, at: datetime) -> list[str]:
    """One year in the shape {"year", "papers": [url], "days": [{"name", "date", "isOffDay"}]}.

    A new revision; every open clock is computed again, every shift is journaled. Gives the shifts as sentences."""
    from kernel.clocks.alarms import recompute

    year, document, days = _checked(data)
    queries.forget()
    before = await queries.current()
    async with transaction():
        newest = await CalendarYear.all().order_by("-revision").first()
        revision = newest.revision + 1 if newest else 1
        await _take_in(year, revision, document, days, by=by, at=at)
    queries.forget()
    since = (await queries.current()).first_change(before)
    return await recompute(at=at, since=since) if since else []


def _checked(data: Mapping[str, Any]) -> tuple[int, str, dict[date, tuple[bool, str]]]:
    """Raises FormRejected with what to change."""
    try:
        year = int(data["year"])
        days = {
            date.fromisoformat(str(day["date"])): (not bool(day["isOffDay"]), str(day["name"])[:40])
            for day in data["days"]
        }
        document = " ".join(map(str, data.get("papers", ())))[:300]
    except (KeyError, TypeError, ValueError) as wrong:
        raise FormRejected(
            {"days": "每一天须有 date（如 2027-01-01）、name 和 isOffDay，整个文件须有 year。"}
        ) from wrong
    if year not in YEARS:
        raise FormRejected({"year": f"年份须在 {YEARS.start} 到 {YEARS.stop - 1} 之间。"})
    if not days:
        raise FormRejected({"days": f"{year} 年还没有公布安排，没有可以导入的日子。"})
    if far := [day for day in days if abs((day - date(year, 7, 1)).days) > 300]:
        raise FormRejected({"days": f"{min(far)} 不属于 {year} 年的安排，请核对。"})
    return year, document, days


async def _take_in(
    year: int, revision: int, document: str, days: Mapping[date, tuple[bool, str]], *, by: Actor, at: datetime
) -> None:
    notice = await CalendarYear.create(
        year=year, revision=revision, document=document, imported_at=at, imported_by=by.id
    )
    rows = [CalendarDay(notice=notice, date=day, works=works, label=label) for day, (works, label) in days.items()]
    await CalendarDay.bulk_create(rows)
