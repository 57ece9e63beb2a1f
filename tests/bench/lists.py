"""A work list of a hundred out of very many: over HTTP, for the centre and for one agency, beside the bare query."""

import signal
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import asyncpg

from tests import servers
from tests.bench.asking import Asking
from tests.bench.filling import fill
from tests.bench.measuring import Figure, Scale, latency_figure, ms, percentile, timed
from tests.halls import Hall, a_hall

LIST_P95_S = 0.05
ASKED = 60
WANTED = {
    "the centre's list": ("operator", "/api/v1/tickets?limit=100"),
    "the centre's list, one state": ("dispatcher", "/api/v1/tickets?limit=100&state=pdisp"),
    "an agency's list": ("agency", "/api/v1/tickets?limit=100"),
    "the dispatcher's page": ("dispatcher", "/hotline/dispatch"),
    "an agency's page": ("agency", "/hotline/agency"),
}
BARE = "SELECT * FROM hotline_ticket WHERE region_path LIKE '/360000/369900/%' ORDER BY id DESC LIMIT 100"


async def measure(scale: Scale, found: list[Figure]) -> None:
    with tempfile.TemporaryDirectory(prefix="sunhall-bench-") as folder:
        url = f"sqlite://{folder}/hall.db"
        with a_hall(Path(folder), demo=True) as hall:
            have = await _filled(hall, url, scale)
            found += await lists(hall, f"SQLite, {have:,}", await _bare_sqlite(url))
    with tempfile.TemporaryDirectory(prefix="sunhall-bench-") as folder, servers.postgres(durable=True) as server:
        url = server.create("hall")
        with a_hall(Path(folder), demo=True, SUNHALL_DATABASE_URL=url) as hall:
            have = await _filled(hall, url, scale)
            found += await lists(hall, f"PostgreSQL, {have:,}", await bare_postgres(url))


async def _filled(hall: Hall, url: str, scale: Scale) -> int:
    """At rest first: copies are nothing that the worker could deliver or index."""
    hall.serve()
    hall.settle()
    hall.kill(signal.SIGTERM)
    have = await fill(url, scale.things)
    hall.serve()
    return have


async def lists(hall: Hall, where: str, bare: float) -> list[Figure]:
    found = []
    for name, (who, path) in WANTED.items():
        program = Asking(hall.port, hall.token(who))
        seconds = await timed(lambda p=program, w=path: p.ask("GET", w), ASKED)  # type: ignore[misc]
        against = f"bare query: p50 {ms(bare)}" if path.endswith("limit=100") and who == "operator" else ""
        found.append(latency_figure(f"{name}, {where}", seconds, LIST_P95_S, against))
    return found


async def _bare_sqlite(url: str) -> float:
    with closing(sqlite3.connect(url.removeprefix("sqlite://"))) as connection:

        async def ask() -> None:
            connection.execute(BARE).fetchall()

        return percentile(await timed(ask, ASKED), 0.5)


async def bare_postgres(url: str) -> float:
    connection = await asyncpg.connect(url.replace("asyncpg", "postgresql", 1))
    try:
        return percentile(await timed(lambda: connection.fetch(BARE), ASKED), 0.5)
    finally:
        await connection.close()
