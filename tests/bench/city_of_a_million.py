"""A city that has used the hall for five years: a million tickets that `sunhall verify` finds nothing against.

Each is a walked ticket of the demo city, told again (`stories`) by somebody else (`citizens`) on another day. What is
old has been delivered and cleared, so copies have no events; the search index isn't filled, `sunhall reindex` does it.
One run fills one city and keeps it for its other rows; with BENCH_CITY=folder it stays there for the next run, too.
`python -m tests.bench.city_of_a_million 100000` fills the hall that SUNHALL_HOME and SUNHALL_DATABASE_URL name."""

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from atexit import register
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from random import Random

import asyncpg

from kernel.calendar import current
from kernel.calendar.days import Calendar
from kernel.citytime import CITY
from kernel.numbering import numbered
from kernel.settings import settings
from tests import servers
from tests.bench.citizens import Citizens
from tests.bench.measuring import Scale
from tests.bench.opening import hall_in_process
from tests.bench.stories import Place, Rows, Story, columns, read, tell
from tests.halls import Hall, a_hall
from tests.servers import Server

LARGE, LARGE_SMALL = 10, 2  # times the other rows' tickets; at BENCH_SCALE=small
YEARS, OPEN_SHARE, CHUNK = 5, 0.025, 2_000
SEED, PREFIX = 20_210_924, "12345"
FIRST_ID = 10_000  # the demo's own stay below
CONSULTS = 3  # half of what a hotline hears is answered at once
GROWTH_A_YEAR = 0.12
BY_WEEKDAY = (1.15, 1.1, 1.05, 1.05, 1.05, 0.75, 0.65)
STORMS, STORM = 18, 4.0  # days on which so many times the usual call
LATE_WEEKS = (0, 0, 0, 0, 0, 0, 1, 1, 2, 4)  # how long what is open has been lying
UNSAFE = {  # a power cut would cost the filling, not a city
    "fsync": "off", "full_page_writes": "off", "wal_level": "minimal", "max_wal_senders": "0", "max_wal_size": "8GB",
    "synchronous_commit": "off", "maintenance_work_mem": "512MB",
}  # fmt: skip
SAID_EVERY_S = 10.0


@dataclass(frozen=True, slots=True)
class City:
    """A filled hall that isn't serving yet. `seconds` is what the filling took, wherever it was done."""

    hall: Hall
    url: str
    tickets: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Day:
    """What is told of one day of the city, in the order of the calls: (story, its shift in seconds)."""

    day: date
    calls: list[tuple[int, int]]
    number: int
    ticket_id: int
    share_id: int


def large(scale: Scale) -> int:
    """How many tickets the rows of a city of a million have."""
    return scale.things * (LARGE if scale.rounds > 1 else LARGE_SMALL)


@asynccontextmanager
async def a_city(things: int, **more: str) -> AsyncIterator[City]:
    """That many tickets on a PostgreSQL that waits for the disk; `more` are settings of the hall."""
    folder = _folder()
    home, marked = folder / "home", folder / "filled.json"
    if not marked.exists():  # begun and broken off
        shutil.rmtree(folder / "pg", ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)
    with servers.postgres(durable=True, folder=folder / "pg") as server:
        url = f"{server.url}hall"
        if not marked.exists():
            url = server.create("hall")
            with a_hall(home, demo=True, SUNHALL_DATABASE_URL=url) as hall:
                await asyncio.to_thread(hall.run, "reindex")  # else a worker would build the index of a million
            seconds = await filled(server, url, home, things)
            marked.write_text(json.dumps({"things": things, "seconds": seconds}))
        told = json.loads(marked.read_text())
        assert told["things"] == things, f"{folder} holds a city of {told['things']:,}"
        with a_hall(home, demo=False, SUNHALL_DATABASE_URL=url, **more) as hall:
            yield City(hall, url, await _count(url), told["seconds"])


