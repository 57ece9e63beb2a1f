"""保存期限: what is kept how long, on what basis, and what happens then (PIPL 19 and 47, 网络安全法 21, archive rules).

A module declares what it keeps; a city may keep longer, never shorter than `at_least`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tortoise.queryset import QuerySet


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """`clear` gets the instant before which things are past their time and how many at most; it gives how many it
    cleared. None: nothing is ever cleared by itself, `then` says what becomes of it."""

    name: str
    label: str
    tables: tuple[str, ...]
    basis: str
    period: timedelta | None  # None: permanent
    then: str
    at_least: timedelta = timedelta(0)
    clear: Callable[[datetime, int], Awaitable[int]] | None = None


async def delete_some(old: QuerySet[Any], limit: int) -> int:
    """At most `limit` of these rows; how many."""
    ids = await old.limit(limit).values_list("id", flat=True)
    return await old.model.filter(id__in=ids).delete() if ids else 0
