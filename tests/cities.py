"""The city column as a person starts it: `python -m portal.city`, in a folder of its own, ended with the tests."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from portal.city.ports import free_port
from tests.halls import PASSWORD, ROOT, Hall
from tests.servers import program

PROGRAMS = ("initdb", "redis-server", "redis-cli", "java", "mvn")
START_S, STOP_S = 240, 60


@dataclass
class CityHall(Hall):
    """`home` is the hall's own folder in the city's; commands are told what `environment` tells a person's shell."""

    root: Path = Path()

    def serve(self, *words: str) -> None:
        """Begin it where it isn't running, and wait until it is ready."""
        if self.process is None:
            command = [sys.executable, "-m", "portal.city"]
            env = self._outer() | {"PORT": str(self.port)}
            with (self.root / "said").open("ab") as log:
                self.process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            assert self.process.poll() is None, self.said()
            with suppress(httpx.TransportError):
                ready = httpx.get(f"{self.url}/readyz", timeout=5)
                if ready.status_code == 200 and (self.root / "city" / "environment").exists():
                    return
            time.sleep(0.2)
        raise AssertionError(f"the city isn't ready after {START_S} s: {self.said()}")

    def kill(self, how: int = signal.SIGKILL) -> None:
        """Web processes and worker; whoever watches over them starts them again."""
        for name in ("web", "worker"):
            with suppress(ProcessLookupError):
                os.kill(self.pid(name), how)

    def end(self, how: int = signal.SIGTERM) -> int:
        """All of it; its exit code."""
        if self.process is None:
            return 0
        self.process.send_signal(how)
        code, self.process = self.process.wait(STOP_S), None
        (self.root / "city" / "environment").unlink(missing_ok=True)
        return code

    def pid(self, name: str) -> int:
        return int((self.root / "city" / f"{name}.pid").read_text())

    def said(self) -> str:
        return (self.root / "said").read_text()

    def ask(self, statement: str, *values: object, role: str = "app") -> list[Any]:
        """The rows that PostgreSQL gives this role."""
        names = {"app": "secrets/sunhall_database_url", "owner": "secrets-owner/sunhall_database_owner_url"}
        city = self.root / "city"
        if role in names:
            address = (city / names[role]).read_text().replace("asyncpg", "postgresql", 1)
        else:
            at = (city / names["app"]).read_text().partition("@")[2]
            address = f"postgresql://sunhall_{role}:{(city / 'secrets' / f'{role}.password').read_text()}@{at}"

        async def asked() -> list[Any]:
            connection = await asyncpg.connect(address)
            try:
                return list(await connection.fetch(statement, *values))
            finally:
                await connection.close()

        with ThreadPoolExecutor(1) as beside:  # the caller may have a loop of its own
            return beside.submit(asyncio.run, asked()).result()

    def _outer(self) -> dict[str, str]:
        path = os.pathsep.join([str(ROOT), str(ROOT / "platform")])
        ours = {"PYTHONPATH": path, "SUNHALL_HOME": str(self.root), "SUNHALL_DEMO_PASSWORD": PASSWORD}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SUNHALL_")}
        return inherited | ours | self.more

    def _env(self) -> dict[str, str]:
        told = (self.root / "city" / "environment").read_text().splitlines()
        return self._outer() | dict(line.replace("'", "").split("=", 1) for line in told)


@contextmanager
def a_city_hall(**more: str) -> Iterator[CityHall]:
    for name in PROGRAMS:
        program(name)
    with tempfile.TemporaryDirectory(prefix="sunhall-city-") as folder:
        root = Path(folder)
        hall = CityHall(root / "city" / "hall", free_port(), more, root=root)
        try:
            hall.serve()
            yield hall
        finally:
            hall.end()
