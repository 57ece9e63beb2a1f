"""The spike (峰值): 1→15→1→25→2→35→10 whole lives a second, begun when they are due whether or not those before them
are done. Another system of the kind, on eight times the cores, answered 4.4 % of it and didn't recover."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from tests.bench.city_of_a_million import a_city_at_work, large
from tests.bench.measuring import Figure, Scale, ms, percentile
from tests.bench.tickets import LIFE, People
from tests.halls import Hall

PROFILE = (1, 15, 1, 25, 2, 35, 10)  # lives a second
STAGE_S, STAGE_SMALL_S = 10, 3
P95_S_MAX, RECOVERED_S_MAX = 0.5, 10.0
PATIENCE_S = 240.0  # for what was begun to end


@dataclass(slots=True)
class Seen:
    """Every request of the run: (when it was answered, seconds it took); lives that ended, and what went wrong."""

    requests: list[tuple[float, float]] = field(default_factory=list)
    lives: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)


async def measure(scale: Scale, found: list[Figure]) -> None:
    async with a_city_at_work(large(scale)) as city:
        stage_s = STAGE_SMALL_S if scale.rounds == 1 else STAGE_S
        found += await figures(city.hall, f"PostgreSQL, {city.tickets:,}", stage_s)


async def figures(hall: Hall, where: str, stage_s: int) -> list[Figure]:
    people, seen = People(hall), Seen()
    await people.live()
    begun = time.perf_counter()
    running = [task async for task in _begun(people, seen, begun, stage_s)]
    offered = time.perf_counter()
    await asyncio.wait(running, timeout=PATIENCE_S)
    unfinished = sum(not task.done() for task in running)
    for task in running:
        task.cancel()
    waits = [seconds for _, seconds in seen.requests]
    p95, recovered = percentile(waits, 0.95), max(max(seen.ended, default=offered) - offered, 0.0)
    bad = len(seen.errors) + unfinished
    raw: dict[str, Any] = {"requests": seen.requests, "lives": seen.lives, "errors": seen.errors[:20]}
    return [
        Figure(f"spike, errors, {where}", f"{bad} of {len(running):,} lives", f"profile {'→'.join(map(str, PROFILE))}",
               f"{1 - bad / len(running):.3f}", "0", bad == 0, raw),
        Figure(f"spike, one request, {where}", f"p50 {ms(percentile(waits, 0.5))}, p95 {ms(p95)}", "", "",
               f"p95 ≤ {P95_S_MAX * 1000:.0f} ms", p95 <= P95_S_MAX),
        Figure(f"spike, all caught up after the last stage, {where}", f"{recovered:.1f} s", "", "",
               f"≤ {RECOVERED_S_MAX:.0f} s", recovered <= RECOVERED_S_MAX),
    ]  # fmt: skip


async def _begun(people: People, seen: Seen, begun: float, stage_s: int) -> Any:
    """One life after the other at its time: an open door, no queue of polite clients."""
    number = 0
    for stage, rate in enumerate(PROFILE):
        for nth in range(rate * stage_s):
            due = begun + stage * stage_s + nth / rate
            await asyncio.sleep(max(due - time.perf_counter(), 0))
            number += 1
            yield asyncio.create_task(_live(people, seen, number))


async def _live(people: People, seen: Seen, number: int) -> None:
    """Eight requests; each answer holds what the next one needs."""
    since = time.perf_counter()
    try:
        ticket = await _asked(seen, people.create(number))
        for who, move, facts in LIFE:
            ticket = await _asked(seen, people.move(ticket, who, move, facts))
        if ticket["state"] != "closed":
            seen.errors.append(f"a life ended {ticket['state']}")
    except (AssertionError, OSError, asyncio.IncompleteReadError) as wrong:
        seen.errors.append(str(wrong)[:200])
    seen.ended.append(time.perf_counter())
    seen.lives.append(seen.ended[-1] - since)


async def _asked(seen: Seen, request: Any) -> Any:
    since = time.perf_counter()
    answer = await request
    now = time.perf_counter()
    seen.requests.append((now, now - since))
    return answer
