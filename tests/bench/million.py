"""The hotline among a million tickets on PostgreSQL, held against the same hall with nothing but the demo city."""

import asyncio
from statistics import median

from tests.bench import lists, tickets
from tests.bench.asking import CLIENTS
from tests.bench.city_of_a_million import a_city_at_work, large
from tests.bench.measuring import Figure, Scale, latency_figure, many
from tests.bench.tickets import CREATE_P95_S, People, on_postgres
from tests.halls import Hall

FILLED_S_MAX = 900
CREATED_MIN, LIVED_MIN, KEPT_MIN = 200, 40, 0.9  # a second; of the empty hall's rate


async def measure(scale: Scale, found: list[Figure]) -> None:
    with on_postgres() as (hall, _):
        empty = await _worked(hall, scale)
    async with a_city_at_work(large(scale)) as city:
        where = f"PostgreSQL, {city.tickets:,}"
        found.append(
            Figure(f"a city of {city.tickets:,} filled", f"{city.seconds:,.0f} s",
                   f"{city.tickets / city.seconds:,.0f} tickets/s", "", f"≤ {FILLED_S_MAX} s",
                   city.seconds <= FILLED_S_MAX, {"seconds": city.seconds}),
        )  # fmt: skip
        full = await _worked(city.hall, scale)
        found.append(_kept(f"tickets created, {where}", full.created, empty.created, CREATED_MIN))
        found.append(latency_figure(f"one creation, {CLIENTS} at once, {where}", full.waited, CREATE_P95_S))
        found.append(_kept(f"whole lives, {where}", full.lived, empty.lived, LIVED_MIN))
        found.append(_kept(f"the same, each step with a look before it, {where}", full.looked, empty.looked, LIVED_MIN))
        await asyncio.to_thread(city.hall.settle)  # what the lives left to the worker would be measured with the pages
        found.append(await tickets.page(city.hall, scale, where))
        found += await lists.lists(city.hall, where, await lists.bare_postgres(city.url))


class _Worked:
    """Creations and whole lives a second, in rounds, and the seconds of each creation."""

    def __init__(self) -> None:
        self.created, self.lived, self.looked = list[float](), list[float](), list[float]()
        self.waited = list[float]()


async def _worked(hall: Hall, scale: Scale) -> _Worked:
    people, seen = People(hall), _Worked()
    await people.live()  # numbers are drawn, caches are warm
    for _ in range(scale.rounds):
        rate, waited = await many(people.create, scale.requests, CLIENTS)
        seen.created.append(rate)
        seen.waited += waited
        seen.lived.append((await many(people.live, scale.lives, CLIENTS))[0])
        seen.looked.append((await many(people.live_looking, scale.lives, CLIENTS))[0])
        await asyncio.sleep(1)
    return seen


def _kept(name: str, full: list[float], empty: list[float], at_least: float) -> Figure:
    here, there = median(full), median(empty)
    met = here >= at_least and here / there >= KEPT_MIN
    return Figure(
        name, f"{here:,.0f}/s", f"the empty hall: {there:,.0f}/s", f"{here / there:.2f}",
        f"≥ {at_least}/s, ≥ {KEPT_MIN}", met, {"full": full, "empty": empty},
    )  # fmt: skip
