"""Ticket creation and whole lives over HTTP, held against the same rows written by hand."""

import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from tests import servers
from tests.bench import writing
from tests.bench.asking import CLIENTS, Asking
from tests.bench.filling import fill
from tests.bench.measuring import Figure, Scale, latency_figure, many, rate_figure
from tests.bench.writing import Step
from tests.halls import Hall, a_hall

CREATED_MIN, LIVED_MIN, CREATE_P95_S, PAGE_P95_S = 0.25, 0.25, 0.15, 0.03
NEW = {
    "channel": "phone", "type": "help", "title": "云谷家园小区停水两天",
    "content": "云谷家园停水两天，物业没有通知，家里有老人，请尽快恢复供水。",
    "caller": {"name": "张三", "phone": "13900002206"}, "place": {"address": "江北区云谷路 66 号"},
}  # fmt: skip
REPLY = {"body": "管道已抢修完毕，恢复供水。", "outcome": "solved"}
LIFE: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("dispatcher", "dispatch", {"lead": "SWJT", "basis": "职责清单第3条"}),
    ("agency", "sign", {}),
    ("agency", "contact", {"channel": "phone", "reached": True, "summary": "已说明抢修安排。"}),
    ("agency", "reply", REPLY),
    ("reviewer", "review", {"passed": True}),
    ("visitor", "visit", {"reached": True, "solved": "yes", "satisfied": "satisfied"}),
    ("visitor", "close", {}),
)
TOKENS = 8  # each may ask 600 times a minute
BY_SHARE = {"sign", "contact", "reply"}


class People:
    """Programs of those who work on a ticket."""

    def __init__(self, hall: Hall) -> None:
        names = ("operator", *{name for name, _, _ in LIFE})
        self.programs = {name: Asking(hall.port, *[hall.token(name) for _ in range(TOKENS)]) for name in names}

    async def create(self, number: int = 0) -> dict[str, Any]:
        told = NEW | {"title": f"云谷家园 {number} 号楼停水两天"}
        return dict(await self.programs["operator"].json("POST", "/api/v1/tickets", told, expected=201))

    async def move(self, ticket: dict[str, Any], who: str, move: str, facts: dict[str, Any]) -> dict[str, Any]:
        mover = ticket["assignments"][-1] if move in BY_SHARE and ticket["assignments"] else ticket
        sent = {"version": mover["version"], "facts": facts}
        if mover is not ticket:
            sent["assignment"] = mover["no"]
        return dict(await self.programs[who].json("POST", f"/api/v1/tickets/{ticket['no']}/moves/{move}", sent))

    async def live(self, number: int = 0, *, looking: bool = False) -> None:
        """Each step goes on from what the one before has answered; `looking`: each looks the ticket up first."""
        ticket = await self.create(number)
        for who, move, facts in LIFE:
            if looking:
                ticket = await self.programs[who].json("GET", f"/api/v1/tickets/{ticket['no']}")
            ticket = await self.move(ticket, who, move, facts)
        assert ticket["state"] == "closed", ticket["state"]

    async def live_looking(self, number: int = 0) -> None:
        await self.live(number, looking=True)


async def measure(scale: Scale, found: list[Figure]) -> None:
    with on_sqlite() as (hall, url):
        found += await _held(hall, url, scale, "SQLite")
    with on_postgres() as (hall, url):
        found += await _held(hall, url, scale, "PostgreSQL, empty")
        have = await fill(url, scale.things)
        found += await _held(hall, url, scale, f"PostgreSQL, {have:,}")
        found.append(await page(hall, scale, f"PostgreSQL, {have:,}"))


@contextmanager
def on_sqlite() -> Iterator[tuple[Hall, str]]:
    with tempfile.TemporaryDirectory(prefix="sunhall-bench-") as folder, a_hall(Path(folder), demo=True) as hall:
        hall.serve()
        hall.settle()
        yield hall, f"sqlite://{folder}/hall.db"


@contextmanager
def on_postgres() -> Iterator[tuple[Hall, str]]:
    """The city column in small: two web processes, one worker, Redis."""
    with ExitStack() as stays:
        folder = Path(stays.enter_context(tempfile.TemporaryDirectory(prefix="sunhall-bench-")))
        url = stays.enter_context(servers.postgres(durable=True)).create("hall")
        redis = stays.enter_context(servers.redis())
        more = {"SUNHALL_DATABASE_URL": url, "SUNHALL_REDIS_URL": redis.url}
        hall = stays.enter_context(a_hall(folder, demo=True, **more))
        worker = hall.begin("worker")
        stays.callback(worker.wait, 30)
        stays.callback(worker.terminate)
        stays.callback(hall.kill, signal.SIGTERM)  # its web processes would outlive a harder end
        hall.serve("--workers", "2")
        hall.settle()
        yield hall, url


async def _held(hall: Hall, url: str, scale: Scale, where: str) -> list[Figure]:
    people = People(hall)
    async with by_hand(url) as hand:
        creation, life = await _told(people, hand)
        ours, theirs, lived, copied, waited = [], [], [], [], list[float]()
        k = 0
        for _ in range(scale.rounds):
            rate, seconds = await many(people.create, scale.requests, CLIENTS)
            ours.append(rate)
            waited += seconds
            theirs.append(await _copies(hand, [creation], scale.requests, k := k + 100_000))
            lived.append((await many(people.live, scale.lives, CLIENTS))[0])
            copied.append(await _copies(hand, life, scale.lives, k := k + 100_000))
    return [
        rate_figure(f"tickets created, {where}", ours, theirs, CREATED_MIN, "same rows by hand"),
        latency_figure(f"one creation, {CLIENTS} at once, {where}", waited, CREATE_P95_S),
        rate_figure(f"whole lives, {where}", lived, copied, LIVED_MIN, "same rows by hand"),
    ]


@asynccontextmanager
async def by_hand(url: str) -> AsyncIterator[writing.Sqlite | writing.Postgres]:
    hand = await writing.opened(url)
    try:
        yield hand
    finally:
        await hand.close()


async def _told(people: People, hand: writing.Sqlite | writing.Postgres) -> tuple[Step, list[Step]]:
    """What one creation and what each move of one life writes."""
    await people.live()  # numbers are drawn, caches are warm
    since = writing.largest(await hand.snapshot({}))
    before = await hand.snapshot(since)
    ticket = await people.create()
    after = await hand.snapshot(since)
    creation = writing.difference(before, after)
    life = [creation]
    for who, move, facts in LIFE:
        before = after
        ticket = await people.move(ticket, who, move, facts)
        after = await hand.snapshot(since)
        life.append(writing.difference(before, after))
    return creation, life


async def _copies(hand: writing.Sqlite | writing.Postgres, steps: list[Step], times: int, first: int) -> float:
    made = [[writing.kth(step, first + n) for step in steps] for n in range(times)]

    async def write(number: int) -> None:
        for step in made[number]:
            await hand.write(step)

    return (await many(write, times, hand.clients))[0]


async def page(hall: Hall, scale: Scale, where: str) -> Figure:
    people = People(hall)
    ticket = await people.create()
    agent = people.programs["operator"]
    _, seconds = await many(lambda _: agent.ask("GET", f"/hotline/tickets/{ticket['no']}"), scale.requests, 1)
    return latency_figure(f"ticket page, {where}", seconds, PAGE_P95_S)
