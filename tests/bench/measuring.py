"""How figures are taken: medians and percentiles of many, ratios of what ran in turn."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Scale:
    things: int
    requests: int
    lives: int
    documents: int
    rounds: int
    records: tuple[int, ...] = ()  # of an index that is measured by itself


@dataclass(slots=True)
class Figure:
    """One line of the table. `met` None: there is no target."""

    name: str
    here: str
    against: str = ""
    ratio: str = ""
    target: str = ""
    met: bool | None = None
    raw: dict[str, Any] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("name", "here", "against", "ratio", "target", "met", "raw")}


def rate_figure(name: str, ours: Sequence[float], theirs: Sequence[float], at_least: float, against: str) -> Figure:
    """Rates per second, of rounds that took turns; the ratio is that of the medians."""
    here, there = median(ours), median(theirs)
    ratio = here / there
    return Figure(
        name, f"{here:,.0f}/s", f"{against}: {there:,.0f}/s", f"{ratio:.2f}", f"≥ {at_least}", ratio >= at_least,
        {"ours": list(ours), "theirs": list(theirs)},
    )  # fmt: skip


def percentile(seconds: Sequence[float], part: float) -> float:
    return sorted(seconds)[min(len(seconds) - 1, int(len(seconds) * part))]


def ms(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms"


def latency_figure(name: str, seconds: Sequence[float], p95_at_most: float | None, against: str = "") -> Figure:
    p50, p95 = percentile(seconds, 0.5), percentile(seconds, 0.95)
    target = f"p95 ≤ {p95_at_most * 1000:.0f} ms" if p95_at_most else ""
    met = p95 <= p95_at_most if p95_at_most else None
    return Figure(name, f"p50 {ms(p50)}, p95 {ms(p95)}", against, "", target, met, {"seconds": list(seconds)})


async def timed(work: Callable[[], Awaitable[object]], times: int) -> list[float]:
    """Seconds of each, one after the other, after one that isn't counted."""
    await work()
    found = []
    for _ in range(times):
        begun = time.perf_counter()
        await work()
        found.append(time.perf_counter() - begun)
    return found


async def many(work: Callable[[int], Awaitable[object]], times: int, clients: int) -> tuple[float, list[float]]:
    """(how many a second, seconds of each) when `clients` at once keep asking."""
    numbers, taken = iter(range(times)), list[float]()

    async def client() -> None:
        for number in numbers:
            begun = time.perf_counter()
            await work(number)
            taken.append(time.perf_counter() - begun)

    begun = time.perf_counter()
    await asyncio.gather(*[client() for _ in range(clients)])
    return times / (time.perf_counter() - begun), taken
