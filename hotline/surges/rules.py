"""The arithmetic of surges, pure: what is unusual, and what explains what.

A cell is (category or its parent, area or the whole city). What somebody was told of explains itself for six hours: its
tickets count in no other cell, so one outage is one alert and not one for each street, district and parent."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import product
from statistics import median

from hotline.surges.thresholds import Burst, Cells, Count, Hold, Rise, Words
from kernel.calendar.days import Calendar
from kernel.citytime import CITY

QUARTER, HOUR, DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)
QUARTERS_A_WEEK = 7 * 24 * 4
SATURDAY, SUNDAY = 5, 6
COUNTED_AFTER = timedelta(days=2)  # a ticket joins the usual numbers after a day: of yesterday some are missing
WEEKS_BACK_MAX = 12  # for eight like days, when holidays lie between them
METRES_A_DEGREE = 111_195.0
UDEG = 1_000_000
COMMUNITY_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Cell:
    """单元; an empty area is the whole city."""

    category: str
    area: str

    def holds(self, sighting: "Sighting") -> bool:
        of_kind = bool(sighting.category) and sighting.category.startswith(self.category)
        return of_kind and sighting.area.startswith(self.area)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where it is: millionths of a degree, and the code of its community (twelve digits) or nothing."""

    lat_udeg: int | None
    lon_udeg: int | None
    community: str = ""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One ticket as it is counted: no text, no caller. `at`: when it came into its category (registered, or sorted
    later), so that live counts and the usual ones count the same thing."""

    no: str
    at: datetime
    category: str
    area: str
    lat_udeg: int | None = None
    lon_udeg: int | None = None

    @property
    def spot(self) -> Spot:
        return Spot(self.lat_udeg, self.lon_udeg, self.area if len(self.area) >= COMMUNITY_DIGITS else "")


@dataclass(frozen=True, slots=True)
class Found:
    """`tail`: how likely so many or more would be on an ordinary day."""

    cell: Cell
    tickets: tuple[Sighting, ...]
    expected: float
    tail: float


# ---- what is usual


def like_days(day: date, calendar: Calendar, weeks: int) -> list[date]:
    """The newest days before `day` that are lived like it (同一星期几): a day off in the week like Sundays, a make-up
    Saturday like Fridays, a make-up Sunday like Mondays; days of the other sort are passed over."""
    works, weekday = calendar.is_working(day), day.weekday()
    if works and weekday >= SATURDAY:
        weekday = 4 if weekday == SATURDAY else 0
    elif not works and weekday < SATURDAY:
        weekday = SUNDAY
    back = (day.weekday() - weekday) % 7 or 7
    days = [day - timedelta(days=back + 7 * n) for n in range(WEEKS_BACK_MAX)]
    whole = [one for one in days if day - one >= COUNTED_AFTER]
    return [one for one in whole if calendar.is_working(one) is works][:weeks]


def like_hours(hour: datetime, calendar: Calendar, weeks: int, since: datetime) -> list[datetime]:
    """The same hour on like days, as far as anything was counted then."""
    local = hour.astimezone(CITY)
    days = like_days(local.date(), calendar, weeks)
    hours = [local.replace(year=one.year, month=one.month, day=one.day) for one in days]
    return [one for one in hours if one >= since]


def hour_of(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def quarter_of(at: datetime) -> datetime:
    """The last full quarter of an hour."""
    return at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)


def shares_of_hours(until: datetime, span: timedelta) -> dict[datetime, float]:
    """hour → how much of it lies in the `span` before `until`: a window across the full hour has two usual numbers."""
    shares: dict[datetime, float] = {}
    begin = until - span
    while begin < until:
        hour = hour_of(begin)
        end = min(hour + HOUR, until)
        shares[hour] = (end - begin) / HOUR
        begin = end
    return shares


def usual(
    hours: Mapping[datetime, Sequence[int]], shares: Mapping[datetime, float], minutes: float, least: float
) -> float:
    """What is to be expected in a window: of each hour in it the median, by its share. `least` is for 15 minutes."""
    expected = sum(median(hours[hour]) * share for hour, share in shares.items() if hours[hour])
    return max(expected, least * minutes / 15)


# ---- too many at once


def cells_of(category: str, area: str, levels: Cells) -> list[Cell]:
    """Every cell that a ticket counts in; what isn't sorted yet counts in none (bursts and words see it)."""
    if not category:
        return []
    kinds = {category[:digits] for digits in levels.category_digits}
    return [Cell(*one) for one in product(sorted(kinds), sorted({area[:digits] for digits in levels.area_digits}))]


