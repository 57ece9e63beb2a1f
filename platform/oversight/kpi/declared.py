"""What the house is measured by: each hall declares its figures, the rows they count and who may read them."""

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any

from tortoise.expressions import Q

from kernel.kinds import kind_of
from kernel.permissions import Actor, Permission
from oversight.kpi.definitions import Definition


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
    `sources`: kinds of rows that are no things of the journal, and who sees which."""

    name: str
    label: str
    definitions: tuple[Definition, ...]
    reads: Permission
    sight: Callable[[Actor], Sight | None]
    sources: dict[str, Callable[[Actor], Any]] = field(default_factory=dict)


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
