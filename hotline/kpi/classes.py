"""分档分类评价: a unit stands beside units of a like load, and among few it isn't ranked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hotline.kpi.composites import THREE_RATES, Composed, Composite, of_parts
from hotline.kpi.criteria import Criteria, of_period
from hotline.kpi.definitions import BY_CODE, FIGURES
from hotline.kpi.partly import in_part, with_beside
from hotline.kpi.queries import units
from hotline.policies.cells import LOADS
from kernel.permissions import Actor
from oversight.kpi import counting
from oversight.kpi.definitions import Definition, Figure
from oversight.kpi.queries import Asked
from oversight.kpi.ranking import Class, in_order

LOAD = BY_CODE["extended"]  # of all figures that whose base is every share that fell due, with nothing left out
SMALL = "少量件"
MONTH_DAYS = 30
COMPARED: dict[str, Definition | Composite] = {
    one.code: one for one in FIGURES if one.share and one.grained and one.unit == LOAD.unit
} | {THREE_RATES.code: THREE_RATES}


@dataclass(frozen=True, slots=True)
class Compared:
    definition: Definition | Composite
    policy: str
    classes: tuple[Class[Figure | Composed], ...]


async def compared(code: str, actor: Actor, asked: Asked) -> Compared:
    """Units that had anything to do, by load: the largest class first."""
    criteria, definition = await of_period(asked), COMPARED[code]
    names = await units()
    found = await _figures(definition, criteria, actor, asked, names)
    loads = {unit: load for unit, (_, load) in found.items()}
    days = max((asked.until - asked.since).days, 1)
    classes = []
    for label, least, below in _bounds(criteria):
        mine = {unit: one for unit, (one, load) in found.items() if least <= load * MONTH_DAYS / days < below}
        places = in_order(mine, names, less_is_better=definition.less_is_better)
        classes.append(Class(label, least, tuple(places), {unit: loads[unit] for unit in mine}))
    return Compared(definition, criteria.policy, tuple(classes))


async def in_classes(code: str, actor: Actor, asked: Asked) -> tuple[Class[Any], ...] | None:
    """For every hall's figures; None: that one isn't compared."""
    return (await compared(code, actor, asked)).classes if code in COMPARED else None


async def _figures(
    definition: Definition | Composite, criteria: Criteria, actor: Actor, asked: Asked, names: Mapping[str, str]
) -> dict[str, tuple[Figure | Composed, int]]:
    """Unit → its figure and its load."""
    codes = definition.of if isinstance(definition, Composite) else (definition.code,)
    needed = [BY_CODE[code] for code in {*with_beside([BY_CODE[code] for code in codes]), LOAD.code}]
    counted = await counting.by_unit(needed, actor, asked)
    found: dict[str, tuple[Figure | Composed, int]] = {}
    for unit in names:
        mine = [counted.get((one.code, unit, ""), Figure(one, 0, 0, 0)) for one in needed]
        weighed = {one.definition.code: one for one in in_part(mine, criteria)}
        parts = [weighed[code] for code in codes]
        if unit.startswith(asked.unit) and all(one.denominator for one in parts):
            load = counted.get((LOAD.code, unit, ""))
            whole = of_parts(parts, criteria) if isinstance(definition, Composite) else parts[0]
            found[unit] = (whole, load.denominator if load else 0)
    return found


def _bounds(criteria: Criteria) -> list[tuple[str, int, float]]:
    """(label, at least, fewer than); a policy without classes has one for all."""
    if not criteria.loads:
        return [("不分档", 0, float("inf"))]
    above, bounds = float("inf"), list[tuple[str, int, float]]()
    for code, label in LOADS.items():
        bounds.append((label, criteria.loads[code], above))
        above = criteria.loads[code]
    return [*bounds, (SMALL, 0, above)]
