"""The titles of the last weeks by their pairs of characters, kept by every process: who asks reads a few short lists
instead of thousands of rows. It holds everybody's titles; who may see which ticket, the database says."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from weakref import WeakKeyDictionary

from tortoise.backends.base.client import BaseDBAsyncClient

from hotline.suggestions.learning import plain
from hotline.suggestions.likeness import couples
from hotline.tickets import queries
from kernel.database import home

LOOKED_EVERY_S, BEGUN_AGAIN_S = 1.0, 3_600.0
BATCH = 1_000  # rows between two breaths of the process
LATE_COMMITS = 100  # rows read again: a lower number may be committed after a higher one


@dataclass(frozen=True, slots=True)
class Title:
    pairs: int
    area: str | None
    registered_at: datetime


@dataclass(slots=True)
class Titles:
    """`rows` by the tickets' row numbers; `by_pair` the numbers whose title has that pair."""

    begun: float
    rows: dict[int, Title] = field(default_factory=dict)
    by_pair: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    last: int = 0
    looked: float = 0.0
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    def shared(self, asked: Collection[str]) -> Counter[int]:
        """How many of these pairs each title has, of those that have any."""
        found = Counter[int]()
        for pair in asked:
            found.update(self.by_pair.get(pair, ()))
        return found

    async def read(self, since: datetime) -> None:
        """What came since it last looked."""
        async with self.reading:
            if time.monotonic() - self.looked < LOOKED_EVERY_S:
                return
            after = self.last - LATE_COMMITS if self.last else await queries.before_first(since)
            while batch := await queries.titles(since, after=after, limit=BATCH):
                after = batch[-1][0]
                for number, title, area, registered_at in batch:
                    self._add(number, title, area, registered_at)
            self.last, self.looked = max(self.last, after), time.monotonic()

    def _add(self, number: int, title: str, area: str | None, registered_at: datetime) -> None:
        told = pairs(title)
        if told and number not in self.rows:
            self.rows[number] = Title(len(told), area, registered_at)
            for pair in told:
                self.by_pair[pair].append(number)


_kept: WeakKeyDictionary[BaseDBAsyncClient, Titles] = WeakKeyDictionary()


async def recent(since: datetime) -> Titles:
    """Of what was registered since then and open when it was read; begun anew once an hour, so that it forgets."""
    owner, now = home(), time.monotonic()
    known = _kept.get(owner)
    if known is None or now - known.begun > BEGUN_AGAIN_S:
        known = _kept[owner] = Titles(now)
    await known.read(since)
    return known


def pairs(text: str) -> set[str]:
    return {*couples(plain(text))}
