"""The laptop column: from exec to the first 200 on `/`, and what it holds in memory."""

import tempfile
import time
from pathlib import Path

import httpx

from tests.bench.measuring import Figure, Scale, percentile
from tests.halls import Hall, a_hall

START_S_MAX, RESIDENT_MIB_MAX = 3.0, 300
STARTS = 5


async def measure(scale: Scale, found: list[Figure]) -> None:
    with tempfile.TemporaryDirectory(prefix="sunhall-bench-") as folder, a_hall(Path(folder), demo=True) as hall:
        seconds, resident = [], []
        for _ in range(STARTS):
            seconds.append(_started(hall))
            httpx.get(f"{hall.url}/search", params={"q": "停水"}, timeout=20).raise_for_status()
            resident.append(_resident_mib(hall))
            hall.kill()
    middle, most = percentile(seconds, 0.5), max(resident)
    found += [
        Figure("second start to the first page", f"{middle:.2f} s", "", "", f"≤ {START_S_MAX:.0f} s",
               middle <= START_S_MAX, {"seconds": seconds}),
        Figure("resident after a page and a search", f"{most:.0f} MiB", "", "", f"≤ {RESIDENT_MIB_MAX} MiB",
               most <= RESIDENT_MIB_MAX, {"mib": resident}),
    ]  # fmt: skip


def _started(hall: Hall) -> float:
    begun = time.perf_counter()
    hall.process = hall.begin("serve", "--port", str(hall.port), "--embedded-worker")
    while True:
        try:
            httpx.get(f"{hall.url}/", timeout=5).raise_for_status()
        except httpx.TransportError:
            time.sleep(0.01)
        else:
            return time.perf_counter() - begun


def _resident_mib(hall: Hall) -> float:
    assert hall.process is not None
    status = Path(f"/proc/{hall.process.pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024