def tail(count: int, expected: float) -> float:
    """P(X ≥ count) of a Poisson variable; summed from above, so that what is tiny stays exact."""
    if count <= 0:
        return 1.0
    term = math.exp(count * math.log(expected) - expected - math.lgamma(count + 1))
    total, n = 0.0, count
    while term > total * 1e-12 or n <= expected:
        total += term
        n += 1
        term *= expected / n
    return min(total, 1.0)


def surging(
    window: Sequence[Sighting],
    told: Collection[Cell],
    expected: Callable[[Cell], float],
    cells: int,
    levels: Cells,
    limits: Count,
) -> list[Found]:
    """The least likely cell first; its tickets explain themselves and count no more, then the next.

    Args:
        window: sightings of the last `limits.window_min` minutes.
        told: cells that somebody was told of and that are held.
        expected: what is usual for a cell in such a window; asked only of cells with enough tickets.
        cells: how many cells are watched (Bonferroni)."""
    left = [one for one in window if not any(cell.holds(one) for cell in told)]
    limit, found = limits.tail_max / max(cells, 1), list[Found]()
    while len(left) >= limits.count_min:
        counts = Counter(cell for one in left for cell in cells_of(one.category, one.area, levels))
        judged = [
            (tail(many, usual_), cell, usual_)
            for cell, many in counts.items()
            if many >= limits.count_min
            for usual_ in (expected(cell),)
        ]
        chance, cell, usual_ = min(
            judged, key=lambda one: (one[0], *_narrowest(one[1])), default=(1.0, Cell("", ""), 0)
        )
        if chance >= limit:
            break
        mine = tuple(one for one in left if cell.holds(one))
        found.append(Found(cell, mine, usual_, chance))
        left = [one for one in left if not cell.holds(one)]
    return found


def _narrowest(cell: Cell) -> tuple[int, int, str, str]:
    return -len(cell.category), -len(cell.area), cell.category, cell.area


def held(told_at: datetime, calm: bool, at: datetime, hold: Hold) -> bool:
    """Hysteresis (迟滞): quiet for six hours; then until it has once been calm; at most a day."""
    since = at - told_at
    return since < timedelta(hours=hold.again_h) or (not calm and since < timedelta(hours=hold.forget_h))


def is_calm(count: int, expected: float, hold: Hold) -> bool:
    return tail(count, expected) > hold.calm_tail


# ---- slowly rising


def next_score(score: float, count: int, expected: float, rise: Rise) -> float:
    """CUSUM of the log-likelihood ratio of `ratio` times the usual against the usual, never below zero."""
    return max(0.0, score + count * math.log(rise.ratio) - expected * (rise.ratio - 1))


def score_limit(cells: int, rise: Rise) -> float:
    """A CUSUM of likelihood ratios runs on average at least e^limit quarters before it errs; so many cells run."""
    return math.log(max(cells, 1) * QUARTERS_A_WEEK / rise.false_per_week)


def apart(risen: Iterable[tuple[Cell, float]]) -> list[Cell]:
    """Of cells that lie in each other only the one that has risen most."""
    found = list[Cell]()
    for cell, _ in sorted(risen, key=lambda one: (-one[1], *_narrowest(one[0]))):
        if not any(related(cell, other) for other in found):
            found.append(cell)
    return found


