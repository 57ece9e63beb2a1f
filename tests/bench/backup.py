"""A backup while the hall serves, and the drill: all is destroyed, restored and checked to the last call."""

import asyncio
import json
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from tests import servers
from tests.bench.filling import fill
from tests.bench.measuring import Figure, Scale
from tests.calling import AtWork, archived, kept
from tests.halls import Hall, a_hall
from tests.servers import Server

BACKUP_S_MAX = 300
LARGE = 10  # times the other rows' tickets
CALLS = 40


async def measure(scale: Scale, found: list[Figure]) -> None:
    await asyncio.to_thread(_laptop, scale, found)
    await asyncio.to_thread(_city, scale, found)


def _laptop(scale: Scale, found: list[Figure]) -> None:
    with tempfile.TemporaryDirectory(prefix="sunhall-bench-") as folder:
        place = Path(folder)
        second, home = place / "second", place / "home"
        with a_hall(home, demo=True, SUNHALL_CHANGES_DIR=str(second / "changes")) as hall:
            have = _filled(hall, f"sqlite://{home}/hall.db", scale.things)
            calls, where = _saved(hall, second, f"SQLite, {have:,}", found)
            hall.kill(signal.SIGKILL)
            calls.end()
            key = (home / "keys.json").read_bytes()
            shutil.rmtree(home)
            home.mkdir(mode=0o700)
            (home / "keys.json").write_bytes(key)
            (home / "keys.json").chmod(0o600)
            found.append(_drilled(hall, calls, where, second, lambda: None))


def _city(scale: Scale, found: list[Figure]) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(servers.postgres(durable=True))
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sunhall-bench-")))
        second, url = place / "second", server.create("hall")
        more = {"SUNHALL_DATABASE_URL": url, "SUNHALL_CHANGES_DIR": str(second / "wal")}
        hall = stack.enter_context(a_hall(place / "home", demo=True, **more))
        have = _filled(hall, url, scale.things * LARGE)
        receiver = hall.begin("archive")
        try:
            archived(server, True)
            calls, where = _saved(hall, second, f"PostgreSQL, {have:,}", found)
            server.stop(signal.SIGKILL)
            hall.kill(signal.SIGKILL)
            calls.end()
        finally:
            receiver.terminate()
            receiver.wait(20)
        data = Path(server.command[server.command.index("-D") + 1])
        shutil.rmtree(data)
        found.append(_drilled(hall, calls, where, second, lambda: _recovered(server, place / "pg", data), place / "pg"))


def _filled(hall: Hall, url: str, things: int) -> int:
    hall.serve()
    hall.settle()
    hall.kill(signal.SIGTERM)
    have = asyncio.run(fill(url, things))
    hall.serve()
    return have


def _saved(hall: Hall, second: Path, where: str, found: list[Figure]) -> tuple[AtWork, str]:
    """While people call, and go on calling when it is done."""
    calls = AtWork(hall)
    calls.until(CALLS)
    before, begun = len(calls.told), time.perf_counter()
    told = json.loads(hall.run("backup", str(second), "--json").stdout)
    seconds = time.perf_counter() - begun
    rate = (len(calls.told) - before) / seconds
    calls.until(len(calls.told) + CALLS)
    found.append(
        Figure(f"backup while serving, {where}", f"{seconds:.1f} s, {told['bytes'] / 2**30:.2f} GiB",
               f"{rate:,.0f} calls/s meanwhile", "", f"≤ {BACKUP_S_MAX} s", seconds <= BACKUP_S_MAX,
               {"seconds": seconds, "bytes": told["bytes"], "rate": rate}),
    )  # fmt: skip
    return calls, where


def _drilled(
    hall: Hall, calls: AtWork, where: str, second: Path, recovered: Callable[[], None], data: Path | None = None
) -> Figure:
    begun = time.perf_counter()
    hall.run("restore", str(second), *(["--data", str(data)] if data else []))
    restored = time.perf_counter() - begun
    recovered()
    hall.serve()
    serving = time.perf_counter() - begun
    there = kept(hall, calls.told)
    return Figure(
        f"restore drill, {where}", f"copied {restored:.1f} s, serving after {serving:.1f} s",
        f"{len(there)} of {len(calls.told)} acknowledged calls", f"{len(there) / len(calls.told):.2f}", "all of them",
        len(there) == len(calls.told), {"restored": restored, "serving": serving},
    )  # fmt: skip


def _recovered(server: Server, building: Path, data: Path) -> None:
    """The server's folder where it was before; it replays the archive before it answers."""
    shutil.move(building, data)
    config = data / "postgresql.auto.conf"
    config.write_text(config.read_text().replace(str(building), str(data)))
    servers.give_to_nobody(data)
    server.start()
    archived(server, False)
