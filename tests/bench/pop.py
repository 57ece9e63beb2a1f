"""来电弹屏: from the exchange's push to the desk that shows the caller's tickets, among very many calls and tickets."""

import signal
import tempfile
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from kernel.secrets import signed_request
from tests import servers
from tests.bench.asking import Asking, Line
from tests.bench.filling import fill
from tests.bench.measuring import Figure, Scale, latency_figure, timed
from tests.halls import Hall, a_hall

POP_P95_S = 0.1  # the caller pop of the sizing, by the keyed index of the number
ASKED, WARMING, TICKETS = 60, 120, 8
PHONE, KEY = "13900002206", "an exchange's key of this run alone"
_calls = count(1)


async def measure(scale: Scale, found: list[Figure]) -> None:
    with tempfile.TemporaryDirectory(prefix="sunhall-bench-") as folder:
        settings = {"SUNHALL_CTI_SECRET_FILE": _key(folder)}
        with a_hall(Path(folder), demo=True, **settings) as hall:
            found += await _pops(hall, "SQLite", f"sqlite://{folder}/hall.db", scale)
    with tempfile.TemporaryDirectory(prefix="sunhall-bench-") as folder, servers.postgres(durable=True) as server:
        url = server.create("hall")
        settings = {"SUNHALL_CTI_SECRET_FILE": _key(folder), "SUNHALL_DATABASE_URL": url}
        with a_hall(Path(folder), demo=True, **settings) as hall:
            found += await _pops(hall, "PostgreSQL", url, scale)


def _key(folder: str) -> str:
    file = Path(folder) / "cti"
    file.write_text(f"{KEY}\n")
    return str(file)


async def _pops(hall: Hall, where: str, url: str, scale: Scale) -> list[Figure]:
    """The page alone, and the ring with the page: the desk is told of the call and asks at once."""
    hall.serve()
    hall.settle()
    operator = Asking(hall.port, hall.token("operator"))
    ticket = {"channel": "phone", "type": "help", "title": "小区停水两天", "content": "小区停水两天，无人通知。"}
    for _ in range(TICKETS):
        sent = ticket | {"caller": {"name": "张三", "phone": PHONE}, "place": {"address": "云谷路 66 号"}}
        await operator.ask("POST", "/api/v1/tickets", sent, expected=201)
    hall.settle()
    hall.kill(signal.SIGTERM)
    have = await fill(url, scale.things)
    hall.serve()
    operator = Asking(hall.port, hall.token("operator"))
    for _ in range(WARMING):  # a process that has just begun compares index and database, and builds what it keeps
        await _ring(hall)
        await operator.ask("GET", "/hotline/new")

    async def page() -> None:
        assert b"data-row" in await operator.ask("GET", "/hotline/new")

    async def ring_and_page() -> None:
        await _ring(hall)
        await page()

    alone, whole = await timed(page, ASKED), await timed(ring_and_page, ASKED)
    return [
        latency_figure(f"caller pop, the desk, {where}, {have:,}", alone, POP_P95_S),
        latency_figure(f"caller pop, ring and desk, {where}, {have:,}", whole, POP_P95_S),
    ]


async def _ring(hall: Hall) -> None:
    """A wire double of an exchange: it signs each push as docs/adapters/cti.md says."""
    sent = {
        "event": "newCall", "callId": f"call-{next(_calls)}", "from": PHONE, "to": "12345", "direction": "in",
        "user": "operator",
    }  # fmt: skip
    line = Line(hall.port, signed_request(KEY, sent, at=datetime.now(UTC)))
    status, answer = await line.ask("POST", "/api/v1/cti", sent)
    line.close()
    assert status == 200, answer[:300]