def related(one: Cell, other: Cell) -> bool:
    """Whether one lies in the other, or both in part."""
    pairs = ((one.category, other.category), (one.area, other.area))
    return all(a.startswith(b) or b.startswith(a) for a, b in pairs)


# ---- the same matter, many times, at one place


def crowded(window: Sequence[Sighting], told: Sequence[Spot], burst: Burst) -> list[Sighting]:
    """Those with enough others near them, far from what somebody was told of: only their texts need be read."""
    left = [one for one in window if not any(near(one.spot, spot, burst.within_m) for spot in told)]
    around = neighbours(left, burst.within_m)
    return [one for one in left if len(around[one.no]) >= burst.count_min]


def bursts(
    window: Sequence[Sighting], likeness: Callable[[str, str], float], burst: Burst
) -> list[tuple[Sighting, ...]]:
    """Groups of like tickets near one of them, the largest first; `likeness` compares two by their numbers."""
    around = neighbours(window, burst.within_m)
    alike = {
        one.no: {other.no for other in around[one.no] if other is one or likeness(one.no, other.no) >= burst.cosine_min}
        for one in window
    }
    by_no, found, gone = {one.no: one for one in window}, list[tuple[Sighting, ...]](), set[str]()
    while True:
        largest = max(
            (alike[no] - gone for no in by_no.keys() - gone), key=lambda nos: (len(nos), max(nos)), default=set()
        )
        if len(largest) < burst.count_min:
            return found
        found.append(tuple(sorted((by_no[no] for no in largest), key=lambda one: one.at)))
        gone |= largest


def neighbours(window: Sequence[Sighting], metres: float) -> dict[str, list[Sighting]]:
    """number → those near it, itself among them. By a grid as wide as that distance: nobody is compared with the whole
    city."""
    placed = [one for one in window if one.lat_udeg is not None and one.lon_udeg is not None]
    high = max((abs(one.lat_udeg or 0) for one in placed), default=0)
    step = metres / METRES_A_DEGREE * UDEG
    wide = step / max(math.cos(math.radians(high / UDEG)), 0.01)
    grid: dict[object, list[Sighting]] = defaultdict(list)
    for one in window:
        grid[_square(one, step, wide)].append(one)
        if one.lat_udeg is not None and one.spot.community:
            grid[one.spot.community].append(one)
    return {
        one.no: [
            other
            for square in _squares_around(one, step, wide)
            for other in grid.get(square, ())
            if other is one or near(one.spot, other.spot, metres)
        ]
        for one in window
    }


def _square(one: Sighting, step: float, wide: float) -> object:
    if one.lat_udeg is None or one.lon_udeg is None:
        return one.spot.community or one.no
    return int(one.lat_udeg // step), int(one.lon_udeg // wide)


def _squares_around(one: Sighting, step: float, wide: float) -> list[object]:
    square = _square(one, step, wide)
    if not isinstance(square, tuple):
        return [square]
    return [(square[0] + north, square[1] + east) for north, east in product((-1, 0, 1), repeat=2)]


def near(one: Spot, other: Spot, metres: float) -> bool:
    """Within that distance; without coordinates, in one community."""
    if one.lat_udeg is None or other.lat_udeg is None or one.lon_udeg is None or other.lon_udeg is None:
        return bool(one.community) and one.community == other.community
    north = (one.lat_udeg - other.lat_udeg) / UDEG * METRES_A_DEGREE
    wide = math.cos(math.radians(one.lat_udeg / UDEG))
    east = (one.lon_udeg - other.lon_udeg) / UDEG * METRES_A_DEGREE * wide
    return math.hypot(north, east) <= metres


# ---- what must not wait


def alarming(text: str, groups: Iterable[Words]) -> Iterator[tuple[Words, tuple[str, ...]]]:
    """Each group of the list of which a word is said, with these words."""
    for group in groups:
        left = text
        for other in group.unless:
            left = left.replace(other, "\n")
        if said := tuple(word for word in group.words if word in left):
            yield group, said
