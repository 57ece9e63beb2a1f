"""Daily grains are kept up: a change marks the days that it touches, a job counts marked days anew from the rows."""

from collections.abc import Collection
from datetime import date, datetime, timedelta

from tortoise.expressions import F

from kernel.citytime import day_of
from kernel.database import transaction
from kernel.kinds import kind_of
from oversight.kpi import declared, queries
from oversight.kpi.counting import day_counted
from oversight.kpi.models import Grain, GrainDay, Placed

DAYS_KEPT, BATCH = 400, 1_000


async def mark(subjects: Collection[str]) -> None:
    """In the transaction of who calls: the days where they were counted and those where they are now."""
    now = await days_of(subjects)
    placed = {one.subject: one for one in await queries.placed(subjects)}
    before = {subject: {date.fromisoformat(day) for day in one.days} for subject, one in placed.items()}
    new = [Placed(subject=subject, days=_listed(now[subject])) for subject in now.keys() - placed.keys()]
    moved = [one for subject, one in placed.items() if before[subject] != now[subject]]
    for one in moved:
        one.days = _listed(now[one.subject])
    if new:
        await Placed.bulk_create(new)
    if moved:
        await Placed.bulk_update(moved, fields=["days"])
    await queries.day_rows(set().union(*now.values(), *before.values())).update(marks=F("marks") + 1)


def _listed(days: Collection[date]) -> list[str]:
    return sorted(f"{day}" for day in days)


async def days_of(subjects: Collection[str]) -> dict[str, set[date]]:
    """Where each may be counted, what is counted through it, and what isn't a hit any more because of it."""
    told, touching = dict[str, set[date]](), declared.touching()
    for subject in subjects:
        kind, no = kind_of(subject)
        if kind.model.kind in touching:
            told[subject] = await touching[kind.model.kind](no)
    others = [subject for subject in subjects if subject not in told]
    through, upon = await queries.counted_through(others), await queries.followed_upon(others)
    own = await _own_days({*others}.union(*through.values(), *upon.values()))
    for subject in others:
        one = {subject} | through.get(subject, set()) | upon.get(subject, set())
        told[subject] = set().union(*(own.get(named, set()) for named in one))
    return told


async def _own_days(subjects: Collection[str]) -> dict[str, set[date]]:
    """Of each column and each clock that a definition goes by."""
    found = dict[str, set[date]]()
    for name, (kind, nos) in queries.by_kind(subjects).items():
        mine = [one for one in declared.grained() if one.kind == name]
        if columns := sorted({one.time_role for one in mine if not one.step}):
            for no, *moments in await kind.model.filter(no__in=nos).values_list("no", *columns):
                days = {day_of(moment) for moment in moments if moment}
                found.setdefault(f"{name}:{no}", set()).update(days)
        if steps := {one.step for one in mine if one.step}:
            named = [f"{name}:{no}" for no in nos]
            for subject, due_at in await queries.due_of(named, steps).values_list("subject", "due_at"):
                found.setdefault(subject, set()).add(day_of(due_at))
    return found


async def fold(*, at: datetime, days_max: int) -> int:
    """Count the newest days that aren't fresh. How many."""
    wanted = (await _waiting(at))[:days_max]
    for day in wanted:
        await fold_day(day, at)
    return len(wanted)


async def _waiting(at: datetime) -> list[date]:
    today = day_of(at)
    begun = await queries.began()
    if begun is None:
        return []
    first = max(day_of(begun), today - timedelta(days=DAYS_KEPT))
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
