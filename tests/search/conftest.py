"""A shelf of memos, an index of its own, and people who may see some of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kernel.module import install
from kernel.settings import settings
from search.indexing import Indexing, indexing
from tests.search import memos
from tests.search.memos import SHELF, Shelf

install((memos.MODULE,))


@pytest.fixture
async def shelf(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shelf]:
    """Empty, and the index in a folder of this test's own."""
    monkeypatch.setattr(settings(), "home", tmp_path / "home")
    SHELF.memos.clear()
    SHELF.broken.clear()
    SHELF.asked = 0
    yield SHELF
    SHELF.memos.clear()
    indexing().engine.release()


@pytest.fixture
def writing(shelf: Shelf) -> Indexing:
    return indexing()
