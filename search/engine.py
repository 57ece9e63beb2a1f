"""The port: what search asks of an engine. tantivy in a folder is one; a server is another."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from zlib import crc32

from search.query import Node
from search.ranking import MARK, STEPS

SCHEMA = f"7{MARK}"  # raise it with every change of fields, of the mapping or of the analysis: the index is built anew
BUCKETS = 256
PIECE_BITS, PIECES = 22, 3  # a digest in pieces whose sums a float still holds exactly: engines add in floats
Sums = tuple[int, int, int, int]  # how many records, and the sum of each piece of their digests


class Part(StrEnum):
    """Two indexes that share nothing, so that no score or word of the public one can depend on what isn't public."""

    PUBLIC = "public"
    RESTRICTED = "restricted"


TIMED = "timed"  # what has a time at which it begins or ceases to be seen; the clock is asked of these alone
NEVER = 253_402_300_799  # the deadline of what has none, in unix seconds: it sorts behind all others


class Sort(StrEnum):
    BEST = "best"
    NEWEST = "newest"
    DEADLINE = "deadline"  # what is over soonest first; what has no deadline last


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A document as an engine keeps it: no text to show, only tokens, exact values and what is sorted by."""

    key: str  # kind:no
    kind: str
    agency: str
    exact: Mapping[str, tuple[str, ...]]  # number, region, acl, twin, timed
    tokens: Mapping[str, str]  # title, signs, pinyin, initials, body: tokens with a space between
    published: int  # unix seconds; 0 is unknown and comes last
    version: int
    digest: int  # of all of the above and of what the rank is made of, for comparing with the database
    deadline: int = NEVER  # unix seconds, in the digest as well
    unsealed: int = 0  # of TIMED: when it is first seen, with a minus before it, so that “not later than” is a From
    closes: int = NEVER  # of TIMED: the last second in which it is seen
    rank: int = STEPS  # in sixteenths: what the text's score is multiplied by
    look_at: datetime | None = None  # when the rank may be another one though nothing has happened

    @property
    def bucket(self) -> int:
        return bucket_of(self.key)


@dataclass(frozen=True, slots=True)
class Hit:
    """`score` is the engine's own, the rank in it: to be explained, never to be compared between parts or engines."""

    key: str
    published: int
    deadline: int = NEVER
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Found:
    total: int
    hits: tuple[Hit, ...]


@dataclass(slots=True)
class Batch:
    """What one commit brings: records to put in the place of their key; keys to take out, with the version they had."""

    put: dict[str, Record] = field(default_factory=dict)
    out: dict[str, int] = field(default_factory=dict)


Facets = Mapping[str, Mapping[str, int]]


class EngineAwayError(Exception):
    """There is no index to ask; answers come from the database meanwhile."""


class WriterTakenError(Exception):
    """Another process writes this index, or builds the next one, and there can be one."""


class RefusedError(Exception):
    """The engine can't take these records as they are: trying again won't help, the others must go on."""


class NothingKeptError(Exception):
    """There is nothing to step back to; the text says why, for people."""


def bucket_of(key: str) -> int:
    """Index and database are compared by the sums of 256 heaps; only heaps that differ are looked into."""
    return crc32(key.encode()) % BUCKETS


def pieces(digest: int) -> tuple[int, int, int]:
    first, second, third = (digest >> shift & (1 << PIECE_BITS) - 1 for shift in (0, PIECE_BITS, 2 * PIECE_BITS))
    return first, second, third


def whole_digest(parts: Sequence[int]) -> int:
    return sum(int(part) << n * PIECE_BITS for n, part in enumerate(parts))


def nothing_kept(schema: str | None) -> NothingKeptError:
    """`schema`: what is kept is of this one."""
    if schema is None:
        return NothingKeptError("没有留着上一个索引（换上后留一天），请运行 sunhall reindex 重建")
    return NothingKeptError(
        f"上一个索引的结构和分词是第 {schema} 版，本程序是第 {SCHEMA} 版，不能退回，请运行 sunhall reindex 重建"
    )


class SearchEngine(Protocol):
    one_writer: bool  # else several processes write, and whoever wrote last must have read last

    async def find(self, part: Part, tree: Node, *, sort: Sort, start: int, limit: int) -> Found:
        """Ordered by score times rank, or by date; ties steady as long as nothing is written.
        Raises EngineAwayError."""
        ...

    async def facets(self, part: Part, tree: Node, fields: Sequence[str]) -> Facets:
        """How many of what the tree finds have each value of `kind`, `agency`, `region`."""
        ...

    async def sums(self, part: Part, *, new: bool = False) -> Mapping[int, Sums]:
        """By bucket, empty ones left out; `new`: of the generation that is being built. Raises EngineAwayError."""
        ...

    def scan(
        self, part: Part, *, bucket: int | None = None, new: bool = False
    ) -> AsyncIterator[Sequence[tuple[str, int, int]]]:
        """Every (key, version, digest), in pieces; for comparing with the database."""
        ...

    async def ready(self) -> bool:
        """Whether there is an index of the present schema that can be asked now."""
        ...

    async def wanting(self) -> bool:
        """Whether an index must be built: the engine is there, and it has none or a broken one."""
        ...

    def hold(self) -> bool:
        """Become a writer. False: it was already. Raises WriterTakenError where another is the only one."""
        ...

    def awake(self) -> bool:
        """Whether it's worth bringing anything now. An engine that was found away is looked after meanwhile."""
        ...

    async def release(self) -> None: ...

    async def close(self) -> None:
        """Let go of threads and connections."""
        ...

    async def write(self, batches: Mapping[Part, Batch], *, only_new: bool = False) -> None:
        """Durable when it returns. While a new generation is built it gets everything, too (`only_new`: only it)."""
        ...

    async def begin_generation(self) -> None:
        """Raises WriterTakenError while another process builds."""
        ...

    async def begin_back(self) -> None:
        """What was live before the last swap, as it was then, becomes the new generation: it gets what is written from
        now on. Raises NothingKeptError, WriterTakenError."""
        ...

    async def swap(self) -> None:
        """The new generation takes the old one's place at once, for all readers and both parts; the old one is kept."""
        ...

    async def forget_previous(self, older_than_s: float) -> None:
        """What is kept for stepping back goes once the live one has proved itself for so long."""
        ...

    async def drop_generation(self) -> None:
        """The new one is given up; one that was kept is kept further."""
        ...
