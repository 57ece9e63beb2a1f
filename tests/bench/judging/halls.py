"""A hall whose search knows the shelf, and what it answers to a reader: the product's own answer, nothing beside it."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from kernel.permissions import ANONYMOUS, Actor
from kernel.searchable import Document
from portal.city.ports import free_port
from search.answering import Answer, answer
from search.indexing import indexing, reindex
from search.inquiry import Asked
from tests.bench.judging import shelf
from tests.bench.opening import hall_in_process
from tests.halls import Hall

BUILT_S = 1_200  # a demo city, where much else is done, too
TRIES = 5  # there an answer may come late, and then it is the database's


@asynccontextmanager
async def a_hall_with(documents: Iterator[Document], *, demo: bool) -> AsyncIterator[None]:
    """In this process. The demo city's matters are as they stand right after `sunhall init`."""
    with tempfile.TemporaryDirectory(prefix="sunhall-bench-") as folder:
        hall = Hall(Path(folder), free_port(), {})
        assert hall.begin("init", *(["--demo"] if demo else [])).wait(BUILT_S) == 0, hall.console()
        shelf.fill(documents)
        async with hall_in_process(Path(folder), f"sqlite://{folder}/hall.db", shelf.MODULE):
            await anew()
            yield
            await indexing().engine.release()
            await indexing().engine.close()


async def anew() -> None:
    """After the shelf was filled with something else."""
    await reindex(lambda done, whole: None)


async def asked(question: str, *, by: Actor = ANONYMOUS, limit: int = 10) -> list[str]:
    """The keys of what is found, the best first; of the demo city's by their titles, which are the same every day."""
    found = await _answer(question, by, limit)
    return list(dict.fromkeys(key(item.document) for item in found.items))


async def _answer(question: str, by: Actor, limit: int) -> Answer:
    for _ in range(TRIES):
        found = await answer(Asked(q=question, limit=limit), by=by)
        if not found.degraded:
            return found
    raise AssertionError(f"search was away: {question}")


def key(document: Document) -> str:
    return f"{document.kind}:{document.title if document.kind in ('faq', 'ticket') else document.no}"
