"""Daily grains are kept up: a change marks the days that it touches, a job counts marked days anew from the rows."""

from datetime import date, datetime, timedelta

from tortoise.expressions import F

from kernel.citytime import day_of
from kernel.database import transaction
from kernel.kinds import kind_of
from kernel.models import Entry
from oversight.kpi import declared, queries
from oversight.kpi.counting import day_counted
from oversight.kpi.models import Grain, GrainDay, Placed

DAYS_KEPT, BATCH = 400, 1_000


async def mark(subject: str) -> None:
    """In the transaction of who calls: the days where it was counted and those where it is now."""
    now = await days_of(subject)
    placed = await Placed.get_or_none(subject=subject)
    before = {date.fromisoformat(day) for day in placed.days} if placed else set[date]()
    if placed is None:
        await Placed.create(subject=subject, days=sorted(f"{day}" for day in now))
    elif before != now:
        placed.days = sorted(f"{day}" for day in now)
        await placed.save(update_fields=["days"])
    await queries.day_rows(before | now).update(marks=F("marks") + 1)


async def days_of(subject: str) -> set[date]:
    """Where a thing may be counted, what is counted through it, and what isn't a hit any more because of it."""
    kind, no = kind_of(subject)
    if (told := declared.touching().get(kind.model.kind)) is not None:
        return await told(no)
    days = await _own_days(subject)
    for other in await queries.counted_through(subject) | await queries.followed_upon(subject):
        days |= await _own_days(other)
    return days


async def _own_days(subject: str) -> set[date]:
    """Of each column and each clock that a definition goes by."""
    kind, no = kind_of(subject)
    mine = [one for one in declared.grained() if one.kind == kind.model.kind]
    found: list[datetime | None] = []
    if columns := {one.time_role for one in mine if not one.step}:
        found += [moment for row in await kind.model.filter(no=no).values_list(*columns) for moment in row]
    if steps := {one.step for one in mine if one.step}:
        found += await queries.due_of(subject, steps).values_list("due_at", flat=True)  # type: ignore[arg-type]
    return {day_of(moment) for moment in found if moment}


async def fold(*, at: datetime, days_max: int) -> int:
    """Count the newest days that aren't fresh. How many."""
    wanted = (await _waiting(at))[:days_max]
    for day in wanted:
        await fold_day(day, at)
    return len(wanted)


async def _waiting(at: datetime) -> list[date]:
    today = day_of(at)
    oldest = await Entry.all().order_by("id").first().values_list("at", flat=True)
    if oldest is None:
        return []
    first = max(day_of(oldest), today - timedelta(days=DAYS_KEPT))  # type: ignore[arg-type]
    fresh = await queries.fresh_days(first, today, at)
    back = (today - timedelta(days=n) for n in range(1, (today - first).days + 1))
    return [day for day in back if day not in fresh]


async def fold_day(day: date, at: datetime) -> None:
    """The marks are read before the rows: what changes meanwhile leaves the day to be counted once more."""
    known, _ = await GrainDay.get_or_create(day=day)
    counts = await day_counted(day, at)
    versions = {one.code: one.version for one in declared.grained()}
    rows = [
        Grain(
            code=code, version=versions[code], day=day, unit=unit, part=part, region=region, label=label,
            numerator=n, denominator=d, excluded=e,
        )
        for (code, unit, part, region, label), (n, d, e) in counts.items()
    ]  # fmt: skip
    async with transaction():
        await queries.day_rows([day]).update(done=known.marks, print=declared.fingerprint())
        await queries.grains_of(day).delete()
        await Grain.bulk_create(rows, batch_size=BATCH)
