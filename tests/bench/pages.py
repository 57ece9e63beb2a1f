"""A public page held against bare starlette that sends the same bytes."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from portal.city.ports import free_port
from tests.bench.asking import CLIENTS, Asking
from tests.bench.measuring import Figure, Scale, many, rate_figure
from tests.halls import ROOT, a_hall

BARE_MIN = 0.5
BARE = """
import sys, uvicorn
from pathlib import Path
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
body = Path(sys.argv[2]).read_bytes()
async def page(request): return Response(body, media_type="text/html")
uvicorn.run(Starlette(routes=[Route("/", page)]), port=int(sys.argv[1]), log_level="error", access_log=False,
            http="httptools", loop="asyncio")
"""


async def measure(scale: Scale, found: list[Figure]) -> None:
    with tempfile.TemporaryDirectory(prefix="sunhall-bench-") as folder, a_hall(Path(folder), demo=True) as hall:
        hall.serve()
        hall.settle()
        for name, path in (("home page", "/"), ("tracking form", "/hotline/track")):
            page = Asking(hall.port)
            body = await page.ask("GET", path)
            with _bare(Path(folder), body) as port:
                bare, ours, theirs = Asking(port), list[float](), list[float]()
                for _ in range(max(scale.rounds, 2)):
                    ours.append(await _rate(page, path, scale))
                    theirs.append(await _rate(bare, "/", scale))
            found.append(rate_figure(name, ours, theirs, BARE_MIN, "bare starlette, same bytes"))


async def _rate(program: Asking, path: str, scale: Scale) -> float:
    rate, _ = await many(lambda _: program.ask("GET", path), 5 * scale.requests, CLIENTS)
    return rate


@contextmanager
def _bare(folder: Path, body: bytes) -> Iterator[int]:
    (folder / "body").write_bytes(body)
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", BARE, str(port), str(folder / "body")], cwd=ROOT, env=os.environ)
    try:
        for _ in range(200):
            with suppress(httpx.TransportError):
                if httpx.get(f"http://127.0.0.1:{port}/", timeout=2).status_code == 200:
                    break
            time.sleep(0.05)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)
