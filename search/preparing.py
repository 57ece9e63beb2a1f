"""Everything that there is, read ahead of who writes or compares it, its texts by a process beside this one: they are
most of the work and hold the interpreter, from which the hall is served meanwhile."""

import asyncio
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from kernel.settings import without_ours
from search import reading_texts
from search.engine import Part, Record
from search.reading_texts import Texts
from search.records import Circumstances, Read, Tokens, circumstances, read, record, sources
from search.subjects import every_ref

AHEAD = 2  # pieces that are read while one is written
AT_ONCE = 25  # without a look at what else waits, where they are made in the process that serves
ALONE = 8  # pieces that aren't worth a process
ANSWER_BYTES_MAX = 2**30  # of one line: 500 things of 20,000 signs are far less
Records = Mapping[tuple[str, Part], Record]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a piece was when it was read, and the records of it."""

    seen: Mapping[str, Read]
    records: Records


@dataclass(slots=True)
class Preparing:
    """One pass. Where its process is killed, or there is one processor, the rest is done here."""

    at: datetime
    child: Process | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    begun: int = 0

    async def every(self) -> AsyncGenerator[Prepared, None]:
        """All that there is, in pieces."""
        tasks: deque[asyncio.Task[Prepared]] = deque()
        try:
            async for refs in every_ref():
                tasks.append(asyncio.create_task(self._prepared(refs)))
                if len(tasks) > AHEAD:
                    yield await tasks.popleft()
            while tasks:
                yield await tasks.popleft()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._end()

    async def _prepared(self, refs: list[str]) -> Prepared:
        seen, now = await read(refs), await circumstances(self.at)
        async with self.turn:
            said = await self._said(seen, now)
            return Prepared(seen, made(seen, now, said) if said else await _made_here(seen, now))

    async def _said(self, seen: Mapping[str, Read], now: Circumstances) -> Iterator[Tokens] | None:
        self.begun += 1
        if self.begun == ALONE and len(os.sched_getaffinity(0)) > 1:
            self.child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "search.reading_texts",
                stdin=PIPE,
                stdout=PIPE,
                env=without_ours(os.environ),
                limit=ANSWER_BYTES_MAX,
            )
        if self.child is not None:
            told = [found for one in seen.values() for part in Part if (found := sources(one, part))]
            texts = [([source.title for source in those], [source.body for source in those]) for those in told]
            try:
                return iter(await _answered(self.child, texts, now))
            except (OSError, ValueError) as gone:
                log.warning("the process that reads texts is gone (%r): they are read here", gone)
                await self._end()
        return None

    async def _end(self) -> None:
        if self.child is not None:
            child, self.child = self.child, None
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()


def made(seen: Mapping[str, Read], now: Circumstances, said: Iterator[Tokens] | None = None) -> Records:
    """`said`: the tokens of each record that there is, in order; None: they are made here."""
    found: dict[tuple[str, Part], Record] = {}
    for ref, one in seen.items():
        for part in Part:
            if one.of(part) and (what := record(one, part, now, next(said) if said else None)):
                found[ref, part] = what
    return found


async def _made_here(seen: Mapping[str, Read], now: Circumstances) -> Records:
    """A few at a time: others of this process wait for none longer than for those."""
    rest, found = iter(seen.items()), dict[tuple[str, Part], Record]()
    while few := dict(islice(rest, AT_ONCE)):
        found |= made(few, now)
        await asyncio.sleep(0)
    return found


async def _answered(child: Process, texts: Texts, now: Circumstances) -> list[Tokens]:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(reading_texts.asked(texts, now.readings))
    await child.stdin.drain()
    return reading_texts.answered(await child.stdout.readline())