@asynccontextmanager
async def a_city_at_work(things: int) -> AsyncIterator[City]:
    """The same with Redis, a worker and two web processes."""
    with servers.redis() as redis:
        async with a_city(things, SUNHALL_REDIS_URL=redis.url) as city:
            worker = city.hall.begin("worker")
            try:
                await asyncio.to_thread(city.hall.serve, "--workers", "2")
                yield city
            finally:
                city.hall.kill(signal.SIGTERM)  # its web processes would outlive a harder end
                worker.terminate()
                worker.wait(30)


@cache
def _folder() -> Path:
    if kept := os.environ.get("BENCH_CITY"):
        folder = Path(kept)
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        return folder
    folder = Path(tempfile.mkdtemp(prefix="sunhall-million-"))
    folder.chmod(0o755)  # the server runs as nobody
    register(shutil.rmtree, folder, ignore_errors=True)
    return folder


async def filled(server: Server, url: str, home: Path, things: int) -> float:
    """Until the hall of that database has `things` tickets more. Seconds."""
    begun, safe = time.perf_counter(), server.command
    server.stop()
    server.command = [*safe, *(f"--{name}={value}" for name, value in UNSAFE.items())]
    server.start()
    await fill(url, home, things)
    connection = await _connected(url)
    try:
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()
    server.stop()
    os.sync()
    server.command = safe
    server.start()
    return time.perf_counter() - begun


async def fill(url: str, home: Path, things: int) -> None:
    """With as many processes as there are cores, saying how far it is."""
    now = datetime.now(UTC)
    async with hall_in_process(home, url):
        calendar = await current()
        connection = await _connected(url)
        stories = await read(connection, Citizens(SEED, things))
        taken = await connection.fetch("SELECT name, taken FROM kernel_series")
    try:
        days = list(planned(stories, things, now, {row["name"]: row["taken"] for row in taken}))
        with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
            work = [
                pool.submit(_write_days, url, home, (stories, calendar, now, things), chunk) for chunk in _chunks(days)
            ]
            await asyncio.to_thread(_said, work, sum(len(day.calls) for day in days))
        await _close(connection, days)
    finally:
        await connection.close()


def planned(stories: Sequence[Story], things: int, now: datetime, taken: dict[str, int]) -> Iterator[Day]:
    """Day by day: what is over lies in all the years, what is open in the last weeks; weekdays stay weekdays."""
    chance, calls = Random(SEED), defaultdict[date, list[tuple[int, int]]](list)  # noqa: S311 (nothing secret)
    waiting = [place for place, story in enumerate(stories) if story.open]
    for _ in range(int(things * OPEN_SHARE)):
        place = chance.choice(waiting)
        shift = timedelta(weeks=-chance.choice(LATE_WEEKS))
        calls[stories[place].day + shift].append((place, int(shift.total_seconds())))
    today = now.astimezone(CITY).date()
    days = [today - timedelta(days=back) for back in range(1, YEARS * 365)]
    over = {day: fitting for day in days if (fitting := _fitting(stories, day))}
    storms = {*chance.sample(sorted(over), min(STORMS, len(over)))}
    weights = [_weight(day, today) * (STORM if day in storms else 1) for day in over]
    for day in chance.choices([*over], weights, k=things - int(things * OPEN_SHARE)):
        place = chance.choice(over[day])
        calls[day].append((place, (day - stories[place].day).days * 86_400))
    ticket_id = share_id = FIRST_ID
    for day in sorted(calls):
        told = sorted(
            (_earlier(place, stories[place], shift, chance) for place, shift in calls[day]), key=lambda c: c[2]
        )
        number = taken.get(f"{PREFIX}-{day:%Y%m%d}", 0) + 1
        yield Day(day, [(place, shift) for place, shift, _ in told], number, ticket_id, share_id)
        ticket_id += len(told)
        share_id += sum(len(stories[place].chains) - 1 for place, _, _ in told)


def _fitting(stories: Sequence[Story], day: date) -> list[int]:
    """What is over and was brought up on that day of the week, not before that day."""
    found = []
    for place, story in enumerate(stories):
        if not story.open and story.day >= day and story.day.weekday() == day.weekday():
            found += [place] * (CONSULTS if len(story.chains) == 1 else 1)
    return found


