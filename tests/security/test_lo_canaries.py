"""Row LO02: what is personal or secret is looked for everywhere but in its own column, after a whole life."""

import logging
import os
import tempfile
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import tantivy
from tortoise.connection import get_connection

from kernel import jobs, outbox
from kernel.observability import logs
from kernel.settings import settings
from search.engine import Part
from search.indexing import indexing, reindex
from search.tantivy_engine import EXACT, TEXT
from tests import factories as f
from tests.conftest import Client
from tests.hotline.test_api import NEW

pytestmark = pytest.mark.usefixtures("database")
CANARIES = {
    "name": "覃忻怡", "phone": "13987654321", "id": "360102199003072398", "words": "只有我家知道的那件怪事",
    "purpose": "核对那位阿姨的电话", "token": "canary-token-4f1d9c27e6b80a35",
}  # fmt: skip
ALLOWED = {("hotline_ticket", "caller"): "sealed"}


async def everything_stored(engine: str) -> str:
    connection = get_connection("default")
    listed = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
        "postgres": "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
    }
    said = []
    for row in await connection.execute_query_dict(listed[engine]):
        for one in await connection.execute_query_dict('SELECT * FROM "' + row["name"] + '"'):  # noqa: S608 (named by the schema)
            said += [f"{row['name']}.{column}: {plain(value)}" for column, value in dict(one).items()
                     if (row["name"], column) not in ALLOWED]  # fmt: skip
    return "\n".join(said)


def left_in(folder: Path) -> str:
    """Temporary files, without the database of the test itself."""
    files = [one for one in folder.rglob("*") if one.is_file() and not one.name.startswith(("hall.db", "template.db"))]
    return "".join(one.read_bytes().decode(errors="replace") for one in files)


def pieces_of_numbers() -> list[str]:
    """Seven figures in a row of the telephone or of the identity number say whose it is."""
    return [one[at : at + 7] for one in (CANARIES["phone"], CANARIES["id"]) for at in range(len(one) - 6)]


def terms_of(folder: Path, pieces: list[str]) -> int:
    """Documents with a term, of any field, that holds one of these: a term dictionary shares beginnings between terms,
    so bytes alone could hide one."""
    generation, found = (folder / "current").read_text(), 0
    for part in Part:
        index = tantivy.Index.open(str(folder / part / generation))
        for name in (*TEXT, *EXACT):
            query = tantivy.Query.regex_query(index.schema, name, f".*({'|'.join(pieces)}).*")
            result: Any = index.searcher().search(query)
            found += int(result.count)
    return found


def plain(value: object) -> str:
    return bytes(value).decode(errors="replace") if isinstance(value, bytes | memoryview) else str(value)


async def test_lo02_a_canary_of_every_kind_is_found_in_no_log_table_queue_index_figure_or_temporary_file(
    signed_in: Client, engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(settings(), "home", tmp_path / "home")
    stream, root = StringIO(), logging.getLogger()
    before = list(root.handlers)
    logs.set_up()
    root.setLevel(logging.DEBUG)
    try:
        for handler in root.handlers:
            assert isinstance(handler, logging.StreamHandler)
            handler.setStream(stream)
        figures = await a_life(signed_in)
        async with jobs.queue("") as redis:
            outbox.wake_with(lambda: jobs.wake(redis))
            await signed_in(f.OPERATOR).post("/api/v1/tickets", json=call())
            queued = str([await redis.dump(key) for key in await redis.keys("*")])
            await jobs.deliver({"redis": redis, "worker": "w"})
        await reindex(lambda done, total: None)
        searched, index = settings().home / "search", left_in(settings().home / "search")
        words, numbers = terms_of(searched, ["怪事"]), terms_of(searched, pieces_of_numbers())
        temporary = left_in(tmp_path)
        places = {
            "log": stream.getvalue(), "figures": figures, "queue": queued, "temporary files": temporary,
            "tables": await everything_stored(engine), "index": index,
            "environment": str(sorted(os.environ.items())),
        }  # fmt: skip
    finally:
        root.handlers[:] = before
        root.setLevel(logging.WARNING)
        await indexing().engine.release()
    assert len(places["log"]) > 1_000
    assert "deliver" in queued
    assert (words > 0, numbers) == (True, 0), "the ticket is in the free-text index, its caller's numbers are not"
    found = [
        (place, kind, text[max(0, text.index(canary) - 80) :][:160])
        for place, text in places.items()
        for kind, canary in CANARIES.items()
        if canary in text
    ]
    assert found == []


def call() -> dict[str, object]:
    caller = {"name": CANARIES["name"], "phone": CANARIES["phone"]}
    words = f"{CANARIES['words']}，证件 {CANARIES['id']}，请回电 {CANARIES['phone']}，找{CANARIES['name']}。"
    return NEW | {"caller": caller, "content": words}


async def a_life(signed_in: Client) -> str:
    """Registered, looked at, revealed, searched for, refused; what /metrics tells afterwards."""
    client = signed_in(f.OPERATOR)
    created = await client.post("/api/v1/tickets", json=call())
    assert created.status_code == 201, created.text
    path = f"/api/v1/tickets/{created.json()['no']}"
    assert (await client.get(path)).status_code == 200
    assert (await client.post(f"{path}/reveal", json={"purpose": CANARIES["purpose"]})).status_code == 200
    await client.get("/search", params={"q": CANARIES["phone"]})
    await client.post("/api/v1/session", json={"username": CANARIES["phone"], "password": CANARIES["token"]})
    await client.get("/api/v1/tickets", headers={"x-strange": CANARIES["token"]}, params={"q": CANARIES["name"]})
    await client.post("/api/v1/tickets", json=call() | {"type": "wish"})
    await signed_in(f.HOUSING).get(path)
    return (await client.get("/metrics")).text
