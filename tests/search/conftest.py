"""A shelf of memos, an index of its own, and people who may see some of it."""

from collections.abc import AsyncIterator, ItemsView
from pathlib import Path
from uuid import uuid4

import pytest

from kernel.module import install
from kernel.settings import settings
from search.indexing import Indexing, indexing
from tests.search import memos
from tests.search.memos import SHELF, Shelf

install((memos.MODULE,))


@pytest.fixture(params=["tantivy", "elasticsearch"])
def served_by(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Both databases with the engine in a folder; with Elasticsearch the one that a city has."""
    unlikely = {"served_by": "elasticsearch", "engine": "sqlite"}
    items[:] = [item for item in items if not isinstance(item, pytest.Function) or not unlikely.items() <= _given(item)]


def _given(item: pytest.Function) -> ItemsView[str, object]:
    return item.callspec.params.items() if hasattr(item, "callspec") else {}.items()


@pytest.fixture
async def shelf(
    database: str, served_by: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Shelf]:
    """Empty, and an index of this test's own."""
    monkeypatch.setattr(settings(), "home", tmp_path / "home")
    if served_by == "elasticsearch":
        monkeypatch.setattr(settings(), "search_url", request.getfixturevalue("elasticsearch").url)
        monkeypatch.setattr(settings(), "search_prefix", f"t{uuid4().hex[:12]}")
    SHELF.memos.clear()
    SHELF.broken.clear()
    SHELF.asked = 0
    yield SHELF
    SHELF.memos.clear()
    await indexing().engine.release()
    await indexing().engine.close()


@pytest.fixture
def writing(shelf: Shelf) -> Indexing:
    return indexing()
