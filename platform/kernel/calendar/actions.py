"""Taking in a year's notice: a new revision, and every open deadline computed again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from typing import Any

from kernel.calendar import queries
from kernel.calendar.days import Calendar
from kernel.calendar.models import CalendarDay, CalendarYear
from kernel.database import after_commit, transaction
from kernel.errors import FormRejected
from kernel.permissions import SYSTEM, Actor

YEARS = range(2004, 2036)
LABEL_MAX, DOCUMENT_MAX = 40, 300


@dataclass(frozen=True, slots=True)
class Notice:
    """What is to be taken in: one document's days, each (works, name)."""

    year: int
    local: bool
    document: str
    days: Mapping[date, tuple[bool, str]]


async def seed(at: datetime) -> None:
    """The years that are known, each with its document; once."""
    if await CalendarYear.exists():
        return
    known = json.loads((files("kernel.calendar") / "holidays.json").read_text())
    async with transaction():
        for revision, (year, told) in enumerate(sorted(known.items()), start=1):
            days = {date.fromisoformat(day): (not off, label) for day, (label, off) in told["days"].items()}
            notice = Notice(int(year), local=False, document=" ".join(told["documents"]), days=days)
            await _write(notice, revision, by=SYSTEM, at=at)
        after_commit(queries.forget)


async def import_year(data: Mapping[str, Any], *, by: Actor, at: datetime) -> list[str]:
    """One year in the shape {"year", "papers": [url], "days": [{"name", "date", "isOffDay"}], "local"?: true}.

    Gives the shifts of open deadlines as sentences."""
    return await take_in(checked(data), by=by, at=at)


async def take_in(notice: Notice, *, by: Actor, at: datetime) -> list[str]:
    """A new revision; every open clock that it can move is computed again, every shift is journaled, all in one
    transaction. Gives the shifts as sentences; none, and no revision, for what is known already."""
    from kernel.clocks.alarms import recompute

    async with transaction():
        calendar = await enact(notice, by=by, at=at)
        if calendar is None:
            return []
        since = await queries.first_change(calendar.revision)
        return await recompute(calendar, at=at, since=since) if since else []


async def enact(notice: Notice, *, by: Actor, at: datetime) -> Calendar | None:
    """A new revision, in force for every clock that is started or changed from now on; None for what is known already.
    In the caller's transaction; those that run already are for `recompute`."""
    before = await queries.revision()
    if await is_known(notice):
        return None
    await _write(notice, before + 1, by=by, at=at)
    after_commit(queries.forget)
    return await queries.as_of(before + 1)


async def as_if(notice: Notice) -> Calendar:
    """The table of days with that notice in it; nothing is written."""
    known = [(one.local, one.year, await queries.days_of(one)) for one in reversed(await queries.notices())]
    return queries.layered(await queries.revision() + 1, [*known, (notice.local, notice.year, dict(notice.days))])


async def is_known(notice: Notice) -> bool:
    """The same notice as that year's newest: taking it in again changes nothing."""
    newest = await queries.newest_of(notice.year, local=notice.local)
    if newest is None or newest.document != notice.document:
        return False
    return await queries.days_of(newest) == notice.days


def checked(data: Mapping[str, Any]) -> Notice:
    """Raises FormRejected with what to change."""
    try:
        year, local = int(data["year"]), data.get("local", False) is True
        days = {date.fromisoformat(str(day["date"])): _arrangement(day) for day in data["days"]}
        document = " ".join(map(str, data.get("papers", ())))[:DOCUMENT_MAX]
    except (KeyError, TypeError, ValueError) as wrong:
        raise FormRejected(
            {"days": "每一天须有 date（如 2027-01-01）、name 和 isOffDay（true 或 false），整个文件须有 year。"}
        ) from wrong
    if year not in YEARS:
        raise FormRejected({"year": f"年份须在 {YEARS.start} 到 {YEARS.stop - 1} 之间。"})
    if not days and not local:
        raise FormRejected({"days": f"{year} 年还没有公布安排，没有可以导入的日子。"})
    if far := [day for day in days if abs((day - date(year, 7, 1)).days) > 300]:
        raise FormRejected({"days": f"{min(far)} 不属于 {year} 年的安排，请核对。"})
    return Notice(year, local, document, days)


def _arrangement(day: Mapping[str, Any]) -> tuple[bool, str]:
    """(works, name). Only true and false: the word "false" would be taken for a day off."""
    if not isinstance(day["isOffDay"], bool):
        raise TypeError(day["isOffDay"])
    return not day["isOffDay"], str(day["name"])[:LABEL_MAX]


async def _write(notice: Notice, revision: int, *, by: Actor, at: datetime) -> None:
    row = await CalendarYear.create(
        year=notice.year, local=notice.local, revision=revision, document=notice.document, imported_at=at,
        imported_by=by.id,
    )  # fmt: skip
    days = [CalendarDay(notice=row, date=day, works=works, label=label) for day, (works, label) in notice.days.items()]
    await CalendarDay.bulk_create(days)
