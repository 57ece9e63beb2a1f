"""各单位排名: who has thirty or more is put in order; the others stand below with their counts and their interval."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from kernel.permissions import Actor
from oversight.kpi import counting, queries
from oversight.kpi.definitions import Definition, Figure


class Judged(Protocol):
    """A figure, or what is made up of several."""

    @property
    def value(self) -> float | None: ...
    @property
    def ranked(self) -> bool: ...


F = TypeVar("F", bound=Judged)


@dataclass(frozen=True, slots=True)
class Place(Generic[F]):
    """Equal values share a rank; `rank` None: too few to be ranked."""

    unit: str
    name: str
    figure: F
    rank: int | None


async def of_units(
    definition: Definition, actor: Actor, asked: queries.Asked, names: Mapping[str, str]
) -> list[Place[Figure]]:
    """Of those units that had anything to do."""
    counted = await counting.by_unit([definition], actor, asked)
    figures = {unit: one for (_, unit, _), one in counted.items() if unit in names and unit.startswith(asked.unit)}
    found = {unit: one for unit, one in figures.items() if one.denominator}
    return in_order(found, names, less_is_better=definition.less_is_better)


def in_order(figures: Mapping[str, F], names: Mapping[str, str], *, less_is_better: bool) -> list[Place[F]]:
    better, found = 1 if less_is_better else -1, sorted(figures.items(), key=lambda one: one[0])
    enough = sorted((one for one in found if one[1].ranked), key=lambda one: better * (one[1].value or 0))
    values = [one.value for _, one in enough]
    ranked = [Place(unit, names[unit], one, values.index(one.value) + 1) for unit, one in enough]
    return ranked + [Place(unit, names[unit], one, None) for unit, one in found if not one.ranked]