def _weight(day: date, today: date) -> float:
    return float(BY_WEEKDAY[day.weekday()] * (1 - GROWTH_A_YEAR) ** ((today - day).days / 365))


def _earlier(place: int, story: Story, shift: int, chance: Random) -> tuple[int, int, datetime]:
    """(story, shift, when it begins): up to an hour earlier, on the same day of the city."""
    begins, earlier = story.begins + timedelta(seconds=shift), chance.randrange(3_600)
    if (begins - timedelta(seconds=earlier)).astimezone(CITY).date() != begins.astimezone(CITY).date():
        earlier = 0
    return place, shift - earlier, begins - timedelta(seconds=earlier)


def _chunks(days: Sequence[Day]) -> Iterator[list[Day]]:
    chunk: list[Day] = []
    for day in days:
        chunk.append(day)
        if sum(len(one.calls) for one in chunk) >= CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


Known = tuple[list[Story], Calendar, datetime, int]


def _write_days(url: str, home: Path, known: Known, days: Sequence[Day]) -> int:
    """In a process of its own."""
    os.environ["SUNHALL_HOME"], os.environ["SUNHALL_DATABASE_URL"] = str(home), url
    return asyncio.run(_write(url, known, days))


async def _write(url: str, known: Known, days: Sequence[Day]) -> int:
    stories, calendar, now, things = known
    rows, written = Rows(), 0
    for day in days:
        citizens, share_id = Citizens(f"{SEED}-{day.day}", things), day.share_id
        for nth, (place, shift) in enumerate(day.calls):
            no = numbered(f"{PREFIX}-{day.day:%Y%m%d}", day.number + nth)
            there = Place(no, day.ticket_id + nth, share_id, timedelta(seconds=shift))
            story = stories[place]
            share_id += tell(story, citizens.call(story.matter), there, calendar, now, rows)
        written += len(day.calls)
    connection = await _connected(url)
    try:
        async with connection.transaction():
            for table, names in columns(stories).items():
                await connection.copy_records_to_table(table, records=getattr(rows, table), columns=names)
    finally:
        await connection.close()
    return written


def _said(work: Sequence["Future[int]"], of: int) -> None:
    done, begun, said = 0, time.perf_counter(), 0.0
    for one in as_completed(work):
        done += one.result()
        taken = time.perf_counter() - begun
        if taken - said >= SAID_EVERY_S or done == of:
            said = taken
            left = (of - done) * taken / done
            print(f"  {done:,} of {of:,} tickets, {done / taken:,.0f}/s, {left:,.0f} s left", file=sys.stderr)


async def _close(connection: asyncpg.Connection, days: Sequence[Day]) -> None:
    """Numbers and row ids go on behind what was written, and the demo's own events are old news, too."""
    await connection.execute("UPDATE kernel_delivery SET done_at = now(), next_try_at = NULL WHERE done_at IS NULL")
    taken = Counter({f"{PREFIX}-{day.day:%Y%m%d}": day.number + len(day.calls) - 1 for day in days})
    await connection.executemany(
        "INSERT INTO kernel_series (name, taken) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET taken = $2",
        [*taken.items()],
    )
    for table in ("hotline_ticket", "hotline_assignment"):
        sequence = f"pg_get_serial_sequence('{table}', 'id')"
        await connection.execute(f"SELECT setval({sequence}, (SELECT max(id) FROM {table}))")
    await connection.execute("VACUUM ANALYZE")


async def _connected(url: str) -> asyncpg.Connection:
    return await asyncpg.connect(url.replace("asyncpg", "postgresql", 1), command_timeout=1_800)


async def _count(url: str) -> int:
    connection = await _connected(url)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM hotline_ticket"))
    finally:
        await connection.close()


if __name__ == "__main__":
    asyncio.run(fill(settings().database_url, settings().home, int(sys.argv[1])))
