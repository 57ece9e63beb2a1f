"""Figures and the rows behind them: from the daily grains where those stand, from the rows for the days that don't."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from math import ceil
from typing import Any

from pypika_tortoise.terms import CustomFunction
from tortoise.expressions import F, Function, Q, RawSQL, Subquery
from tortoise.functions import Sum
from tortoise.queryset import QuerySet

from kernel.calendar import current
from kernel.citytime import CITY, day_of, midnight
from kernel.clocks.models import Clock
from kernel.kinds import Kind, kind_of
from kernel.models import Delivery, Entry
from kernel.permissions import Actor
from oversight.kpi import declared
from oversight.kpi.definitions import Definition, Figure
from oversight.kpi.models import Grain, GrainDay, Placed

FIRST_ENTRIES = 2_000
STRETCHES_MAX = 12  # of days without grains; where there are more, all is counted from the rows
LAST_OF_ITS_STEP = (
    "(SELECT max(c.id) FROM kernel_clock c WHERE c.subject = kernel_clock.subject AND c.step = kernel_clock.step "
    "AND NOT c.replaced)"
)


class Number(Function):
    """`assignment:12345-1/1` → `12345-1/1`, in the database."""

    database_func = CustomFunction("REPLACE", ["text", "old", "new"])  # type: ignore[assignment]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Of a unit and those under it (empty: of all), in [since, until), as it stands `at`."""

    since: datetime
    until: datetime
    at: datetime
    unit: str = ""


async def figures(definitions: Sequence[Definition], actor: Actor, asked: Asked) -> list[Figure]:
    """Each of them; what the grains hold is read in one question."""
    kept, rest = await stretches(asked)
    sight = _sight(actor, asked) if kept else None
    if sight is None or len(rest) > STRETCHES_MAX:
        return [await figure(one, actor, asked) for one in definitions]
    codes = [one.code for one in definitions if one.grained]
    held = grains_among(sight, codes, kept).filter(unit=asked.unit)
    summed = (
        await held.group_by("code")
        .annotate(n=Sum("numerator"), d=Sum("denominator"), e=Sum("excluded"))
        .values("code", "n", "d", "e")
    )
    known = {row["code"]: (row["n"], row["d"], row["e"]) for row in summed}
    found = []
    for one in definitions:
        if not one.grained:
            found.append(await figure(one, actor, asked))
            continue
        n, d, e = known.get(one.code, (0, 0, 0))
        for since, until in rest:
            more = await figure(one, actor, replace(asked, since=since, until=until))
            n, d, e = n + more.numerator, d + more.denominator, e + more.excluded
        found.append(Figure(one, n, d, e, provisional=provisional(one, asked)))
    return found


def rows(definition: Definition, actor: Actor, asked: Asked) -> Any:
    """What one figure counts, as far as this person may see it; what is excluded isn't in it."""
    found = _all(definition, actor, asked)
    for left_out in definition.exclusions.values():
        found = found.exclude(**left_out)
    for left_out in definition.parts_out.values():
        model, key = parts_of(definition)
        found = found.exclude(id__in=Subquery(model.filter(**left_out).values(key)))
    return found


def hits(definition: Definition, actor: Actor, asked: Asked) -> Any:
    """Those of the rows that the numerator counts."""
    found = rows(definition, actor, asked).filter(**definition.numerator)
    if definition.either:
        found = found.filter(Q(*[Q(**one) for one in definition.either], join_type=Q.OR))
    if definition.late:
        found = found.filter(due_at__lt=asked.at)
    if definition.in_time:
        wrong = Q(stopped_at__isnull=True) | Q(stopped_at__gt=F("due_at"))
        late = _clocks(definition, asked).filter(wrong)
        found = found.exclude(no__in=_numbers(late, definition))
    if definition.unextended:
        granted = _clocks(definition, asked).exclude(extended=[])
        found = found.exclude(no__in=_numbers(granted, definition))
    for column, named in definition.outside.items():
        found = found.exclude(**{f"{column}__in": declared.values(named)})
    if definition.followed_by:
        found = found.exclude(no__in=_followed(definition, asked))
    return found


def _followed(definition: Definition, asked: Asked) -> Subquery:
    """Whoever sees them, and whoever sees those that followed."""
    kind, _ = kind_of(f"{definition.kind}:")
    column, until = definition.followed_by, asked.until + timedelta(days=definition.followed_days)
    inside = {f"{definition.followed_role}__gte": asked.since, f"{definition.followed_role}__lt": until}
    later = kind.model.filter(**definition.followed_where, **inside, **{f"{column}__not_isnull": True})
    return Subquery(later.values(column))


