"""Working days and working hours, pure: prefix sums and bisection, so a due date costs microseconds.

A year without a notice is provisional: Monday to Friday less the holidays that 《全国年节及纪念日放假办法》 fixes by
solar date (1 January, 1 and 2 May, 1 to 3 October), without make-up days."""

from bisect import bisect_left
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate

from kernel.citytime import CITY, midnight

FIXED = {(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)}
FRAMES = ((time(9), time(12)), (time(13), time(17)))  # the office hours that a working hour (wh) counts in
FIRST_YEAR, LAST_YEAR = 2015, 2035
ONE, NONE = timedelta(days=1), timedelta()
OFFICE_DAY = sum((datetime.combine(date.min, b) - datetime.combine(date.min, a) for a, b in FRAMES), NONE)


class Calendar:
    """One revision of the table of days. `days`: date → (works, label); `announced`: years with a notice."""

    def __init__(self, revision: int, days: Mapping[date, tuple[bool, str]], announced: Collection[int]) -> None:
        self.revision, self.days, self.announced = revision, dict(days), frozenset(announced)
        self.first = date(FIRST_YEAR, 1, 1)
        count = (date(LAST_YEAR + 1, 1, 1) - self.first).days
        self._works = [self._by_rule(self.first + timedelta(days=n)) for n in range(count)]
        self._sums = [0, *accumulate(map(int, self._works))]  # [n]: working days before day n

    def is_working(self, day: date) -> bool:
        place = (day - self.first).days
        return self._works[place] if 0 <= place < len(self._works) else self._by_rule(day)

    def provisional(self, day: date) -> bool:
        """Whether the State Council hasn't yet said anything of that day's year."""
        return day.year not in self.announced and day.year > min(self.announced, default=0)

    def label(self, day: date) -> str:
        """国庆节, 补班, or nothing."""
        return self.days.get(day, (False, ""))[1]

    def nth_working_day(self, day: date, n: int) -> date:
        """The n-th working day after `day`, which itself is day 0."""
        wanted = self._before(day + ONE) + n
        place = bisect_left(self._sums, wanted) - 1 if n > 0 else (day - self.first).days
        assert place < len(self._works), f"beyond {LAST_YEAR}"
        return self.first + timedelta(days=place)

    def working_days_between(self, after: date, until: date) -> int:
        """How many working days w have after < w ≤ until."""
        return self._before(until + ONE) - self._before(after + ONE)

    def plus_hours(self, start: datetime, span: timedelta) -> datetime:
        """`span` of office time after `start`; what ends with a frame ends there, not when the next one opens."""
        at, left = start.astimezone(CITY), span
        while True:
            for opens, closes in self._frames(at.date()):
                begin = max(at, opens)
                room = closes - begin
                if room >= left > NONE or (room > NONE and left == NONE):
                    return (begin + left).astimezone(UTC)
                left -= max(room, NONE)
            at = datetime.combine(self._next_working(at.date()), time(), CITY)

    def minus_hours(self, end: datetime, span: timedelta) -> datetime:
        """The instant from which `span` of office time remains until `end`."""
        at, left = end.astimezone(CITY), span
        while True:
            for opens, closes in reversed(self._frames(at.date())):
                finish = min(at, closes)
                room = finish - opens
                if room >= left:
                    return (finish - left).astimezone(UTC)
                left -= max(room, NONE)
            at = midnight(at.date()) - timedelta(microseconds=1)

    def hours_between(self, start: datetime, end: datetime) -> timedelta:
        """Office time in [start, end)."""
        first, last = start.astimezone(CITY), end.astimezone(CITY)
        total = OFFICE_DAY * max(self.working_days_between(first.date(), last.date() - ONE), 0)
        for day in {first.date(), last.date()}:
            for opens, closes in self._frames(day):
                total += max(min(last, closes) - max(first, opens), NONE)
        return total

    def first_change(self, other: "Calendar") -> date | None:
        """The first day that the two don't treat alike; a year that only one knows begins to differ on 1 January."""
        pairs = zip(self._works, other._works, strict=True)
        days = [self.first + timedelta(days=n) for n, (one, two) in enumerate(pairs) if one is not two][:1]
        days += [date(year, 1, 1) for year in self.announced ^ other.announced]
        return min(days, default=None)

    def previous_working(self, day: date) -> date:
        day -= ONE
        while not self.is_working(day):
            day -= ONE
        return day

    def _frames(self, day: date) -> list[tuple[datetime, datetime]]:
        if not self.is_working(day):
            return []
        return [(datetime.combine(day, opens, CITY), datetime.combine(day, closes, CITY)) for opens, closes in FRAMES]

    def _next_working(self, day: date) -> date:
        day += ONE
        while not self.is_working(day):
            day += ONE
        return day

    def _before(self, day: date) -> int:
        place = min(max((day - self.first).days, 0), len(self._works))
        return self._sums[place]

    def _by_rule(self, day: date) -> bool:
        if day in self.days:
            return self.days[day][0]
        if day.year in self.announced:
            return day.weekday() < 5
        return day.weekday() < 5 and (day.month, day.day) not in FIXED
