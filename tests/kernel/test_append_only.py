"""What was written down stays as it was written; what was erased is gone."""

from pathlib import Path

import pytest
from tortoise.connection import get_connection
from tortoise.exceptions import IntegrityError

from kernel import views
from kernel.database import opened
from kernel.edge import security
from kernel.models import Entry
from kernel.module import database_config
from portal.modules import MODULES
from tests.factories import NOW, OPERATOR, a_ticket

FORBIDDEN = {
    "update": "UPDATE kernel_entry SET actor_id = 99",
    "delete": "DELETE FROM kernel_entry",
    "replace": "INSERT OR REPLACE INTO kernel_entry SELECT * FROM kernel_entry",
    "update a view": "UPDATE kernel_view SET purpose = 'x'",
    "delete a view": "DELETE FROM kernel_view",
    "rewrite the security log": "UPDATE kernel_security_event SET actor_id = 99",
    "empty the security log": "DELETE FROM kernel_security_event",
}
ON_POSTGRES = {
    "replace": "INSERT INTO kernel_entry SELECT * FROM kernel_entry ON CONFLICT (id) DO UPDATE SET actor_id = 99",
    "truncate": "TRUNCATE kernel_entry",
}


@pytest.mark.parametrize("attempt", FORBIDDEN | ON_POSTGRES)
async def test_db07_nobody_changes_what_was_written_down(database: str, attempt: str) -> None:
    postgres = database.startswith("asyncpg")
    statement = (FORBIDDEN | ON_POSTGRES if postgres else FORBIDDEN).get(attempt)
    if statement is None:
        return
    ticket = await a_ticket()
    await views.record(ticket.ref, "caller", purpose="联系诉求人", by=OPERATOR, at=NOW)
    await security.log("signin.failed", actor_id=1, at=NOW)
    before = await Entry.all().order_by("id").values()

    with pytest.raises(IntegrityError, match="append-only"):
        await get_connection("default").execute_query(statement)

    assert await Entry.all().order_by("id").values() == before


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_db05_an_erased_text_is_gone_from_sqlites_file_too(database: str) -> None:
    secret = "这句话必须从磁盘上消失" * 20
    connection = get_connection("default")
    await connection.execute_query("CREATE TABLE scratch (told TEXT)")
    await connection.execute_query("INSERT INTO scratch VALUES (?)", [secret])
    await connection.execute_query("PRAGMA wal_checkpoint(TRUNCATE)")
    assert on_disk(database, secret)

    await connection.execute_query("DELETE FROM scratch")
    await connection.execute_query("PRAGMA wal_checkpoint(TRUNCATE)")

    assert not on_disk(database, secret)


def on_disk(database: str, text: str) -> bool:
    return text.encode()[:60] in Path(database.removeprefix("sqlite://")).read_bytes()


async def test_db05_a_pragma_that_sqlite_does_not_obey_is_no_start() -> None:
    with pytest.raises(RuntimeError, match="SQLite keeps journal_mode at memory"):
        async with opened(database_config(MODULES, "sqlite://:memory:")):
            pass