def provisional(definition: Definition, asked: Asked) -> bool:
    """Whether the days after which a row of that period stays as it is aren't over."""
    return asked.at < asked.until + timedelta(days=definition.followed_days) if definition.followed_by else False


def misses(definition: Definition, actor: Actor, asked: Asked) -> Any:
    """Those that it doesn't."""
    return rows(definition, actor, asked).exclude(id__in=Subquery(hits(definition, actor, asked).values("id")))


def left_out(definition: Definition, actor: Actor, asked: Asked) -> Any:
    """What is excluded (剔除), so that whoever doubts a figure sees what was taken out of it."""
    return _all(definition, actor, asked).exclude(id__in=Subquery(rows(definition, actor, asked).values("id")))


async def figure(definition: Definition, actor: Actor, asked: Asked) -> Figure:
    """Counted from the rows."""
    found, left_out = rows(definition, actor, asked), 0
    counted = await found.count()
    if definition.excludes:
        left_out = await _all(definition, actor, asked).count() - counted
    if definition.overrun:
        return await _overrun(definition, found, left_out, asked.at)
    if definition.measure:
        return await _spread(definition, found, counted, left_out)
    if definition.mean:
        (total,) = await found.annotate(total=Sum(definition.mean)).values_list("total", flat=True) if counted else (0,)
        hit = int(str(total)) + counted
    else:
        hit = await hits(definition, actor, asked).count()
    return Figure(definition, hit, counted, left_out, provisional=provisional(definition, asked))


