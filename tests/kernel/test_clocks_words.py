"""What people and programs are told about a clock, and the ruler that shows where a date comes from."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from kernel.clocks import arithmetic
from kernel.clocks.models import Clock
from kernel.clocks.ruler import ruler
from kernel.clocks.words import clock_json, remaining, span_words, total_of
from tests.kernel.test_calendar_days import CALENDAR, city

START = city("2026-03-02T10:00")  # a Monday
FIVE_DAYS = [[5, "wd"]]


def clock(
    budget: list[list[Any]], *, warn: str = "", pauses: tuple[tuple[str, str], ...] = (), stopped: str = ""
) -> Clock:
    ledger = [[_instant(begin), _instant(end)] for begin, end in pauses]
    made = Clock(
        subject="ticket:1", step="handle", span=1, budget=budget, policy="p", warn=warn, started_at=START,
        pauses=ledger, stops=[], floors=[], extended=[], calendar=0, due_at=START,
        stopped_at=city(stopped) if stopped else None,
    )  # fmt: skip
    arithmetic.derive(made, CALENDAR, START)
    return made


def _instant(text: str) -> str:
    return city(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@pytest.mark.parametrize(
    ("budget", "at", "state", "text", "left"),
    [
        (FIVE_DAYS, "2026-03-04T09:00", "ok", "还剩 3 个工作日", (3, "wd")),
        (FIVE_DAYS, "2026-03-06T18:00", "ok", "还剩 1 个工作日", (1, "wd")),  # Friday evening, due Monday
        (FIVE_DAYS, "2026-03-07T00:00", "soon", "还剩 1 个工作日", (1, "wd")),  # yellow since 24:00 of Friday
        (FIVE_DAYS, "2026-03-09T16:00", "soon", "还剩 8 小时", (0, "wd")),  # the last day counts its hours
        (FIVE_DAYS, "2026-03-10T00:00", "late", "超期 1 个工作日", (0, "wd")),  # the bound is exclusive
        (FIVE_DAYS, "2026-03-10T15:00", "late", "超期 1 个工作日", (0, "wd")),
        ([[3, "d"]], "2026-03-03T09:00", "ok", "还剩 2 日", (2, "d")),
        ([[30, "min"]], "2026-03-02T10:12", "ok", "还剩 18 分", (18, "min")),
        ([[24, "h"]], "2026-03-02T18:20", "ok", "还剩 15 小时 40 分", (940, "min")),
        ([[24, "h"]], "2026-03-06T12:00", "late", "超期 3 日 2 小时", (0, "min")),
    ],
)
def test_time_left_is_said_in_the_unit_of_the_limit(
    budget: list[list[Any]], at: str, state: str, text: str, left: tuple[int, str]
) -> None:
    warn = "-1 wd" if budget == FIVE_DAYS else ""
    told = remaining(clock(budget, warn=warn), CALENDAR, city(at))
    assert (told.state, told.text) == (state, text)
    assert (told.amount, told.unit) == left
    assert told.met is None


@pytest.mark.parametrize(
    ("stopped", "state", "text", "met"),
    [
        ("2026-03-02T10:06", "done", "按时，用时 6 分", True),
        ("2026-03-09T23:59", "done", "按时，用时 7 日 13 小时", True),
        ("2026-03-10T00:00", "late", "超期 1 个工作日", False),  # met iff stopped before the bound
        ("2026-03-12T09:00", "late", "超期 3 个工作日", False),
    ],
)
def test_a_stopped_clock_says_whether_it_was_met(stopped: str, state: str, text: str, met: bool) -> None:
    told = remaining(clock(FIVE_DAYS, stopped=stopped), CALENDAR, city("2026-04-01T10:00"))
    assert (told.state, told.text, told.met) == (state, text, met)


def test_a_replaced_span_gives_no_verdict() -> None:
    old = clock(FIVE_DAYS, stopped="2026-03-20T10:00")
    old.replaced = True
    told = remaining(old, CALENDAR, city("2026-04-01T10:00"))
    assert (told.state, told.met) == ("done", None)


def test_a_paused_clock_is_shown_as_if_it_ran_again_now_and_never_yellow() -> None:
    paused = clock(FIVE_DAYS, warn="-1 wd", pauses=(("2026-03-04T10:00", "2026-03-18T00:00"),))
    told = [remaining(paused, CALENDAR, city(f"2026-03-{day:02}T15:00")) for day in (4, 11, 17)]
    assert {one.state for one in told} == {"pause"}
    assert {one.text for one in told} == {"还剩 3 个工作日，暂停中，最迟 3 月 18 日恢复"}
    assert [one.due_on for one in told] == [date(2026, 3, 9), date(2026, 3, 16), date(2026, 3, 20)]
    after = remaining(paused, CALENDAR, city("2026-03-18T09:00"))
    assert (after.state, after.due_on, after.paused) == ("ok", date(2026, 3, 23), False)


def test_programs_read_the_clock_of_the_contract() -> None:
    told = clock_json(clock(FIVE_DAYS), CALENDAR, city("2026-03-04T09:00"))
    assert told == {
        "step": "handle", "due_at": "2026-03-10T00:00:00+08:00", "due_on": "2026-03-09", "provisional": False,
        "paused": False, "remaining": {"amount": 3, "unit": "wd"}, "met": None,
    }  # fmt: skip
    hours = clock_json(clock([[24, "h"]], stopped="2026-03-02T11:00"), CALENDAR, city("2026-03-04T09:00"))
    assert "due_on" not in hours
    assert (hours["remaining"], hours["met"]) == (None, True)


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(minutes=18), "18 分"),
        (timedelta(hours=2), "2 小时"),
        (timedelta(hours=15, minutes=40), "15 小时 40 分"),
        (timedelta(hours=72), "3 日"),
        (timedelta(days=3, hours=5), "3 日 5 小时"),
    ],
)
def test_a_span_is_said_in_its_two_largest_units(span: timedelta, text: str) -> None:
    assert span_words(span) == text


def test_a_chain_is_read_out_as_the_policy_says_it() -> None:
    assert total_of([[24, "h"], [5, "wd"]]) == "24 小时 + 5 个工作日"


def test_the_ruler_has_a_cell_a_day_that_says_how_it_counts() -> None:
    paused = clock(FIVE_DAYS, pauses=(("2026-03-04T10:00", "2026-03-06T09:00"),))
    drawn = ruler(paused, CALENDAR, city("2026-03-06T12:00"))
    kinds = {cell.text: cell.kind for cell in drawn.cells}
    assert kinds["2"] == ""  # the start day is day 0
    assert (kinds["3"], kinds["4"], kinds["5"], kinds["6"]) == ("c", "p", "p", "t")
    assert (kinds["7"], kinds["8"]) == ("r", "r")
    assert kinds["11"] == "e"
    assert [cell.flag for cell in drawn.cells if cell.flag] == ["登记", "今天", "到期"]
    assert [cell.month for cell in drawn.cells if cell.month] == ["3 月"]
    assert (drawn.charged, drawn.paused) == (2, 2)
    assert [line.reason for line in drawn.intervals] == ["诉求人补充"]


def test_the_days_that_the_ruler_charges_are_those_of_the_due_date() -> None:
    for pauses in ((), (("2026-03-04T10:00", "2026-03-06T09:00"),)):
        shown = clock([[20, "wd"]], pauses=pauses)
        last: datetime = shown.due_at - timedelta(seconds=1)
        assert ruler(shown, CALENDAR, last).charged == 20


def test_more_than_forty_five_days_are_shown_as_weeks() -> None:
    drawn = ruler(clock([[45, "wd"]]), CALENDAR, city("2026-03-12T12:00"))
    assert {cell.kind.split()[0] for cell in drawn.cells} == {"w"}
    assert len(drawn.cells) <= 12
    assert [cell.flag for cell in drawn.cells if cell.flag] == ["今天", "到期"]
