"""A hall whose search knows the shelf, and what it answers to a reader: the product's own answer, nothing beside it."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from unittest.mock import patch

from kernel.permissions import ANONYMOUS, Actor
from kernel.searchable import Document
from portal.city.ports import free_port
from search import answering
from search.indexing import indexing, reindex
from search.inquiry import Asked
from tests.bench.judging import shelf
from tests.bench.opening import hall_in_process
from tests.halls import Hall

BUILT_S = 1_200  # a demo city, where much else is done, too
OURS = ("faq", "ticket", "policy")  # their numbers are of the day
PATIENCE_S = 120  # how well is asked here and not how fast: late, it would be the database, or not widened


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
    with patch.object(answering, "ANSWER_S_MAX", PATIENCE_S):
        found = await answering.answer(Asked(q=question, limit=limit), by=by)
    assert not found.degraded, f"search was away: {question}"
    return list(dict.fromkeys(key(item.document) for item in found.items))


def key(document: Document) -> str:
    return f"{document.kind}:{document.title if document.kind in OURS else document.no}"