async def _spread(definition: Definition, found: Any, counted: int, left_out: int) -> Figure:
    """Mean, median and ninth decile (nearest rank) of a column."""
    total = (await found.annotate(total=Sum(definition.measure)).values_list("total", flat=True))[0] if counted else 0
    ordered = found.order_by(definition.measure)
    ranks = [-(-counted * part // 100) - 1 for part in (50, 90)]
    p50, p90 = [
        await ordered.offset(rank).first().values_list(definition.measure, flat=True) if counted else None
        for rank in ranks
    ]
    return Figure(definition, total or 0, counted, left_out, p50, p90)


async def _overrun(definition: Definition, found: Any, left_out: int, at: datetime) -> Figure:
    """In whole working hours, each begun one counting; the calendar isn't the database's, so it is counted here."""
    calendar = await current()
    due = [moment for (moment,) in await found.values_list("due_at")]
    hours = sorted(ceil(calendar.hours_between(moment, at) / timedelta(hours=1)) for moment in due)
    p50, p90 = [hours[-(-len(hours) * part // 100) - 1] if hours else None for part in (50, 90)]
    return Figure(definition, sum(hours), len(hours), left_out, p50, p90)


async def stretches(asked: Asked) -> tuple[list[date], list[tuple[datetime, datetime]]]:
    """The whole days of the period that have fresh grains, and the stretches between them that haven't."""
    first, last = asked.since.astimezone(CITY), asked.until.astimezone(CITY)
    if first.time() != time() or last.time() != time():
        return [], [(asked.since, asked.until)]
    fresh = await fresh_days(first.date(), last.date(), asked.at)
    rest, day = list[tuple[datetime, datetime]](), first.date()
    while day < last.date():
        following = day + timedelta(days=1)
        if day not in fresh:
            begin, end = midnight(day), midnight(following)
            if rest and rest[-1][1] == begin:
                rest[-1] = (rest[-1][0], end)
            else:
                rest.append((begin, end))
        day = following
    return sorted(fresh), rest


async def fresh_days(first: date, before: date, at: datetime) -> set[date]:
    """Days that are over, counted under today's definitions, with nothing changed since."""
    before = min(before, day_of(at))
    days = GrainDay.filter(day__gte=first, day__lt=before, print=declared.fingerprint(), done=F("marks"))
    return {day for (day,) in await days.values_list("day")}


async def began() -> datetime | None:
    """The earliest of the first entries: a hall that opens with what was registered before has its own beginning first,
    and the older days after it."""
    first = await Entry.all().order_by("id").limit(FIRST_ENTRIES).values_list("at", flat=True)
    found: list[Any] = [*first]
    return min(found, default=None)


def day_rows(days: Collection[date]) -> QuerySet[GrainDay]:
    return GrainDay.filter(day__in=sorted(days))


def grains_of(day: date) -> QuerySet[Grain]:
    return Grain.filter(day=day)


def grains_among(sight: declared.Sight, codes: Collection[str], kept: Sequence[date]) -> QuerySet[Grain]:
    """What that person may see of these days."""
    return Grain.filter(sight.grains(), code__in=list(codes)).filter(**_among(kept))


def placed(subjects: Collection[str]) -> QuerySet[Placed]:
    return Placed.filter(subject__in=sorted(subjects))


def due_of(subjects: Collection[str], steps: Collection[str]) -> QuerySet[Clock]:
    return Clock.filter(subject__in=sorted(subjects), step__in=sorted(steps))


def undelivered(consumer: str) -> QuerySet[Delivery]:
    """What has happened and hasn't reached that consumer yet; what is parked never will by itself."""
    return Delivery.filter(consumer=consumer, next_try_at__isnull=False, parked_at=None)


def _among(kept: Sequence[date]) -> dict[str, Any]:
    """These days; as an unbroken run where it is one, which an index can follow."""
    if (kept[-1] - kept[0]).days + 1 == len(kept):
        return {"day__gte": kept[0], "day__lte": kept[-1]}
    return {"day__in": list(kept)}


def _sight(actor: Actor, asked: Asked) -> declared.Sight | None:
    """Half a path is a prefix of several units: that is counted from the rows."""
    whole = not asked.unit or (asked.unit.startswith("/") and asked.unit.endswith("/"))
    return declared.sight(actor) if whole else None


def _all(definition: Definition, actor: Actor, asked: Asked) -> Any:
    found = declared.seen(definition.kind, actor).filter(**definition.denominator)
    if definition.live:
        found = found.filter(due_at__lt=asked.at) if definition.overrun else found
    elif definition.step:
        found = found.filter(no__in=_numbers(_clocks(definition, asked), definition))
    else:
        inside = {f"{definition.time_role}__gte": asked.since, f"{definition.time_role}__lt": asked.until}
        found = found.filter(**inside)
    if definition.parts:
        model, key = parts_of(definition)
        theirs = model.filter(**definition.parts_where)
        theirs = theirs.filter(**{f"{definition.unit}__startswith": asked.unit}) if asked.unit else theirs
        return found.filter(id__in=Subquery(theirs.values(key)))
    return found.filter(**{f"{definition.unit}__startswith": asked.unit}) if asked.unit else found


def _clocks(definition: Definition, asked: Asked) -> Any:
    """One thing counts in one period, that of its due time: of a step that ran several times the last running says it.
    One that still runs and isn't due yet counts in none so far."""
    ended = Q(stopped_at__isnull=False) | Q(due_at__lte=asked.at)
    due = Q(due_at__gte=asked.since, due_at__lt=asked.until)
    found = Clock.filter(due, step=definition.step, replaced=False, subject__startswith=f"{definition.kind}:")
    return found.annotate(last=RawSQL(LAST_OF_ITS_STEP)).filter(ended, id=F("last"))


def _numbers(of: Any, definition: Definition) -> Subquery:
    return Subquery(of.annotate(told=Number("subject", f"{definition.kind}:", "")).values("told"))


async def followed_upon(subjects: Collection[str]) -> dict[str, set[str]]:
    """Of what is the same again, what it is the same as: whose figure it spoils."""
    found = dict[str, set[str]]()
    for name, (kind, nos) in by_kind(subjects).items():
        columns = sorted({one.followed_by for one in declared.grained() if one.kind == name and one.followed_by})
        for no, *told in await kind.model.filter(no__in=nos).values_list("no", *columns) if columns else ():
            found[f"{name}:{no}"] = {f"{name}:{number}" for number in told if number}
    return found


async def counted_through(subjects: Collection[str]) -> dict[str, set[str]]:
    """Of a part (an agency's share) the whole (its ticket) that belongs to units through it."""
    ways = {(one.kind, *parts_of(one)) for one in declared.grained() if one.parts}
    found = dict[str, set[str]]()
    for name, (kind, nos) in by_kind(subjects).items():
        for whole, key in sorted((whole, key) for whole, model, key in ways if model is kind.model):
            ids = dict(await kind.model.filter(no__in=nos).values_list("no", key))
            owner, _ = kind_of(f"{whole}:")
            numbers = dict(await owner.model.filter(id__in=sorted({*ids.values()})).values_list("id", "no"))
            for no, own in ids.items():
                found.setdefault(f"{name}:{no}", set()).add(f"{whole}:{numbers[own]}")
    return found


def by_kind(subjects: Collection[str]) -> dict[str, tuple[Kind, list[str]]]:
    """By the name of each kind: it, and the numbers of those that are of it."""
    found = dict[str, tuple[Kind, list[str]]]()
    for subject in sorted(subjects):
        kind, no = kind_of(subject)
        found.setdefault(kind.model.kind, (kind, []))[1].append(no)
    return found


def parts_of(definition: Definition) -> tuple[Any, str]:
    """The model of the parts and its column that leads to the whole."""
    kind, _ = kind_of(f"{definition.kind}:")
    relation: Any = kind.model._meta.fields_map[definition.parts]
    return relation.related_model, relation.relation_field
