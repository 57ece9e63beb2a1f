"""Figures of every unit at once: a day from its rows, a period from its grains and, for days without, from the rows."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from tortoise.expressions import Subquery
from tortoise.functions import Sum

from kernel.citytime import midnight
from kernel.permissions import SYSTEM, Actor
from oversight.kpi import declared, queries
from oversight.kpi.definitions import Definition, Figure

Key = tuple[str, str, str, str, str]  # code, unit, part, region, label
Counts = dict[Key, tuple[int, int, int]]
Cell = tuple[str, str, str]  # code, unit, part


async def by_unit(
    definitions: Sequence[Definition], actor: Actor, asked: queries.Asked, *, parts: bool = False
) -> dict[Cell, Figure]:
    """(code, unit's path, category or empty) → figure; `parts`: by the categories' first level, too."""
    of = {one.code: one for one in definitions if one.grained}
    kept, stretches = await queries.stretches(asked)
    sight = declared.sight(actor)
    if sight is None:
        kept, stretches = [], [(asked.since, asked.until)]
    sums: tuple[Counter[Cell], Counter[Cell], Counter[Cell]] = (Counter(), Counter(), Counter())
    if sight is not None and kept:
        held = queries.grains_among(sight, of, kept).filter(unit__startswith=asked.unit)
        groups = ("code", "unit", "part") if parts else ("code", "unit")
        summed = held.annotate(n=Sum("numerator"), d=Sum("denominator"), e=Sum("excluded")).group_by(*groups)
        for *group, n, d, e in await summed.values_list(*groups, "n", "d", "e"):
            cell = (group[0], group[1], group[2] if parts else "")
            sums[0][cell], sums[1][cell], sums[2][cell] = n, d, e
    for since, until in stretches:
        for definition in of.values():
            anew = await counted(definition, actor, replace(asked, since=since, until=until))
            for (code, unit, part, _, _), counts in anew.items():
                for one, count in zip(sums, counts, strict=True):
                    one[code, unit, part if parts else ""] += count
    open_still = {code: queries.provisional(one, asked) for code, one in of.items()}
    return {
        cell: Figure(of[cell[0]], sums[0][cell], sums[1][cell], sums[2][cell], provisional=open_still[cell[0]])
        for cell in sums[1]
    }


async def day_counted(day: date, at: datetime) -> Counts:
    """One day from the rows, by the very queries that a figure opens."""
    since, until = midnight(day), midnight(day + timedelta(days=1))
    asked = queries.Asked(since=since, until=until, at=max(at, until))
    found: Counts = {}
    for definition in declared.grained():
        found |= await counted(definition, SYSTEM, asked)
    return found


async def counted(definition: Definition, actor: Actor, asked: queries.Asked) -> Counts:
    """What that person sees of a period, for every unit at once."""
    columns = ("id", definition.part, definition.region, definition.label)
    whole = queries.rows(replace(definition, exclusions={}, parts_out={}), actor, asked)
    units = await _units(definition, whole)
    every = {row[0]: row[1:] for row in await whole.values_list(*columns) if row[0] in units}
    if not every:
        return {}
    kept = {*every}
    if definition.excludes:
        kept = {*await queries.rows(definition, actor, asked).values_list("id", flat=True)} & kept
    hit = await _hit(definition, actor, asked)
    sums: tuple[Counter[Key], Counter[Key], Counter[Key]] = (Counter(), Counter(), Counter())
    for row, (part, region, label) in every.items():
        for unit in {above for path in units[row] for above in _above(path)}:
            key = (definition.code, unit, (part or "")[:2], region, f"{getattr(label, 'value', label)}")
            sums[0][key] += hit.get(row, 0) if row in kept else 0
            sums[1][key] += row in kept
            sums[2][key] += row not in kept
    return {key: (sums[0][key], sums[1][key], sums[2][key]) for key in sums[1]}


async def _units(definition: Definition, whole: Any) -> dict[int, set[str]]:
    if definition.parts:
        model, key = queries.parts_of(definition)
        theirs = model.filter(**definition.parts_where, **{f"{key}__in": Subquery(whole.values("id"))})
        pairs = await theirs.values_list(key, definition.unit)
    else:
        pairs = await whole.values_list("id", definition.unit)
    found: dict[int, set[str]] = {}
    for row, path in pairs:
        found.setdefault(row, set()).add(path)
    return found


async def _hit(definition: Definition, actor: Actor, asked: queries.Asked) -> dict[int, int]:
    """How much each row adds to the numerator."""
    if definition.mean:
        found = queries.rows(definition, actor, asked)
        return {row: value + 1 for row, value in await found.values_list("id", definition.mean)}
    return dict.fromkeys(await queries.hits(definition, actor, asked).values_list("id", flat=True), 1)


def _above(path: str) -> Iterable[str]:
    """`/a/b/` → all, `/a/`, `/a/b/`."""
    steps = path.strip("/").split("/")
    return ("", *("/" + "/".join(steps[: n + 1]) + "/" for n in range(len(steps))))
