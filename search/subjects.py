"""Which documents an event concerns, and which there are at all: what the modules declare, read in one place."""

from collections.abc import AsyncIterator
from fnmatch import fnmatchcase

from search import queries
from search.trimming import BATCH_MAX, searchables


def concerned(topic: str, subject: str) -> list[str]:
    """The documents that an event may have changed; without a topic: those that its subject belongs to at all."""
    ours = (s for s in searchables().values() if not topic or _matches(topic, s.topics))
    return [ref for s in ours if (ref := s.whole(subject)).startswith(f"{s.kind}:")]


async def late() -> set[str]:
    """What an event has changed that search has still to take in: no difference yet."""
    return {ref for subject in await queries.waiting_subjects() for ref in (subject, *concerned("", subject))}


async def every_ref() -> AsyncIterator[list[str]]:
    """Of all kinds, in pieces."""
    for searchable in searchables().values():
        piece: list[str] = []
        async for ref in searchable.every():
            piece.append(ref)
            if len(piece) == BATCH_MAX:
                yield piece
                piece = []
        if piece:
            yield piece


def _matches(topic: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(topic, pattern) for pattern in patterns)
