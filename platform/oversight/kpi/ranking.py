"""各单位排名: who has thirty or more is put in order; the others stand below with their counts and their interval."""

from collections.abc import Mapping
from dataclasses import dataclass

from kernel.permissions import Actor
from oversight.kpi import counting, queries
from oversight.kpi.definitions import Definition, Figure


@dataclass(frozen=True, slots=True)
class Place:
    """Equal values share a rank; `rank` None: too few to be ranked."""

    unit: str
    name: str
    figure: Figure
    rank: int | None


async def of_units(definition: Definition, actor: Actor, asked: queries.Asked, names: Mapping[str, str]) -> list[Place]:
    """Of those units that had anything to do."""
    counted = await counting.by_unit([definition], actor, asked)
    figures = {unit: one for (_, unit, _), one in counted.items() if unit in names and unit.startswith(asked.unit)}
    found = [(unit, one) for unit, one in figures.items() if one.denominator]
    better = 1 if definition.less_is_better else -1
    enough = sorted((one for one in found if one[1].ranked), key=lambda one: (better * (one[1].value or 0), one[0]))
    values = [one.value for _, one in enough]
    ranked = [Place(unit, names[unit], one, values.index(one.value) + 1) for unit, one in enough]
    return ranked + [Place(unit, names[unit], one, None) for unit, one in sorted(found) if not one.ranked]
