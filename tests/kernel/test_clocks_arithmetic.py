"""Due dates by hand and by law: worked examples, then what must hold whatever the numbers are."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.clocks import arithmetic
from kernel.clocks.limits import parse_span
from kernel.clocks.models import Clock
from tests.kernel.test_calendar_days import CALENDAR, CITY, city

Pauses = list[tuple[datetime, datetime]]


def days(*pauses: tuple[str, str]) -> Pauses:
    """Half-open intervals of days, paused at ten in the morning and resumed at nine."""
    return [(city(f"{begin}T10:00"), city(f"{end}T09:00")) for begin, end in pauses]


def due_on(start: datetime, budget: list[tuple[int, str]], pauses: Sequence[tuple[datetime, datetime]] = ()) -> date:
    return arithmetic.last_day(arithmetic.due(start, budget, CALENDAR, pauses))


@pytest.mark.parametrize(
    ("start", "budget", "pauses", "due"),
    [
        ("2026-09-18", [(20, "wd")], [], "2026-10-22"),
        ("2026-09-18", [(20, "wd")], [("2026-09-24", "2026-10-12")], "2026-11-02"),
        ("2026-09-18", [(20, "wd")], [("2026-09-24", "2026-09-24")], "2026-10-22"),
        ("2026-09-18", [(20, "wd")], [("2026-09-26", "2026-10-08")], "2026-10-27"),
        ("2026-09-18", [(20, "wd"), (10, "wd")], [], "2026-11-05"),
        ("2026-02-06", [(20, "wd")], [], "2026-03-12"),
        ("2026-02-06", [(5, "wd")], [], "2026-02-13"),
        ("2026-02-13", [(1, "wd")], [], "2026-02-14"),
        ("2026-09-30", [(10, "wd")], [], "2026-10-20"),
        ("2026-04-30", [(45, "wd")], [("2026-05-11", "2026-05-25")], "2026-07-21"),
        ("2025-12-19", [(20, "wd")], [("2025-12-24", "2026-01-04"), ("2026-01-09", "2026-01-13")], "2026-01-29"),
        ("2026-12-10", [(20, "wd")], [], "2027-01-08"),
    ],
)
def test_the_twelve_worked_examples_end_on_their_day(
    start: str, budget: list[tuple[int, str]], pauses: list[tuple[str, str]], due: str
) -> None:
    assert due_on(city(f"{start}T15:20"), budget, days(*pauses)) == date.fromisoformat(due)


@pytest.mark.parametrize(
    ("start", "budget", "bound"),
    [
        ("2026-03-02T10:00", [(30, "min")], "2026-03-02T10:30"),
        ("2026-03-06T23:50", [(24, "h")], "2026-03-07T23:50"),  # natural time knows no weekend
        ("2026-03-02T16:00", [(4, "wh")], "2026-03-03T12:00"),
        ("2026-03-02T23:59", [(1, "wd")], "2026-03-04T00:00"),  # 24:00 of the last day is the exclusive bound
        ("2026-03-03T00:00", [(1, "wd")], "2026-03-05T00:00"),
        ("2026-03-06T09:00", [(3, "d")], "2026-03-10T00:00"),
        ("2026-03-05T20:00", [(24, "h"), (5, "wd"), (1, "wd"), (3, "wd")], "2026-03-20T00:00"),  # one after the other
    ],
)
def test_every_unit_ends_where_the_rules_say(start: str, budget: list[tuple[int, str]], bound: str) -> None:
    assert arithmetic.due(city(start), budget, CALENDAR) == city(bound)


def test_a_natural_limit_is_paused_to_the_second() -> None:
    pauses = [(city("2026-03-02T11:00:10"), city("2026-03-02T13:00:40"))]
    assert arithmetic.due(city("2026-03-02T10:00"), [(2, "h")], CALENDAR, pauses) == city("2026-03-02T14:00:30")


def test_working_hours_get_back_only_the_office_time_of_a_pause() -> None:
    pauses = [(city("2026-03-02T11:00"), city("2026-03-03T10:00"))]  # 1 + 4 + 1 office hours
    assert arithmetic.due(city("2026-03-02T10:00"), [(4, "wh")], CALENDAR, pauses) == city("2026-03-03T14:00")


def test_a_review_inside_a_pause_counts_once() -> None:
    pauses = [
        (city("2026-03-02T11:00"), city("2026-03-02T15:00")),
        (city("2026-03-02T12:00"), city("2026-03-02T13:00")),
    ]
    assert arithmetic.due(city("2026-03-02T10:00"), [(2, "h")], CALENDAR, pauses) == city("2026-03-02T16:00")


def test_after_a_return_at_least_the_floor_remains() -> None:
    start, returned = city("2026-03-02T10:00"), city("2026-03-05T17:00")
    review = [(city("2026-03-05T16:00"), returned)]
    floor = [(returned.isoformat(), 1, "wd")]
    assert arithmetic.last_day(arithmetic.due(start, [(3, "wd")], CALENDAR, review)) == date(2026, 3, 5)
    assert arithmetic.last_day(arithmetic.due(start, [(3, "wd")], CALENDAR, review, floor)) == date(2026, 3, 6)
    assert arithmetic.last_day(arithmetic.due(start, [(9, "wd")], CALENDAR, review, floor)) == date(2026, 3, 13)


def test_what_leans_on_an_unpublished_year_is_provisional() -> None:
    clock = a_clock(city("2026-12-10T10:00"), [[20, "wd"]])
    assert clock.provisional
    assert not a_clock(city("2026-12-10T10:00"), [[5, "wd"]]).provisional
    assert not a_clock(city("2026-12-31T20:00"), [[24, "h"]]).provisional


@pytest.mark.parametrize(
    ("start", "budget", "warn", "rings"),
    [
        ("2026-03-02T10:00", [[5, "wd"]], "-1 wd", "2026-03-07T00:00"),  # due Monday: 24:00 of Friday
        ("2026-03-02T09:00", [[8, "wh"]], "-2 wh", "2026-03-02T16:00"),
        ("2026-03-02T10:00", [[24, "h"]], "50 %", "2026-03-02T22:00"),
        ("2026-03-02T10:00", [[2, "h"]], "-30 min", "2026-03-02T11:30"),
    ],
)
def test_yellow_begins_where_the_policy_says(start: str, budget: list[list[int | str]], warn: str, rings: str) -> None:
    clock = a_clock(city(start), budget, warn=warn)
    assert arithmetic.warn_at(clock, CALENDAR) == city(rings)
    assert clock.next_alarm_at == city(rings)


def test_half_way_is_half_of_the_charged_time() -> None:
    pause = ["2026-03-02T03:00:00.000000Z", "2026-03-03T03:00:00.000000Z"]  # 11:00 to 11:00 the next day
    clock = a_clock(city("2026-03-02T10:00"), [[24, "h"]], warn="50 %", pauses=[pause])
    assert clock.due_at == city("2026-03-04T10:00")
    assert arithmetic.warn_at(clock, CALENDAR) == city("2026-03-03T22:00")


def a_clock(
    start: datetime, budget: list[list[int | str]], *, warn: str = "", pauses: list[list[str]] | None = None
) -> Clock:
    clock = Clock(
        subject="ticket:1", step="handle", span=1, budget=budget, policy="p", warn=warn, started_at=start,
        pauses=pauses or [], stops=[], floors=[], extended=[], calendar=0, due_at=start,
    )  # fmt: skip
    arithmetic.derive(clock, CALENDAR, start)
    return clock


STARTS = st.datetimes(datetime(2016, 1, 1), datetime(2026, 6, 1), timezones=st.just(UTC))  # noqa: DTZ001
UNITS = st.sampled_from(["min", "h", "wh", "wd", "d"])
AMOUNTS = st.integers(1, 60)


@st.composite
def spells(draw: st.DrawFn) -> tuple[datetime, Pauses]:
    """A start and pauses after it, in order and apart."""
    start = draw(STARTS)
    pauses, at = [], start
    for gap, length in draw(st.lists(st.tuples(st.integers(0, 9_000), st.integers(0, 9_000)), max_size=4)):
        begin = at + timedelta(minutes=gap)
        at = begin + timedelta(minutes=length)
        pauses.append((begin, at))
    return start, pauses


def due(start: datetime, amount: int, unit: str, pauses: Pauses) -> datetime:
    return arithmetic.due(start, [(amount, unit)], CALENDAR, pauses)


@given(spells(), st.lists(AMOUNTS, min_size=2, max_size=5), UNITS)
def test_a_larger_budget_never_ends_earlier(spell: tuple[datetime, Pauses], amounts: list[int], unit: str) -> None:
    ends = [due(spell[0], amount, unit, spell[1]) for amount in sorted(amounts)]
    assert all(one <= other for one, other in pairwise(ends))


@given(spells(), AMOUNTS, UNITS)
def test_another_pause_never_ends_earlier(spell: tuple[datetime, Pauses], amount: int, unit: str) -> None:
    start, pauses = spell
    ends = [due(start, amount, unit, pauses[:taken]) for taken in range(len(pauses) + 1)]
    assert all(one <= other for one, other in pairwise(ends))


@given(spells(), AMOUNTS, UNITS, st.integers(0, 9_000))
def test_a_longer_pause_never_ends_earlier(
    spell: tuple[datetime, Pauses], amount: int, unit: str, minutes: int
) -> None:
    start, pauses = spell
    longer = [*pauses[:-1], *((begin, end + timedelta(minutes=minutes)) for begin, end in pauses[-1:])]
    assert due(start, amount, unit, pauses) <= due(start, amount, unit, longer)


@given(spells(), AMOUNTS, UNITS)
def test_the_end_does_not_depend_on_the_order_of_the_ledger(
    spell: tuple[datetime, Pauses], amount: int, unit: str
) -> None:
    assert due(spell[0], amount, unit, spell[1]) == due(spell[0], amount, unit, [*reversed(spell[1])])


@given(spells(), AMOUNTS)
def test_days_are_charged_iff_they_come_after_the_start_and_lie_in_no_pause(
    spell: tuple[datetime, Pauses], amount: int
) -> None:
    """The definition itself, day by day: the slow oracle of the fast one."""
    start, pauses = spell
    spans = [(begin.astimezone(CITY).date(), end.astimezone(CITY).date()) for begin, end in pauses]
    day, charged = start.astimezone(CITY).date(), 0
    while charged < amount:
        day += timedelta(days=1)
        charged += CALENDAR.is_working(day) and not any(begin <= day < end for begin, end in spans)
    assert arithmetic.last_day(due(start, amount, "wd", pauses)) == day


@given(STARTS, AMOUNTS, st.integers(0, 30), st.integers(0, 23), st.integers(0, 23))
def test_a_pause_that_ends_on_its_day_is_neutral(start: datetime, amount: int, later: int, one: int, two: int) -> None:
    midnight = datetime.combine(start.astimezone(CITY).date() + timedelta(days=later + 1), datetime.min.time(), CITY)
    pause = (midnight + timedelta(hours=min(one, two)), midnight + timedelta(hours=max(one, two)))
    assert due(start, amount, "wd", [pause]) == due(start, amount, "wd", [])


@given(st.dates(date(2016, 1, 1), date(2026, 6, 1)), AMOUNTS)
def test_a_pause_on_rest_days_is_neutral(day: date, amount: int) -> None:
    start = datetime.combine(day, datetime.min.time(), CITY)
    rest = [day + timedelta(days=n) for n in range(1, 40) if not CALENDAR.is_working(day + timedelta(days=n))]
    pauses = [(start + (off - day), start + (off - day) + timedelta(days=1)) for off in rest]
    assert due(start, amount, "wd", pauses) == due(start, amount, "wd", [])
    assert due(start, amount, "wh", pauses) == due(start, amount, "wh", [])


@given(spells(), AMOUNTS, st.integers(1, 20))
def test_an_extension_lengthens_by_its_working_days(spell: tuple[datetime, Pauses], amount: int, extra: int) -> None:
    start, pauses = spell
    extended = arithmetic.due(start, [(amount, "wd"), (extra, "wd")], CALENDAR, pauses)
    assert extended > due(start, amount, "wd", pauses)
    assert extended == due(start, amount + extra, "wd", pauses)


@given(spells(), AMOUNTS, UNITS, st.integers(1, 5))
def test_a_floor_is_kept(spell: tuple[datetime, Pauses], amount: int, unit: str, least: int) -> None:
    start, pauses = spell
    returned = pauses[-1][1] if pauses else start
    floored = arithmetic.due(start, [(amount, unit)], CALENDAR, pauses, [(returned.isoformat(), least, "wd")])
    assert floored >= due(start, amount, unit, pauses)
    assert floored >= arithmetic.due(returned, [(least, "wd")], CALENDAR)


@given(spells(), AMOUNTS, UNITS)
def test_yellow_comes_before_red_and_not_before_the_start(
    spell: tuple[datetime, Pauses], amount: int, unit: str
) -> None:
    start, pauses = spell
    ledger = [[begin.isoformat(), end.isoformat()] for begin, end in pauses]
    clock = a_clock(start, [[amount, unit]], warn="50 %", pauses=ledger)
    warned = arithmetic.warn_at(clock, CALENDAR)
    assert warned is not None
    assert start <= warned <= clock.due_at


@pytest.mark.parametrize(("text", "span"), [("5 wd", (5, "wd")), ("-2 wh", (-2, "wh")), ("50 %", (50, "%"))])
def test_a_policy_writes_spans_as_number_and_unit(text: str, span: tuple[int, str]) -> None:
    assert parse_span(text) == span


@pytest.mark.parametrize("text", ["", "5", "wd 5", "5 weeks", "1.5 h"])
def test_anything_else_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="不是时限"):
        parse_span(text)
