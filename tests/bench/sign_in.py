"""Twenty people at once, each with a password that costs what it costs (argon2id, two at a time)."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import httpx

from kernel.people import passwords
from tests.bench.measuring import Figure, Scale, latency_figure, many
from tests.halls import PASSWORD, Hall, a_hall

AT_ONCE, P95_S = 20, 0.5


async def measure(scale: Scale, figures: list[Figure]) -> None:
    begun = datetime.now(UTC)
    await passwords.hashed(PASSWORD)
    alone = (datetime.now(UTC) - begun).total_seconds()
    with tempfile.TemporaryDirectory() as folder, a_hall(Path(folder) / "home", demo=True) as hall:
        hall.serve()
        hall.settle()
        times = await _signed_in(hall, max(scale.requests // 2, AT_ONCE * 3))
    against = f"one hash alone {alone * 1000:.0f} ms"
    figures.append(latency_figure(f"{AT_ONCE} sign-ins at once", times, P95_S, against))


async def _signed_in(hall: Hall, times: int) -> list[float]:
    async with httpx.AsyncClient(base_url=hall.url, timeout=30) as client:

        async def one(number: int) -> None:
            answer = await client.post("/api/v1/session", json={"username": "operator", "password": PASSWORD})
            assert answer.status_code == 201, answer.text

        await many(one, AT_ONCE, AT_ONCE)  # not counted
        _, taken = await many(one, times, AT_ONCE)
        return taken
