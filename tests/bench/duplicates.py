"""Duplicate candidates at intake among a million tickets: the address that the operator's desk asks while somebody
types, and how often the ticket that was meant is among the five."""

import asyncio
from random import Random
from typing import Any

import asyncpg

from tests.bench.asking import CLIENTS, Asking
from tests.bench.citizens import Citizens
from tests.bench.city_of_a_million import SEED, a_city, large
from tests.bench.measuring import Figure, Scale, latency_figure, many, timed

ASKED_P95_S = 0.1
MEANT = """SELECT no, title, area_code FROM hotline_ticket WHERE state IN ('reg', 'pdisp', 'disp', 'hand')
AND registered_at > now() - interval '13 days' AND area_code IS NOT NULL ORDER BY md5(no) LIMIT $1"""
IN_OTHER_WORDS = (("请求抢修", "求抢修"), ("反复", "老是"), ("投诉", ""), ("请", ""), ("不亮", "没亮"), ("，", ""))


async def measure(scale: Scale, found: list[Figure]) -> None:
    async with a_city(large(scale)) as city:
        await asyncio.to_thread(city.hall.serve)
        where = f"PostgreSQL, {city.tickets:,}"
        meant = await _meant(city.url, scale.requests)
        tokens = [city.hall.token("operator") for _ in range(CLIENTS)]
        desk = Asking(city.hall.port, *tokens)
        asked = [_asked(title, area, number) for number, (_, title, area) in enumerate(meant)]
        there = 0
        for (no, _, _), told in zip(meant, asked, strict=True):
            answer = await desk.json("POST", "/api/v1/suggest", told)
            there += no in [one["no"] for one in answer["duplicates"]]
        wheel = iter(range(10**9))

        async def ask(_: int = 0) -> None:
            await desk.ask("POST", "/api/v1/suggest", asked[next(wheel) % len(asked)])

        found.append(latency_figure(f"duplicates while typing, {where}", await timed(ask, scale.requests), ASKED_P95_S))
        _, seconds = await many(ask, scale.requests, CLIENTS)
        found.append(latency_figure(f"duplicates, {CLIENTS} desks at once, {where}", seconds, ASKED_P95_S))
        share = there / len(meant)
        found.append(Figure(f"the one that was meant is among five, {where}", f"{share:.0%}", raw={"share": share}))


async def _meant(url: str, count: int) -> list[tuple[str, str, str]]:
    connection = await asyncpg.connect(url.replace("asyncpg", "postgresql", 1))
    try:
        return [tuple(row) for row in await connection.fetch(MEANT, count)]
    finally:
        await connection.close()


def _asked(title: str, area: str, number: int) -> dict[str, Any]:
    """The same matter as another caller tells it: other words, one half of the time the street is known."""
    chance, said = Random(number), title  # noqa: S311 (nothing secret)
    for before, after in IN_OTHER_WORDS:
        said = said.replace(before, after)
    cut = chance.randrange(3)
    said = said[: len(said) - cut] if cut else said
    told: dict[str, Any] = {
        "title": said,
        "content": f"您好，{said}，{Citizens(SEED, 1).random.choice(('请尽快', '怎么办'))}。",
    }
    told["phone"] = f"177{number:08}"
    if chance.random() < 0.5:
        told["place"] = {"area_code": area}
    return told
