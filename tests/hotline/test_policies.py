"""The default limits cell by cell as the regulations' table says, and the cities' presets."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.policies.presets import PRESETS, preset
from kernel.calendar.days import Calendar
from kernel.clocks import arithmetic
from kernel.clocks.limits import parse_span
from tests.factories import NOW

COLUMNS = ("critical", "urgent", "consult", "demand", "suggest")
TABLE = {
    "dispatch": ("1 h", "2 h", "4 h", "24 h", "24 h"),
    "sign": ("15 min", "30 min", "4 wh", "1 wd", "1 wd"),
    "objection": ("15 min", "1 h", "4 wh", "1 wd", "1 wd"),
    "adjudicate": ("30 min", "2 h", "4 wh", "1 wd", "1 wd"),
    "first_contact": ("30 min", "2 h", "1 wd", "1 wd", "3 wd"),
    "handle": ("2 h", "24 h", "1 wd", "5 wd", "5 wd"),
    "supervise": ("4 h", "1 wd", "3 wd", "3 wd", "3 wd"),
    "review": ("30 min", "2 h", "4 wh", "1 wd", "1 wd"),
    "visit": ("2 h", "24 h", "1 wd", "3 wd", "3 wd"),
    "redo": ("1 h", "12 h", "1 wd", "3 wd", None),
    "handover": ("2 min",) * 5,
    "follow_up": ("90 d",) * 5,
}


def test_every_cell_of_the_default_policy_is_the_tables() -> None:
    steps = preset("default-v1")["steps"]
    assert {step: tuple(steps[step].get(column) for column in COLUMNS) for step in steps} == TABLE


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_whole_and_can_be_read(name: str) -> None:
    told = preset(name)
    assert told["version"] == name
    assert set(told["steps"]) == set(TABLE)
    for step, row in told["steps"].items():
        assert set(row) >= ({*COLUMNS} if step != "redo" else {*COLUMNS} - {"suggest"})
        assert all(parse_span(cell)[0] > 0 for cell in row.values())
    for caps in told["caps"].values():
        assert set(caps) == {*COLUMNS}


@pytest.mark.parametrize(
    ("name", "demand", "consult", "longest"),
    [
        ("beijing", "7 d", "7 d", 6), ("shanghai-1-5-15", "5 wd", "1 wd", 10), ("shandong-5+10", "5 wd", "1 wd", 10),
        ("lvliang", "5 wd", "3 wd", 3), ("kaijiang-3-5-10", "10 wd", "3 wd", 3),
    ],
)  # fmt: skip
def test_the_presets_are_what_their_cities_say(name: str, demand: str, consult: str, longest: int) -> None:
    told = preset(name)
    assert (told["steps"]["handle"]["demand"], told["steps"]["handle"]["consult"]) == (demand, consult)
    assert told["caps"]["extension_days"]["demand"] == longest


@given(
    amount=st.integers(1, 30), more=st.integers(1, 10), unit=st.sampled_from(["min", "h", "wh", "wd", "d"]),
    start=st.integers(0, 60 * 24 * 90), paused=st.integers(0, 5),
)  # fmt: skip
def test_a_deadline_grows_with_its_budget_and_with_its_pauses(
    amount: int, more: int, unit: str, start: int, paused: int
) -> None:
    at, calendar = NOW + timedelta(minutes=start), Calendar(1, {}, [2026])
    pause = [(at + timedelta(minutes=1), at + timedelta(days=paused, minutes=1))]
    plain = arithmetic.due(at, [(amount, unit)], calendar)
    assert at < plain <= arithmetic.due(at, [(amount + more, unit)], calendar)
    assert plain <= arithmetic.due(at, [(amount, unit)], calendar, pause)
