"""Every process of the city is replaced while people work: nobody is refused, nothing acknowledged is lost."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.cities import CityHall
from tests.faults.test_several_processes import WORDS, alive, descendants
from tests.streams import Line

pytestmark = pytest.mark.timeout(600)
PER_SECOND, KEPT_OPEN, CREATES_EVERY = 50, 8, 5
PROGRAMS = 8  # each has its own rate
RENEW_S, STORM_S, STORM_EVERY_S = 180, 20, 2


@dataclass
class Load:
    """What was asked and how it went."""

    answers: list[int] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)


async def under_load(hall: CityHall, work: Callable[[], Coroutine[None, None, None]], *, patient: bool = False) -> Load:
    """Fifty a second, half on connections that are kept, half on new ones, each fifth a ticket; until `work` is done.
    `patient`: whoever is cut off or told to wait asks again with the same key, as programs are told to."""
    load, people = Load(), [hall.token("operator") for _ in range(PROGRAMS)]
    done = asyncio.create_task(work())
    limits = httpx.Limits(max_connections=KEPT_OPEN, max_keepalive_connections=KEPT_OPEN, keepalive_expiry=4)
    async with httpx.AsyncClient(base_url=hall.url, timeout=30, limits=limits, trust_env=False) as kept:
        asked: set[asyncio.Task[None]] = set()
        number, due = 0, time.monotonic()
        while not done.done():
            number, due = number + 1, due + 1 / PER_SECOND
            one = _ask(
                hall, kept if number % 2 else None, people[number // 2 % PROGRAMS], number, load, patient=patient
            )
            asked.add(task := asyncio.create_task(one))
            task.add_done_callback(asked.discard)
            await asyncio.sleep(max(0, due - time.monotonic()))
        await asyncio.gather(*asked)
    await done
    return load


async def _ask(
    hall: CityHall, kept: httpx.AsyncClient | None, headers: dict[str, str], number: int, load: Load, *, patient: bool
) -> None:
    key = {"Idempotency-Key": f"{os.getpid()}-{id(load)}-{number}"}
    for _ in range(8 if patient else 1):
        try:
            if kept is not None:
                answer = await _one(kept, headers | key, number)
            else:
                async with httpx.AsyncClient(base_url=hall.url, timeout=30, trust_env=False) as new:
                    answer = await _one(new, headers | key, number)
            if not (patient and answer.status_code == 503):  # Retry-After: many wait for few connections
                return _note(load, answer)
            await asyncio.sleep(1)
        except httpx.TransportError as wrong:
            load.problems.append(repr(wrong))
            await asyncio.sleep(0.5)
    return None


async def _one(program: httpx.AsyncClient, headers: dict[str, str], number: int) -> httpx.Response:
    if number % CREATES_EVERY:
        return await program.get("/api/v1/session", headers=headers)
    sent = {"channel": "phone", "type": "help", "title": f"换班 {number}", "content": WORDS}
    return await program.post("/api/v1/tickets", json=sent | {"place": {"address": "云谷路 6 号"}}, headers=headers)


def _note(load: Load, answer: httpx.Response) -> None:
    load.answers.append(answer.status_code)
    if answer.status_code == 201:
        load.acknowledged.append(answer.json()["no"])


def web_processes(hall: CityHall) -> set[int]:
    found = descendants(hall.pid("web"))
    return {pid for pid in found if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()}


def stored(hall: CityHall, nos: list[str]) -> int:
    return int(hall.ask("SELECT count(DISTINCT no) AS many FROM hotline_ticket WHERE no = ANY($1)", nos)[0]["many"])


async def test_all_web_processes_and_the_worker_are_replaced_under_load_without_one_failed_request(
    city: CityHall,
) -> None:
    assert city.process is not None
    before, worker, process = web_processes(city), city.pid("worker"), city.process

    async def renewed() -> None:
        await asyncio.sleep(2)
        process.send_signal(signal.SIGHUP)
        until = time.monotonic() + RENEW_S
        while any(map(alive, before)) or city.pid("worker") == worker or len(web_processes(city)) < 2:
            assert time.monotonic() < until, "not everybody was replaced"
            await asyncio.sleep(0.5)
        await asyncio.sleep(2)

    load = await under_load(city, renewed)

    assert load.problems == []
    assert set(load.answers) == {200, 201}
    assert len(load.acknowledged) > 20
    assert len(set(load.acknowledged)) == len(load.acknowledged) == stored(city, load.acknowledged)
    assert not before & web_processes(city)


async def test_live_streams_move_to_the_new_processes_and_miss_nothing(city: CityHall) -> None:
    """Every old process is told to go: its streams end at once, and who comes back goes on where it was."""
    assert city.process is not None
    city.settle()
    before, headers = web_processes(city), city.token("manager")
    lines = [Line(f"{city.url}/hotline/wall/live", headers) for _ in range(4)]
    assert [line.status for line in lines] == [200] * 4
    made = 0
    async with httpx.AsyncClient(base_url=city.url, timeout=30) as program:
        clerk = city.token("operator")
        for number in range(1, 10):
            made += (await _one(program, clerk, number * CREATES_EVERY)).status_code == 201
        city.process.send_signal(signal.SIGHUP)
        until = time.monotonic() + RENEW_S
        while any(map(alive, before)):
            assert time.monotonic() < until, "an old process waits for its streams"
            await asyncio.sleep(0.2)
        for number in range(10, 20):
            made += (await _one(program, clerk, number * CREATES_EVERY)).status_code == 201
    assert all(line.over for line in lines)
    again = [line.again() for line in lines]
    for first, second in zip(lines, again, strict=True):
        second.until(lambda a=first, b=second: [what for _, what in a.told + b.told].count("登记") == made)  # type: ignore[misc]
        places = [place for place, _ in first.told + second.told]
        assert places == sorted(set(places))
        second.drop()


async def test_a_storm_of_restarts_loses_nothing_that_was_acknowledged(city: CityHall) -> None:
    async def storm() -> None:
        until, number = time.monotonic() + STORM_S, 0
        while time.monotonic() < until:
            if web := sorted(web_processes(city)):
                os.kill(web[number % len(web)], signal.SIGTERM)
            number += 1
            await asyncio.sleep(STORM_EVERY_S)

    load = await under_load(city, storm, patient=True)

    assert set(load.answers) <= {200, 201}
    assert len(load.acknowledged) > 20
    assert len(set(load.acknowledged)) == len(load.acknowledged) == stored(city, load.acknowledged)
    city.serve()
    checked = city.run("verify", check=False)
    assert checked.returncode == 0, checked.stdout
