"""Taking in a year's notice: a new revision, and every open deadline computed again."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from importlib.resources import files
from typing import Any

from kernel.calendar import queries
from kernel.calendar.models import CalendarDay, CalendarYear
from kernel.database import after_commit, transaction
from kernel.errors import FormRejected
from kernel.permissions import SYSTEM, Actor

YEARS = range(2004, 2036)
LABEL_MAX, DOCUMENT_MAX = 40, 300


async def seed(at: datetime) -> None:
    """The years that are known, each with its document; once."""
    if await CalendarYear.exists():
        return
    known = json.loads((files("kernel.calendar") / "holidays.json").read_text())
    async with transaction():
        for revision, (year, told) in enumerate(sorted(known.items()), start=1):
            days = {date.fromisoformat(day): (not off, label) for day, (label, off) in told["days"].items()}
            await _take_in(int(year), revision, " ".join(told["documents"]), days, by=SYSTEM, at=at)
        after_commit(queries.forget)


async def import_year(data: Mapping[str, Any], *, by: Actor, at: datetime) -> list[str]:
    """One year in the shape {"year", "papers": [url], "days": [{"name", "date", "isOffDay"}]}.

    A new revision; every open clock that it can move is computed again, every shift is journaled, all in one
    transaction. Gives the shifts as sentences."""
    from kernel.clocks.alarms import recompute

    year, document, days = _checked(data)
    async with transaction():
        before = await queries.as_of(await queries.revision())
        if await _known(year, document, days):
            return []
        await _take_in(year, before.revision + 1, document, days, by=by, at=at)
        calendar = await queries.as_of(before.revision + 1)
        since = calendar.first_change(before)
        shifts = await recompute(calendar, at=at, since=since) if since else []
        after_commit(queries.forget)
    return shifts


async def _known(year: int, document: str, days: Mapping[date, tuple[bool, str]]) -> bool:
    """The same notice as that year's newest: taking it in again changes nothing."""
    newest = await CalendarYear.filter(year=year).order_by("-revision").first()
    if newest is None or newest.document != document:
        return False
    rows = await CalendarDay.filter(notice_id=newest.id)
    return {row.date: (row.works, row.label) for row in rows} == dict(days)


def _checked(data: Mapping[str, Any]) -> tuple[int, str, dict[date, tuple[bool, str]]]:
    """Raises FormRejected with what to change."""
    try:
        year = int(data["year"])
        days = {date.fromisoformat(str(day["date"])): _arrangement(day) for day in data["days"]}
        document = " ".join(map(str, data.get("papers", ())))[:DOCUMENT_MAX]
    except (KeyError, TypeError, ValueError) as wrong:
        raise FormRejected(
            {"days": "每一天须有 date（如 2027-01-01）、name 和 isOffDay（true 或 false），整个文件须有 year。"}
        ) from wrong
    if year not in YEARS:
        raise FormRejected({"year": f"年份须在 {YEARS.start} 到 {YEARS.stop - 1} 之间。"})
    if not days:
        raise FormRejected({"days": f"{year} 年还没有公布安排，没有可以导入的日子。"})
    if far := [day for day in days if abs((day - date(year, 7, 1)).days) > 300]:
        raise FormRejected({"days": f"{min(far)} 不属于 {year} 年的安排，请核对。"})
    return year, document, days


def _arrangement(day: Mapping[str, Any]) -> tuple[bool, str]:
    """(works, name). Only true and false: the word "false" would be taken for a day off."""
    if not isinstance(day["isOffDay"], bool):
        raise TypeError(day["isOffDay"])
    return not day["isOffDay"], str(day["name"])[:LABEL_MAX]


async def _take_in(
    year: int, revision: int, document: str, days: Mapping[date, tuple[bool, str]], *, by: Actor, at: datetime
) -> None:
    notice = await CalendarYear.create(
        year=year, revision=revision, document=document, imported_at=at, imported_by=by.id
    )
    rows = [CalendarDay(notice=notice, date=day, works=works, label=label) for day, (works, label) in days.items()]
    await CalendarDay.bulk_create(rows)
