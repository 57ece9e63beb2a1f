"""What the house is measured by: each hall declares its figures, the rows they count and who may read them."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

from tortoise.expressions import Q, Subquery

from kernel.kinds import kind_of
from kernel.permissions import Actor, Permission
from oversight.kpi.definitions import Definition
from oversight.kpi.ranking import Class

if TYPE_CHECKING:
    from oversight.kpi.queries import Asked


@dataclass(frozen=True, slots=True)
class Sight:
    """Grains of these regions, without those labels."""

    regions: tuple[str, ...]
    hidden: tuple[str, ...] = ()

    def grains(self) -> Q:
        within = Q(*[Q(region__startswith=one) for one in self.regions], join_type=Q.OR)
        return within & ~Q(label__in=[*self.hidden]) if self.hidden else within


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Figures of one hall. `sight`: which grains add up to what a person may see, None if no sum of them does.
    `sources`: kinds of rows that are no things of the journal, and who sees which. `sets`: name → rows with a column
    that a definition's `outside` compares with. `touching`: kind of a thing that is counted nowhere itself → the days
    that change when it does, by its number. `compared`: units of a figure by classes of load (分档), so who is ranked
    among whom is said once; None for a figure that isn't compared."""

    name: str
    label: str
    definitions: tuple[Definition, ...]
    reads: Permission
    sight: Callable[[Actor], Sight | None]
    sources: dict[str, Callable[[Actor], Any]] = field(default_factory=dict)
    sets: dict[str, tuple[Callable[[], Any], str]] = field(default_factory=dict)
    touching: dict[str, Callable[[str], Awaitable[set[date]]]] = field(default_factory=dict)
    compared: Callable[[str, Actor, "Asked"], Awaitable[Sequence[Class[Any]] | None]] | None = None


_families: dict[str, Family] = {}


def declare(family: Family) -> None:
    _families[family.name] = family
    fingerprint.cache_clear()


def families() -> tuple[Family, ...]:
    return tuple(_families.values())


def grained() -> list[Definition]:
    return [one for family in families() for one in family.definitions if one.grained]


@cache
def fingerprint() -> str:
    """Of every definition that has grains: another formula makes every day to be counted anew."""
    return hashlib.sha256(repr([asdict(one) for one in grained()]).encode()).hexdigest()[:16]


def values(name: str) -> Subquery:
    """What a definition's `outside` says a column must not be."""
    rows, column = next(family.sets[name] for family in families() if name in family.sets)
    return Subquery(rows().values(column))


def touching() -> dict[str, Callable[[str], Awaitable[set[date]]]]:
    return {kind: days for family in families() for kind, days in family.touching.items()}


def seen(kind: str, actor: Actor) -> Any:
    for family in families():
        if kind in family.sources:
            return family.sources[kind](actor)
    found, _ = kind_of(f"{kind}:")
    return found.visible_to(actor)


def sight(actor: Actor) -> Sight | None:
    for family in families():
        if (found := family.sight(actor)) is not None:
            return found
    return None
