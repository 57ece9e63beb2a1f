"""Surges: how soon a synthetic outbreak is told, and how often nothing is.

Three streams through the jobs themselves. The real messages as they came (each a ticket with its text, its district, a
place by its author's number), in which every alert of a count, a rise or a place is counted as false, though the
messages hold real hot spots. The same messages as a busier city has them (drawn anew by weekday and hour, without
text), with outbreaks injected into cells drawn at random. And what one look costs beside a year-old city's counts.

Drawn with a fixed seed: two runs on any machine find the same."""

import csv
import random
import tempfile
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from hotline.categories.models import Category
from hotline.surges import consumers, jobs, rules
from hotline.surges.forms import Reason
from hotline.surges.models import HourCount, Sighting, Surge, WatchedCell
from hotline.surges.thresholds import thresholds
from hotline.tickets import actions as tickets
from hotline.tickets.forms import Register
from kernel.citytime import CITY
from kernel.database import transaction
from kernel.migrate import migrate
from kernel.models import Event
from portal.modules import MODULES
from tests import factories as f
from tests import servers
from tests.bench.measuring import Figure, Scale, latency_figure, timed
from tests.bench.opening import hall_in_process
from tests.conftest import shared_data

SEED, WEEKS_ON = 12345, timedelta(weeks=364)  # 2019 becomes 2026, weekdays stay
DISTRICTS, STREETS = 9, 8
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LIVE_FROM = datetime(2026, 9, 7, tzinfo=CITY)  # a Monday without holidays near
HISTORY = timedelta(weeks=9)
RATES = {"30 an hour": (30, 2), "12 an hour": (12, 3), "5 an hour": (5, 6)}  # (tickets an hour, hours)
EVERY = timedelta(hours=6)
LOOK_P95_S, SCORE_P95_S = 0.5, 2.0
WORDS = Path(__file__).parents[2] / "hotline" / "demo" / "categories.csv"


@dataclass(frozen=True, slots=True)
class Message:
    at: datetime
    title: str
    content: str
    category: str
    area: str
    lat: str
    lon: str


async def measure(scale: Scale, found: list[Figure]) -> None:
    small, messages = scale.rounds == 1, _messages()
    async with _hall():
        found += await _as_they_came(messages[:500] if small else messages)
    async with _hall():
        found += await _busier(messages, 400 if small else 1_000, timedelta(days=3 if small else 7))
    async with _hall():
        found += await _cost(messages, scale.things * 10, scale, "SQLite")
    with servers.postgres(durable=True) as server:
        async with _hall(server.create("hall")):
            found += await _cost(messages, scale.things * 10, scale, "PostgreSQL")


@asynccontextmanager
async def _hall(url: str = "") -> AsyncIterator[None]:
    """A city with the demo's categories and nothing else, for one stream."""
    with tempfile.TemporaryDirectory(prefix="sunhall-bench-") as folder:
        where = url or f"sqlite://{folder}/hall.db"
        await migrate(MODULES, where)
        async with hall_in_process(Path(folder), where):
            await f.a_city()
            for code, words in _leaves():
                await Category.create(code=code, name=words[0], path_name=f"{code} / {words[0]}", level=3)
            yield


# ---- the real messages as they came


async def _as_they_came(messages: Sequence[Message]) -> list[Figure]:
    """Every message is registered, counted, heeded and looked at in its minute; quarters are scored while one rises."""
    begun = messages[0].at
    quarter = rules.quarter_of(begun) + rules.QUARTER
    for one in messages:
        while quarter <= one.at:
            await jobs.score({}, at=quarter + MINUTE)
            quarter += rules.QUARTER
            if not await WatchedCell.filter(score_milli__gt=0).exists():  # nothing came and nothing is left to sink
                quarter = max(quarter, rules.quarter_of(one.at) + rules.QUARTER)
        await _register(one)
        await jobs.heed({}, at=one.at)
        await jobs.look({}, at=one.at)
    weeks = (messages[-1].at - begun) / timedelta(weeks=1)
    alerts = Counter({one: await Surge.filter(reason=one).count() for one in Reason})
    about = f"{len(messages):,} real messages, {weeks:.1f} weeks; " + "，".join(
        f"{one.label} {alerts[one]}" for one in Reason
    )
    judged = sum(alerts[one] for one in (Reason.COUNT, Reason.RISE, Reason.BURST)) / weeks
    heard = alerts[Reason.WORDS] / weeks
    return [
        Figure("alerts of numbers a week, real messages", f"{judged:.2f}", about, "", "≤ 1", judged <= 1,
               {one.value: alerts[one] for one in Reason}),
        Figure("alerts of words a week, real messages", f"{heard:.2f}", raw={"a_week": heard}),
    ]  # fmt: skip


async def _register(one: Message) -> None:
    facts = Register.check(
        {
            "type": "help", "title": one.title, "content": one.content, "channel": "phone", "area_code": one.area,
            "category": one.category or None, "lat": one.lat, "lon": one.lon,
        }
    )  # fmt: skip
    no = await tickets.draw_number(one.at)
    ticket, _ = await tickets.register(facts, no=no, region=f.CITY, by=f.OPERATOR, at=one.at)
    event = await Event.filter(topic="ticket.register", subject=ticket.ref).first()
    assert event is not None
    async with transaction():
        await consumers.count(event)


