"""Registers tickets one after the other and writes each number into `acks` when its commit has returned.

python -m tests.faults.registering <database> <acks> <how many> <synchronous>"""

import asyncio
import os
import sys
from datetime import timedelta

from kernel.database import opened
from kernel.engines import sqlite
from kernel.module import database_config, install
from portal.modules import MODULES
from tests.factories import NOW, a_ticket


async def register(database: str, acks: str, count: int) -> None:
    told = os.open(acks, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    async with opened(database_config(MODULES, f"sqlite://{database}")):
        for number in range(count):
            ticket = await a_ticket(at=NOW + timedelta(seconds=number))
            os.write(told, f"{ticket.no}\n".encode())
        os._exit(0)  # no orderly end: that would empty the log into the database


if __name__ == "__main__":
    install(MODULES)
    sqlite.WANTED["synchronous"] = sys.argv[4]
    asyncio.run(register(sys.argv[1], sys.argv[2], int(sys.argv[3])))
