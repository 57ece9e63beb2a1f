"""One channel for each source in a process: reads once, keeps the newest as the bytes that everybody gets.

A watcher takes from memory what is there and from the database what is older, at its own pace: nothing waits in a queue
for somebody who is slow."""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from weakref import WeakKeyDictionary

from tortoise.backends.base.client import BaseDBAsyncClient

from kernel.database import home
from kernel.streams.source import Source, Told

log = logging.getLogger(__name__)
LOOK_S = 2.0  # without a word from Redis
BATCH, KEPT_MAX = 200, 1_000
BEHIND_MAX = 100_000  # who is further behind begins anew
_channels: WeakKeyDictionary[BaseDBAsyncClient, dict[str, "Channel"]] = WeakKeyDictionary()


class Channel:
    """What a process knows of one source while somebody watches it."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.watchers = 0
        self.stirred, self.news, self._door = asyncio.Event(), asyncio.Event(), asyncio.Lock()
        self._kept: deque[tuple[int, bytes]] = deque(maxlen=KEPT_MAX)
        self._since = self._last = 0  # kept is everything in (since, last]
        self._reading: asyncio.Task[None] | None = None

    @property
    def broken(self) -> bool:
        """The database didn't answer: who watches comes again."""
        return self._reading is None or self._reading.done()

    @property
    def newest(self) -> int:
        return self._last

    async def join(self) -> None:
        """Raises what the database says when it is away."""
        async with self._door:
            if self.watchers == 0:
                self._kept.clear()
                self._since = self._last = await self.source.newest()
                self._reading = asyncio.create_task(self._read(), name=f"stream {self.source.name}")
            self.watchers += 1

    async def leave(self) -> None:
        async with self._door:
            self.watchers -= 1
            if self.watchers or self._reading is None:
                return
            reading, self._reading = self._reading, None
            reading.cancel()
            await asyncio.wait({reading})
            if not reading.cancelled() and (problem := reading.exception()):
                log.warning("stream %s ended: %s", self.source.name, problem)

    async def after(self, place: int) -> tuple[int, bytes]:
        """What comes next, and the place of its last event; nothing: `place` itself."""
        if place < self._since:
            batch = [(one.place, encoded(one)) for one in await self.source.after(place, BATCH)]
        else:
            batch = [(number, line) for number, line in self._kept if number > place][:BATCH]
        return (batch[-1][0], b"".join(line for _, line in batch)) if batch else (place, b"")

    def tell_all(self) -> None:
        """Everybody who waits looks again."""
        news, self.news = self.news, asyncio.Event()
        news.set()

    async def _read(self) -> None:
        try:
            while True:
                self.stirred.clear()
                while told := await self.source.after(self._last, BATCH):
                    self._keep(told)
                    self.tell_all()
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await self.stirred.wait()
        finally:
            self.tell_all()

    def _keep(self, told: Sequence[Told]) -> None:
        for one in told:
            if len(self._kept) == KEPT_MAX:
                self._since = self._kept[0][0]
            self._kept.append((one.place, encoded(one)))
        self._last = told[-1].place


def encoded(told: Told) -> bytes:
    """One event on the line."""
    data = json.dumps(told.data, ensure_ascii=False, separators=(",", ":"))
    return f"id: {told.place}\nevent: {told.name}\ndata: {data}\n\n".encode()


def channel(source: Source) -> Channel:
    """This process's, of the database that is open."""
    ours = _channels.setdefault(home(), {})
    if source.name not in ours:
        ours[source.name] = Channel(source)
    return ours[source.name]


def stir_here(word: str) -> None:
    """Those who read a source of that word look now."""
    for ours in _channels.values():
        for one in ours.values():
            if one.source.stir == word:
                one.stirred.set()


def wake_all() -> None:
    """Everybody who watches in this process looks up."""
    for ours in _channels.values():
        for one in ours.values():
            one.tell_all()
