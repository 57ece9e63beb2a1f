"""One look at what came in: too many at once, slowly more, the same matter in one place, a word that must not wait.

What a look costs depends on the last hour's tickets and on the cells, never on how many tickets there are."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from hotline.suggestions.likeness import cosine, pieces
from hotline.surges import actions, queries, rules
from hotline.surges.forms import SAMPLES_MAX, Begin, Reason
from hotline.surges.models import Sighting as Row
from hotline.surges.models import Surge, WatchedCell
from hotline.surges.rules import Cell, Found, Sighting, Spot
from hotline.surges.thresholds import thresholds
from hotline.tickets import queries as tickets
from kernel.calendar import current
from kernel.database import transaction

HEEDED_MAX, CROWD_MAX = 100, 300
DISTRICT_DIGITS = 6
RISEN_WITHIN = timedelta(hours=6)
MINUTE = timedelta(minutes=1)


async def look(at: datetime) -> list[Surge]:
    """Every minute: cells with too many in the last quarter of an hour, then like tickets in one place."""
    limits = thresholds()
    window, hour = (timedelta(minutes=one) for one in (limits.count.window_min, limits.burst.within_min))
    rows = await queries.seen_between(at - max(window, hour), at)
    told = await queries.held_since(at - timedelta(hours=limits.hold.forget_h))
    recent = [_sighting(row) for row in rows if row.at > at - window]
    found, cells = await _surging(recent, told, at)
    begun = [await _tell_count(one, at) for one in found]
    cells |= {one.cell for one in found}
    plain = [_sighting(row) for row in rows if row.at > at - hour and not row.secret]
    unexplained = [one for one in plain if not any(cell.holds(one) for cell in cells)]
    return begun + [await _tell_burst(group, at) for group in await _bursts(unexplained, at)]


async def heed(at: datetime) -> list[Surge]:
    """Every ten seconds: tickets that say a word of the list. Once for a district and six hours, but where a person is
    in danger each ticket by itself."""
    begun, since = list[Surge](), at - timedelta(hours=thresholds().hold.again_h)
    rows = await queries.alarming(HEEDED_MAX)
    late = [row.ticket for row in rows if row.at < since]
    await actions.told_of(late)  # what lay in a queue for hours is no news
    for row in rows:
        if row.ticket in late:
            continue
        [ticket] = await tickets.numbered([row.ticket])
        text = f"{ticket.title}\n{await tickets.content(ticket)}"
        wanted = list[Begin]()
        for group, said in rules.alarming(text, thresholds().words):
            area = row.area[:DISTRICT_DIGITS]
            if group.each or not await queries.words_told(group.name, area, secret=row.secret, since=since):
                wanted.append(
                    Begin(
                        reason=Reason.WORDS, category=row.category, area=area, word_group=group.name,
                        words="、".join(said), many=1, window_min=1, secret=row.secret, tickets=(row.ticket,),
                    )
                )  # fmt: skip
        numbers = [await actions.draw_number(at) for _ in wanted]
        async with transaction():
            begun += [await actions.begin(facts, no=no, at=at) for facts, no in zip(wanted, numbers, strict=True)]
            await actions.told_of([row.ticket])
    return begun


async def score(at: datetime) -> list[Surge]:
    """Every quarter of an hour: each cell's CUSUM over the quarter that is over. A quarter that nobody looked at in
    time is left out."""
    limits, until = thresholds(), rules.quarter_of(at)
    told = _held(await queries.held_since(until - timedelta(hours=limits.hold.forget_h)), until)
    rows = await queries.seen_between(until - rules.QUARTER, until)
    quarter = [one for one in map(_sighting, rows) if not any(cell.holds(one) for cell in told)]
    counts = Counter(cell for one in quarter for cell in rules.cells_of(one.category, one.area, limits.cells))
    known = await queries.cells_to_score(counts)
    usual = await _usual({rules.hour_of(until - rules.QUARTER): 0.25}, rules.QUARTER)
    scored = list[tuple[WatchedCell, float]]()
    for cell in counts.keys() | known.keys():
        row = known.get(cell) or WatchedCell(category=cell.category, area=cell.area, seen_at=until)
        if row.scored_to is not None and row.scored_to >= until:
            continue
        if counts[cell]:
            row.seen_at = until
        before = row.score_milli / 1_000
        scored.append((row, rules.next_score(before, counts[cell], usual(cell), limits.rise) if usual else 0.0))
    await actions.keep_scores(scored, until)
    limit = rules.score_limit(await queries.watched(), limits.rise)
    risen = [(Cell(row.category, row.area), score) for row, score in scored if score >= limit]
    return [await _tell_rise(cell, at) for cell in rules.apart(risen)]


# ---- what is usual


class _Usual:
    """cell → what is to be expected in the window."""

    def __init__(self, hours: Mapping[datetime, list[Mapping[Cell, int]]], shares: Mapping[datetime, float]) -> None:
        self.hours, self.shares = hours, shares
        self.minutes = sum(shares.values()) * 60

    def __call__(self, cell: Cell) -> float:
        counts = {hour: [one.get(cell, 0) for one in like] for hour, like in self.hours.items()}
        return rules.usual(counts, self.shares, self.minutes, thresholds().count.expected_min)


async def _usual(shares: Mapping[datetime, float], span: timedelta, cells: Collection[Cell] = ()) -> _Usual | None:
    """None while the hall is too young to know what is usual."""
    limits, since = thresholds(), await queries.first_hour()
    if since is None:
        return None
    calendar = await current()
    like = {hour: rules.like_hours(hour, calendar, limits.count.weeks, since) for hour in shares}
    if min(map(len, like.values())) < limits.count.weeks_min:
        return None
    counted = await queries.counted_in({one for hours in like.values() for one in hours}, limits.cells, cells)
    return _Usual({hour: [counted.get(one, {}) for one in hours] for hour, hours in like.items()}, shares)


async def _surging(
    window: Sequence[Sighting], rows: Sequence[WatchedCell], at: datetime
) -> tuple[list[Found], set[Cell]]:
    """What is to be told, and the cells that are held."""
    limits = thresholds()
    counts = Counter(cell for one in window for cell in rules.cells_of(one.category, one.area, limits.cells))
    crowded = {cell for cell, many in counts.items() if many >= limits.count.count_min}
    restless = {Cell(row.category, row.area): row for row in rows if not row.calm}
    held = _held(rows, at)
    if not crowded and not restless:
        return [], held
    span = timedelta(minutes=limits.count.window_min)
    usual = await _usual(rules.shares_of_hours(at, span), span, crowded | restless.keys())
    if usual is None:
        return [], held
    await actions.calm([row for cell, row in restless.items() if rules.is_calm(counts[cell], usual(cell), limits.hold)])
    return rules.surging(window, held, usual, await queries.watched(), limits.cells, limits.count), held


def _held(rows: Sequence[WatchedCell], at: datetime) -> set[Cell]:
    """Of what somebody was told of lately."""
    hold = thresholds().hold
    return {Cell(row.category, row.area) for row in rows if row.told_at and rules.held(row.told_at, row.calm, at, hold)}


async def _bursts(window: Sequence[Sighting], at: datetime) -> list[tuple[Sighting, ...]]:
    burst = thresholds().burst
    if len(window) < burst.count_min:
        return []
    told = await queries.bursts_told(at - timedelta(hours=thresholds().hold.again_h))
    crowd = rules.crowded(window, told, burst)[-CROWD_MAX:]
    found = await tickets.numbered([one.no for one in crowd]) if crowd else []
    contents = await tickets.contents(found)
    said = {one.no: pieces(f"{one.title}\n{contents.get(one.ref, '')}") for one in found}
    crowd = [one for one in crowd if one.no in said]
    return rules.bursts(crowd, lambda one, other: cosine(said[one], said[other]), burst)


# ---- telling


async def _tell_count(found: Found, at: datetime) -> Surge:
    facts = Begin(
        reason=Reason.COUNT, category=found.cell.category, area=found.cell.area, many=len(found.tickets),
        window_min=thresholds().count.window_min, expected_milli=round(found.expected * 1_000),
        tail=f"{found.tail:.1e}", tickets=_sample(found.tickets),
    )  # fmt: skip
    return await _tell(facts, at, found.cell)


async def _tell_rise(cell: Cell, at: datetime) -> Surge:
    """Its sample is of the last six hours, so is what it counts."""
    rows = await queries.seen_between(at - RISEN_WITHIN, at)
    mine = [one for one in map(_sighting, rows) if cell.holds(one)]
    usual = await _usual(rules.shares_of_hours(at, RISEN_WITHIN), RISEN_WITHIN, {cell})
    facts = Begin(
        reason=Reason.RISE, category=cell.category, area=cell.area, many=len(mine),
        window_min=RISEN_WITHIN // MINUTE, expected_milli=round((usual(cell) if usual else 0) * 1_000),
        tickets=_sample(mine),
    )  # fmt: skip
    return await _tell(facts, at, cell)


async def _tell_burst(group: Sequence[Sighting], at: datetime) -> Surge:
    kinds = Counter(one.category for one in group)
    spot = next((one.spot for one in group if one.lat_udeg is not None), Spot(None, None))
    facts = Begin(
        reason=Reason.BURST, category=kinds.most_common(1)[0][0], area=group[-1].area, many=len(group),
        window_min=thresholds().burst.within_min, lat_udeg=spot.lat_udeg, lon_udeg=spot.lon_udeg,
        tickets=_sample(group),
    )  # fmt: skip
    return await _tell(facts, at)


async def _tell(facts: Begin, at: datetime, *cells: Cell) -> Surge:
    no = await actions.draw_number(at)
    async with transaction():
        await actions.hold(cells, at)
        return await actions.begin(facts, no=no, at=at)


def _sample(found: Sequence[Sighting]) -> tuple[str, ...]:
    """The newest."""
    return tuple(one.no for one in sorted(found, key=lambda one: one.at, reverse=True)[:SAMPLES_MAX])


def _sighting(row: Row) -> Sighting:
    return Sighting(row.ticket, row.at, row.category, row.area, row.lat_udeg, row.lon_udeg)
