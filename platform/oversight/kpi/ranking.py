"""各单位排名: who has thirty or more is put in order among units of a like load; the others stand below with their
counts and their interval. Which loads are alike is for a hall to say (`Family.compared`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


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


@dataclass(frozen=True, slots=True)
class Class(Generic[F]):
    """档: `least` matters a month and more, fewer than the class above. `loads`: unit → shares that fell due."""

    label: str
    least: int
    places: tuple[Place[F], ...]
    loads: Mapping[str, int]


def in_order(figures: Mapping[str, F], names: Mapping[str, str], *, less_is_better: bool) -> list[Place[F]]:
    better, found = 1 if less_is_better else -1, sorted(figures.items(), key=lambda one: one[0])
    enough = sorted((one for one in found if one[1].ranked), key=lambda one: better * (one[1].value or 0))
    values = [one.value for _, one in enough]
    ranked = [Place(unit, names[unit], one, values.index(one.value) + 1) for unit, one in enough]
    return ranked + [Place(unit, names[unit], one, None) for unit, one in found if not one.ranked]
