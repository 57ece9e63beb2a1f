"""Every day of eleven years against two oracles that nobody here wrote, and the rule for years without a notice."""

import csv
import json
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from itertools import pairwise
from zoneinfo import ZoneInfo

import chinese_calendar  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.calendar import Calendar
from tests.conftest import shared_data

CITY = ZoneInfo("Asia/Shanghai")
YEARS = range(2016, 2027)
FIRST, LAST = date(2016, 1, 1), date(2026, 12, 31)


def shipped() -> Calendar:
    known = json.loads((files("kernel.calendar") / "holidays.json").read_text())
    days = {
        date.fromisoformat(day): (not off, label)
        for told in known.values()
        for day, (label, off) in told["days"].items()
    }
    return Calendar(11, days, [int(year) for year in known])


CALENDAR = shipped()
DAYS = st.dates(FIRST, LAST)
COUNTS = st.integers(1, 250)


def city(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CITY)


def test_every_shipped_day_agrees_with_the_table_of_two_sources() -> None:
    with shared_data("workdays", "workdays_2016_2026_oracle.csv").open() as file:
        rows = list(csv.DictReader(file))
    told = {date.fromisoformat(row["date"]): row["workday_holiday_cn"] == "1" for row in rows}
    assert len(told) == (LAST - FIRST).days + 1
    assert [day for day, works in told.items() if CALENDAR.is_working(day) is not works] == []


def test_every_shipped_day_agrees_with_chinesecalendar() -> None:
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    assert [day for day in days if CALENDAR.is_working(day) != chinese_calendar.is_workday(day)] == []


@pytest.mark.parametrize("year", YEARS)
def test_the_shipped_file_holds_what_the_notice_of_that_year_says(year: int) -> None:
    notice = json.loads(shared_data("workdays", f"holiday-cn_{year}.json").read_text())
    for day in notice["days"]:
        on = date.fromisoformat(day["date"])
        if on.year == year:
            assert CALENDAR.is_working(on) is not day["isOffDay"], on
            assert CALENDAR.label(on) == day["name"]


@pytest.mark.parametrize(("year", "days"), [(2024, 251), (2025, 248), (2026, 248)])
def test_a_year_has_as_many_working_days_as_its_notice_leaves(year: int, days: int) -> None:
    assert CALENDAR.working_days_between(date(year - 1, 12, 31), date(year, 12, 31)) == days


def test_a_make_up_saturday_is_worked_and_a_holiday_monday_is_not() -> None:
    assert CALENDAR.is_working(date(2026, 2, 14))
    assert not CALENDAR.is_working(date(2026, 2, 16))
    assert CALENDAR.label(date(2026, 2, 16)) == "春节"
    assert CALENDAR.label(date(2026, 3, 3)) == ""


def test_a_year_without_a_notice_is_monday_to_friday_less_fixed_holidays_and_provisional() -> None:
    off = [date(2027, 1, 1) + timedelta(days=n) for n in range(365)]
    off = [day for day in off if day.weekday() < 5 and not CALENDAR.is_working(day)]
    assert off == [date(2027, 1, 1), date(2027, 10, 1)]
    assert not any(CALENDAR.is_working(day) for day in (date(2027, 5, 1), date(2027, 5, 2), date(2027, 10, 2)))
    assert CALENDAR.provisional(date(2027, 1, 4))
    assert not CALENDAR.provisional(date(2026, 12, 31))


@given(DAYS, COUNTS)
def test_the_nth_working_day_is_worked_and_has_n_working_days_up_to_it(day: date, n: int) -> None:
    found = CALENDAR.nth_working_day(day, n)
    assert CALENDAR.is_working(found)
    assert CALENDAR.working_days_between(day, found) == n


@given(DAYS, DAYS)
def test_counting_days_between_is_the_same_as_looking_at_each(one: date, other: date) -> None:
    after, until = sorted((one, min(other, one + timedelta(days=400))))
    looked = sum(CALENDAR.is_working(after + timedelta(days=n)) for n in range(1, (until - after).days + 1))
    assert CALENDAR.working_days_between(after, until) == looked


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        ("2026-03-02T10:00", 60, "2026-03-02T11:00"),
        ("2026-03-02T11:30", 60, "2026-03-02T13:30"),  # noon isn't office time
        ("2026-03-02T08:00", 240, "2026-03-02T14:00"),  # before the office opens nothing runs
        ("2026-03-02T16:00", 60, "2026-03-02T17:00"),  # the end of a frame stays on its day
        ("2026-03-06T16:30", 60, "2026-03-09T09:30"),  # over a weekend
        ("2026-02-13T16:30", 60, "2026-02-14T09:30"),  # into a make-up Saturday
        ("2026-02-14T16:30", 60, "2026-02-24T09:30"),  # over the Spring Festival
        ("2026-03-07T10:00", 60, "2026-03-09T10:00"),  # a Saturday begins on Monday
    ],
)
def test_working_hours_run_in_office_frames_only(start: str, minutes: int, end: str) -> None:
    assert CALENDAR.plus_hours(city(start), timedelta(minutes=minutes)) == city(end)


@given(st.datetimes(datetime(2016, 1, 1), datetime(2026, 11, 1)), st.integers(1, 3000))  # noqa: DTZ001
def test_office_minutes_added_are_office_minutes_counted(start: datetime, minutes: int) -> None:
    begin, span = start.replace(tzinfo=UTC), timedelta(minutes=minutes)
    end = CALENDAR.plus_hours(begin, span)
    assert CALENDAR.hours_between(begin, end) == span
    assert CALENDAR.hours_between(CALENDAR.minus_hours(end, span), end) == span


@given(st.datetimes(datetime(2016, 1, 1), datetime(2026, 11, 1)), st.lists(st.integers(1, 900), min_size=2))  # noqa: DTZ001
def test_more_office_time_never_ends_earlier(start: datetime, amounts: list[int]) -> None:
    ends = [CALENDAR.plus_hours(start.replace(tzinfo=UTC), timedelta(minutes=minutes)) for minutes in sorted(amounts)]
    assert all(one <= other for one, other in pairwise(ends))
