"""Reads of the tree; it is small and changes rarely, so every process keeps it for a few seconds."""

import time
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from tortoise.backends.base.client import BaseDBAsyncClient

from hotline.categories.models import Category
from kernel.database import home
from kernel.people.models import Organisation, OrganisationKind

KEPT_S = 5.0
LEAF_LEVEL = 3


@dataclass(frozen=True, slots=True)
class Leaf:
    code: str
    name: str
    path_name: str
    agency: str | None
    words: tuple[str, ...]
    active: bool


_read: WeakKeyDictionary[BaseDBAsyncClient, tuple[float, tuple[Leaf, ...]]] = WeakKeyDictionary()


async def leaves() -> tuple[Leaf, ...]:
    """Those in use, by code."""
    return tuple(leaf for leaf in await _every() if leaf.active)


async def names() -> dict[str, str]:
    """Code → whole name, the retired ones, too."""
    return {leaf.code: leaf.path_name for leaf in await _every()}


async def is_active_leaf(code: str) -> bool:
    return any(leaf.code == code for leaf in await leaves())


async def tree() -> list[Category]:
    return await Category.all().order_by("code")


async def every_leaf() -> list[Category]:
    return await Category.filter(level=LEAF_LEVEL).order_by("code")


async def last_of(parent: str, level: int) -> Category | None:
    """The highest code given under `parent`; codes of the retired stay given."""
    return await Category.filter(code__startswith=parent, level=level).order_by("-code").first()


async def areas() -> list[Organisation]:
    """Districts and streets, for a caller to say where."""
    return await Organisation.filter(
        active=True, kind__in=[OrganisationKind.GOVERNMENT, OrganisationKind.STREET], level__gte=2
    ).order_by("path")


def forget() -> None:
    _read.pop(home(), None)


async def _every() -> tuple[Leaf, ...]:
    read_at, known = _read.get(home(), (0.0, ()))
    if not known or time.monotonic() - read_at > KEPT_S:
        rows = await every_leaf()
        known = tuple(Leaf(row.code, row.name, row.path_name, row.agency, _words(row), row.active) for row in rows)
        _read[home()] = (time.monotonic(), known)
    return known


def _words(row: Category) -> tuple[str, ...]:
    """Its own name counts as one of its words, if it says anything."""
    said = [row.name, *row.words.split()]
    return tuple(dict.fromkeys(word for word in said if len(word) > 1 and word != "其他"))