# ---- a busier city, with outbreaks


@dataclass(frozen=True, slots=True)
class Outbreak:
    name: str
    begun: datetime
    times: tuple[datetime, ...]
    category: str
    area: str

    @property
    def over(self) -> datetime:
        return self.times[-1] + HOUR


async def _busier(messages: Sequence[Message], a_day: int, live: timedelta) -> list[Figure]:
    chance = random.Random(SEED)  # noqa: S311
    sorted_ = [one for one in messages if one.category]
    await _history(sorted_, a_day, LIVE_FROM - HISTORY, LIVE_FROM, chance)
    outbreaks = list(_outbreaks(sorted_, live, chance))
    rows = [
        Sighting(ticket=f"u{n}", at=at, category=one.category, area=one.area)
        for n, (at, one) in enumerate(_drawn(sorted_, a_day, LIVE_FROM, LIVE_FROM + live, chance))
    ]
    rows += [
        Sighting(ticket=f"o{k}-{n}", at=at, category=one.category, area=one.area)
        for k, one in enumerate(outbreaks) for n, at in enumerate(one.times)
    ]  # fmt: skip
    await Sighting.bulk_create(rows, batch_size=2_000)
    minutes = _worth_a_look(rows)
    quarters = [LIVE_FROM + n * 15 * MINUTE + MINUTE for n in range(live // (15 * MINUTE))]
    for at in sorted({*minutes, *quarters}):
        await jobs.look({}, at=at)
        if at.minute % 15 == 1:
            await jobs.score({}, at=at)
    return await _judged(outbreaks, len(rows), live)


def _worth_a_look(rows: Sequence[Sighting]) -> list[datetime]:
    """Every minute after which some cell has enough tickets in its window; at the others a look finds nothing."""
    limits, window, counts = thresholds(), list[Sighting](), Counter[rules.Cell]()
    found, oldest = list[datetime](), 0
    for row in sorted(rows, key=lambda one: one.at):
        at = row.at.replace(second=0, microsecond=0) + MINUTE
        window.append(row)
        counts.update(rules.cells_of(row.category, row.area, limits.cells))
        while window[oldest].at <= at - limits.count.window_min * MINUTE:
            counts.subtract(rules.cells_of(window[oldest].category, window[oldest].area, limits.cells))
            oldest += 1
        if max(counts.values()) >= limits.count.count_min:
            found.append(at)
    return sorted({*found})


def _outbreaks(messages: Sequence[Message], live: timedelta, chance: random.Random) -> Iterator[Outbreak]:
    """One every six hours from the first morning on, of each rate in turn, where somebody once wrote from."""
    names, begun, n = [*RATES], LIVE_FROM + 8 * HOUR, 0
    while begun + 8 * HOUR < LIVE_FROM + live:
        (rate, hours), place = RATES[names[n % len(names)]], chance.choice(messages)
        times, at = list[datetime](), begun
        while at < begun + hours * HOUR:
            times.append(at)
            at += chance.expovariate(rate) * HOUR
        yield Outbreak(names[n % len(names)], begun, tuple(times), place.category, place.area)
        begun, n = begun + EVERY, n + 1


async def _judged(outbreaks: Sequence[Outbreak], rows: int, live: timedelta) -> list[Figure]:
    """An alert is an outbreak's when most of its sample are its tickets, or it is of its cell while it lasts."""
    first: dict[int, Surge] = {}
    false = 0
    for surge in await Surge.all().order_by("id"):
        of = Counter(int(no[1:].partition("-")[0]) for no in surge.tickets if no.startswith("o"))
        mine = [k for k, many in of.items() if many * 2 >= len(surge.tickets) and surge.begun_at <= outbreaks[k].over]
        if not mine:
            false += 1
        elif mine[0] not in first:
            first[mine[0]] = surge
    figures = []
    for name in RATES:
        these = [k for k, one in enumerate(outbreaks) if one.name == name]
        told = [k for k in these if k in first]
        delays = sorted((first[k].begun_at - outbreaks[k].begun) / MINUTE for k in told)
        after = [sum(at <= first[k].begun_at for at in outbreaks[k].times) for k in told]
        said = f"median {median(delays):.0f} min, longest {delays[-1]:.0f} min" if delays else "none"
        about = f"{len(told)} of {len(these)} told, after {median(after) if after else 0:.0f} tickets (median)"
        figures.append(Figure(f"outbreak of {name} told", said, about, raw={"minutes": delays, "of": len(these)}))
    weekly = false / (live / timedelta(weeks=1))
    about = f"{rows:,} tickets in {live.days} days, {await WatchedCell.all().count():,} cells; {false} in all"
    return [*figures, Figure("false alarms a week", f"{weekly:.2f}", about, "", "≤ 1", weekly <= 1, {"all": false})]


# ---- what a look costs


async def _cost(messages: Sequence[Message], many: int, scale: Scale, where: str) -> list[Figure]:
    """Thirteen weeks of counts, a day of sightings, and an outbreak in the window so that the usual is asked for."""
    chance = random.Random(SEED)  # noqa: S311
    sorted_, a_day = [one for one in messages if one.category], many // (13 * 7)
    begun = LIVE_FROM - timedelta(weeks=13)
    await _history(sorted_, a_day, begun, LIVE_FROM, chance)
    at = LIVE_FROM + 10 * HOUR + MINUTE
    drawn = _drawn(sorted_, a_day, at - DAY, at, chance)
    rows = [Sighting(ticket=f"u{n}", at=when, category=o.category, area=o.area) for n, (when, o) in enumerate(drawn)]
    place = chance.choice(sorted_)
    rows += [Sighting(ticket=f"o{n}", at=at, category=place.category, area=place.area) for n in range(9)]
    await Sighting.bulk_create(rows, batch_size=2_000)

    async def look() -> None:
        await WatchedCell.all().update(told_at=None)
        await jobs.look({}, at=at)

    async def score() -> None:
        await WatchedCell.all().update(scored_to=None, score_milli=0)
        await jobs.score({}, at=at)

    times = min(scale.requests, 40)
    about = f"{await HourCount.all().count():,} hourly counts, {await WatchedCell.all().count():,} cells"
    name = f"{many:,} tickets in 13 weeks, {where}"
    return [
        latency_figure(f"one look, {name}", await timed(look, times), LOOK_P95_S, about),
        latency_figure(f"one score, {name}", await timed(score, times), SCORE_P95_S, about),
    ]


# ---- where tickets come from


def _messages() -> list[Message]:
    with shared_data("hotline_labelled", "hotspot_messages_4326.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [*csv.DictReader(file)]
    leaves = _leaves()
    found = [_message(row, leaves) for row in rows if row["time"].startswith(("2019", "2020"))]
    return sorted(found, key=lambda one: one.at)


def _leaves() -> list[tuple[str, list[str]]]:
    with WORDS.open(encoding="utf-8", newline="") as file:
        return [(row["编码"], [row["三级分类"], *row["常用说法"].split()]) for row in csv.DictReader(file)]


def _message(row: dict[str, str], leaves: Sequence[tuple[str, list[str]]]) -> Message:
    """The category by its words (title thrice), the district by its name, the rest by its author's number."""
    title, content = row["title"].strip()[:100].ljust(4, "。"), row["detail"].strip()[:4_000].ljust(4, "。")
    at = datetime.strptime(row["time"].replace("-", "/"), "%Y/%m/%d %H:%M:%S").replace(tzinfo=CITY) + WEEKS_ON
    scored = [
        (sum(len(word) * (3 * (word in title) + (word in content)) for word in words if len(word) > 1), code)
        for code, words in leaves
    ]
    score, code = max(scored)
    who = int("".join(sign for sign in row["user"] if sign.isdecimal()) or 0)
    named = [n for n in range(1, DISTRICTS + 1) if f"A{n}" in title + content]
    district = named[0] if named else who % DISTRICTS + 1
    return Message(
        at, title, content, code if score else "", f"3699{district:02}{who % STREETS + 1:03}",
        f"{28 + district / 10 + who % 997 / 10_000:.4f}", f"{115 + who % 1_009 / 10_000:.4f}",
    )  # fmt: skip


def _drawn(
    messages: Sequence[Message], a_day: int, begun: datetime, until: datetime, chance: random.Random
) -> Iterator[tuple[datetime, Message]]:
    """Hour by hour as many as the real messages have in such an hour of the week, each one of all of them."""
    by_hour = Counter((one.at.weekday(), one.at.hour) for one in messages)
    hour = rules.hour_of(begun)
    while hour < until:
        local = hour.astimezone(CITY)
        rate = a_day * 7 * by_hour[local.weekday(), local.hour] / len(messages)
        at = hour + chance.expovariate(rate) * HOUR if rate else until
        while at < min(hour + HOUR, until):
            if at >= begun:
                yield at, chance.choice(messages)
            at += chance.expovariate(rate) * HOUR
        hour += HOUR


async def _history(
    messages: Sequence[Message], a_day: int, begun: datetime, until: datetime, chance: random.Random
) -> None:
    counts: dict[tuple[datetime, str, str], int] = defaultdict(int)
    cells = set[rules.Cell]()
    for at, one in _drawn(messages, a_day, begun, until, chance):
        counts[rules.hour_of(at).astimezone(UTC), one.category, one.area] += 1
    for category, area in {(category, area) for _, category, area in counts}:
        cells |= {*rules.cells_of(category, area, thresholds().cells)}
    await HourCount.bulk_create(
        [HourCount(hour=hour, category=c, area=a, many=many) for (hour, c, a), many in counts.items()], batch_size=5_000
    )
    await WatchedCell.bulk_create(
        [WatchedCell(category=cell.category, area=cell.area, seen_at=until) for cell in cells], batch_size=2_000
    )
