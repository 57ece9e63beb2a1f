"""What the databases are asked to promise: rows DB03, DB04, DB06."""

import asyncio
import os
import subprocess
import sys

import pytest
from tortoise.connection import get_connection

from kernel.settings import settings
from tests import factories as f
from tests.conftest import ROOT, Client

WRITER = """
import asyncio, sys
from kernel.database import opened, transaction
from kernel.models import Series
from kernel.module import database_config, install
from portal.modules import MODULES

async def work():
    async with opened(database_config(MODULES, sys.argv[1])):
        for turn in range(250):
            async with transaction():
                seen = await Series.filter(name="shared").count()
                await Series.create(name=f"{sys.argv[2]} {turn} {seen}")

install(MODULES)
asyncio.run(work())
"""


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("asked", ["sort=u__secret", "state=nowhere", "limit=0", "sort=-id%22%20--"])
async def test_db03_a_filter_or_an_order_is_a_name_of_the_table_or_refused(signed_in: Client, asked: str) -> None:
    await f.a_ticket()
    client = signed_in(f.OPERATOR)
    plain, answer = await client.get("/api/v1/tickets"), await client.get(f"/api/v1/tickets?{asked}")
    if asked.startswith("sort"):  # no list is ordered by what somebody asks for
        assert answer.status_code == 422 or answer.json() == plain.json()
    else:
        assert answer.status_code == 422, answer.text


@pytest.mark.timeout(60)
@pytest.mark.parametrize("engine", ["sqlite"])
async def test_db04_two_processes_that_read_and_then_write_never_find_the_database_locked(url: str) -> None:
    env = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'platform'}"}
    began = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", WRITER, url, name, cwd=ROOT, env=env, stderr=subprocess.PIPE
        )
        for name in ("one", "two")
    ]
    said = [(await process.communicate())[1] for process in began]
    assert [process.returncode for process in began] == [0, 0], said


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("engine", ["postgres"])
async def test_db06_every_connection_to_postgresql_has_its_limits() -> None:
    limits, told = settings(), {}
    for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        (row,) = await get_connection("default").execute_query_dict("SELECT current_setting($1) AS told", [name])
        told[name] = row["told"]
    assert told == {
        "statement_timeout": f"{limits.statement_s}s",
        "lock_timeout": f"{limits.lock_s}s",
        "idle_in_transaction_session_timeout": f"{limits.idle_tx_s}s",
    }
