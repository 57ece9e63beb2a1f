"""People who keep calling the hotline while something happens to the hall, and what of theirs is still there after."""

import asyncio
import threading
import time
from contextlib import suppress

import asyncpg
import httpx

from kernel.backup.archiving import NAME
from tests.halls import Hall
from tests.servers import Server

WORDS = "从昨天晚上开始停水，物业电话没有人接，请尽快处理。"
CALL: dict[str, object] = {"channel": "phone", "type": "help", "title": "小区停水两天", "content": WORDS, "caller": {}}
CLIENTS = 4


def work(hall: Hall, headers: dict[str, str], told: list[str], stop: threading.Event, number: int) -> None:
    """Log calls until somebody says stop; `told` are the numbers that were acknowledged."""
    with httpx.Client(base_url=hall.url, headers=headers, timeout=10) as client:
        for turn in range(100_000):
            if stop.is_set():
                return
            call = CALL | {"title": f"停水 {number}-{turn}"}
            with suppress(httpx.HTTPError):
                answer = client.post("/api/v1/tickets", json=call)
                if answer.status_code == 201:
                    told.append(answer.json()["no"])


class AtWork:
    """People who keep calling while something happens."""

    def __init__(self, hall: Hall) -> None:
        self.told: list[str] = []
        self.stop, headers = threading.Event(), hall.token("operator")
        given = [(hall, headers, self.told, self.stop, number) for number in range(CLIENTS)]
        self.people = [threading.Thread(target=work, args=args) for args in given]
        for person in self.people:
            person.start()

    def until(self, count: int) -> None:
        for _ in range(600):
            if len(self.told) >= count:
                return
            time.sleep(0.05)
        raise AssertionError(f"only {len(self.told)} calls were acknowledged")

    def end(self) -> None:
        self.stop.set()
        for person in self.people:
            person.join(20)


def kept(hall: Hall, numbers: list[str]) -> list[str]:
    headers = hall.token("operator")
    with httpx.Client(base_url=hall.url, headers=headers, timeout=10) as client:
        return [no for no in numbers if client.get(f"/api/v1/tickets/{no}").status_code == 200]


def archived(server: Server, on: bool) -> None:
    """Whether commits of that PostgreSQL wait for `sunhall archive`; it has to be connected already."""
    asyncio.run(_archived(server, on))


async def _archived(server: Server, on: bool) -> None:
    connection = await asyncpg.connect(server.url.replace("asyncpg", "postgresql", 1) + "postgres")
    try:
        while on and not await connection.fetchval(
            "SELECT count(*) FROM pg_stat_replication WHERE application_name = $1", NAME
        ):
            await asyncio.sleep(0.05)
        wanted = f"SET synchronous_standby_names = '{NAME}'" if on else "RESET synchronous_standby_names"
        await connection.execute(f"ALTER SYSTEM {wanted}")
        await connection.execute("SELECT pg_reload_conf()")
    finally:
        await connection.close()
