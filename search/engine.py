"""The port: what search asks of an engine. tantivy in a folder is one; a server is another."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from search.query import Node


class Part(StrEnum):
    """Two indexes that share nothing, so that no score or word of the public one can depend on what isn't public."""

    PUBLIC = "public"
    RESTRICTED = "restricted"


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
    exact: Mapping[str, tuple[str, ...]]  # number, region, acl, twin
    tokens: Mapping[str, str]  # title, signs, body: tokens with a space between
    published: int  # unix seconds; 0 is unknown and comes last
    version: int
    digest: int  # of all of the above, for comparing with the database
    deadline: int = NEVER  # unix seconds, in the digest as well


@dataclass(frozen=True, slots=True)
class Hit:
    key: str
    published: int
    deadline: int = NEVER


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


class SearchEngine(Protocol):
    one_writer: bool  # else several processes write, and whoever wrote last must have read last

    async def find(self, part: Part, tree: Node, *, sort: Sort, start: int, limit: int) -> Found:
        """Ordered by score or date, ties steady as long as nothing is written; the score itself stays inside.
        Raises EngineAwayError."""
        ...

    async def facets(self, part: Part, tree: Node, fields: Sequence[str]) -> Facets:
        """How many of what the tree finds have each value of `kind`, `agency`, `region`."""
        ...

    def scan(self, part: Part) -> AsyncIterator[Sequence[tuple[str, int, int]]]:
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

    async def count_new(self) -> Mapping[Part, int]:
        """How many records the new generation holds."""
        ...

    async def swap(self) -> None:
        """The new generation takes the old one's place at once, for all readers and both parts."""
        ...

    async def step_back(self) -> bool:
        """What was live before the last swap, kept up since, is live again. False: nothing is kept."""
        ...

    async def forget_previous(self, older_than_s: float) -> None:
        """What is kept for stepping back goes once the live one has proved itself for so long."""
        ...

    async def drop_generation(self) -> None: ...
