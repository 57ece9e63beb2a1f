"""What another site could make a browser do, and what looking may change: rows CS03, CS04."""

import hashlib
from collections.abc import AsyncIterator

import pytest
from tortoise.connection import get_connection

from tests import factories as f
from tests.conftest import Client
from tests.security.test_edge import addresses

pytestmark = pytest.mark.usefixtures("database")
LOOKING = {"kernel_view", "kernel_session", "kernel_rate_count", "kernel_security_event"}  # who saw what, and how often


async def tables(engine: str) -> AsyncIterator[tuple[str, str]]:
    """Each table with the hash of all its rows."""
    connection = get_connection("default")
    listed = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name",
        "postgres": "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename",
    }
    for row in await connection.execute_query_dict(listed[engine]):
        rows = await connection.execute_query_dict('SELECT * FROM "' + row["name"] + '"')  # noqa: S608 (named by the schema)
        said = "\n".join(sorted(str(sorted(one.items(), key=str)) for one in map(dict, rows)))
        yield row["name"], hashlib.sha256(said.encode()).hexdigest()


async def test_cs03_who_looks_at_every_address_changes_nothing_but_the_record_of_looking(
    signed_in: Client, engine: str
) -> None:
    ticket = await f.a_dispatched_ticket()
    before = {name: told async for name, told in tables(engine)}
    assert len(before) > 20
    for who in (f.NOBODY, f.OPERATOR, f.DISPATCHER, f.CITIZEN):
        client = signed_in(who)
        for method, path in addresses():
            if method in ("GET", "HEAD"):
                there = path.replace("12345-20260302-000001-9", ticket.no)
                assert (await client.request(method, there)).status_code < 500, there
    after = {name: told async for name, told in tables(engine)}
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= LOOKING


async def test_cs04_no_other_site_may_read_an_answer_while_nothing_is_open_data(signed_in: Client) -> None:
    client = signed_in(f.OPERATOR)
    for method, path in addresses():
        answer = await client.request(method, path, headers={"origin": "https://evil.example"})
        assert not [name for name in answer.headers if name.startswith("access-control-")], (method, path)
