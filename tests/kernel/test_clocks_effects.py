"""What a move does to a thing's clocks: the same function plays it when it happens and when it is replayed."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kernel.clocks import arithmetic
from kernel.clocks.effects import play
from kernel.clocks.models import Clock
from tests.kernel.test_calendar_days import CALENDAR, city

LIMIT: dict[str, Any] = {
    "step": "handle",
    "budget": [[5, "wd"]],
    "policy": "p-1",
    "warn": "-1 wd",
    "fix_min": [1, "wd"],
}
HOURS = LIMIT | {"budget": [[24, "h"]], "warn": "50 %", "fix_min": [30, "min"]}
STEP = {"step": "handle"}
MONDAY = "2026-03-02T10:00"


def instant(text: str) -> str:
    return city(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def played(*story: tuple[str, dict[str, Any]]) -> list[Clock]:
    """Clocks after `story`: when in the city, and what the entry tells."""
    clocks: list[Clock] = []
    for when, told in story:
        play(told, "ticket:1", clocks, CALENDAR, city(when))
    return clocks


def last_day(clock: Clock) -> date:
    return arithmetic.last_day(clock.due_at)


def test_a_clock_starts_with_everything_that_its_date_depends_on() -> None:
    [clock] = played((MONDAY, {"start": [LIMIT]}))
    assert (clock.span, clock.budget, clock.policy, clock.calendar) == (1, [[5, "wd"]], "p-1", CALENDAR.revision)
    assert last_day(clock) == date(2026, 3, 9)
    assert clock.next_alarm_at == city("2026-03-07T00:00")


def test_a_stopped_clock_never_rings() -> None:
    [clock] = played((MONDAY, {"start": [LIMIT]}), ("2026-03-04T10:00", {"stop": [STEP]}))
    assert clock.stopped_at == city("2026-03-04T10:00")
    assert clock.next_alarm_at is None


def test_a_step_that_begins_again_is_a_new_span_with_its_whole_time() -> None:
    first, second = played(
        (MONDAY, {"start": [LIMIT]}), ("2026-03-04T10:00", {"stop": [STEP]}), ("2026-03-05T10:00", {"start": [LIMIT]})
    )
    assert (first.span, second.span) == (1, 2)
    assert last_day(second) == date(2026, 3, 12)


def test_one_move_may_end_a_round_and_begin_the_next() -> None:
    first, second = played((MONDAY, {"start": [LIMIT]}), ("2026-03-04T10:00", {"stop": [STEP], "start": [LIMIT]}))
    assert (first.running, second.running) == (False, True)


def test_a_paused_clock_rings_when_it_is_planned_to_run_again_and_not_before() -> None:
    pause = {"pause": [STEP | {"until": instant("2026-03-12T00:00")}]}
    [clock] = played((MONDAY, {"start": [LIMIT]}), ("2026-03-04T10:00", pause))
    assert clock.next_alarm_at == city("2026-03-12T00:00")
    assert last_day(clock) == date(2026, 3, 17)  # the 3rd was charged; the 12th, 13th, 16th, 17th are left


def test_an_answer_ends_the_pause_early() -> None:
    pause = {"pause": [STEP | {"until": instant("2026-03-12T00:00")}]}
    [clock] = played(
        (MONDAY, {"start": [LIMIT]}), ("2026-03-04T10:00", pause), ("2026-03-06T09:00", {"resume": [STEP]})
    )
    assert last_day(clock) == date(2026, 3, 11)  # two days, the 4th and the 5th
    assert arithmetic.paused_until(clock, city("2026-03-06T09:00")) is None


def test_a_pause_ends_with_its_clock() -> None:
    pause = {"pause": [STEP | {"until": instant("2026-03-12T00:00")}]}
    [clock] = played((MONDAY, {"start": [LIMIT]}), ("2026-03-04T10:00", pause), ("2026-03-05T10:00", {"stop": [STEP]}))
    assert arithmetic.intervals(clock.pauses) == [(city("2026-03-04T10:00"), city("2026-03-05T10:00"))]


def test_time_in_review_is_a_stop_and_after_a_return_the_floor_remains() -> None:
    story: list[tuple[str, dict[str, Any]]] = [
        (MONDAY, {"start": [HOURS]}),
        ("2026-03-03T09:50", {"stop": [STEP]}),
        ("2026-03-03T15:00", {"reopen": [STEP | {"floor": [30, "min"]}]}),
    ]
    [clock] = played(*story)
    assert clock.running
    assert clock.due_at == city("2026-03-03T15:30")  # ten minutes were left, the policy gives thirty
    [roomy] = played(story[0], ("2026-03-02T12:00", {"stop": [STEP]}), ("2026-03-02T13:00", story[2][1]))
    assert roomy.due_at == city("2026-03-03T11:00")  # the hour in review, and nothing more


def test_a_new_class_is_a_new_span_from_the_same_start_that_carries_the_pauses() -> None:
    pause = {"pause": [STEP | {"until": instant("2026-03-05T00:00")}]}
    short = LIMIT | {"budget": [[3, "wd"]], "policy": "p-2"}
    old, new = played(
        (MONDAY, {"start": [LIMIT]}), ("2026-03-03T10:00", pause), ("2026-03-06T10:00", {"renew": [short]})
    )
    assert old.replaced
    assert not old.running
    assert old.next_alarm_at is None
    assert (new.started_at, new.pauses, new.policy) == (old.started_at, old.pauses, "p-2")
    assert last_day(new) == date(2026, 3, 9)  # the 5th, the 6th, the 9th: the 3rd and 4th were paused


def test_what_was_granted_lengthens_and_survives_a_new_class() -> None:
    extend = {"extend": [STEP | {"amount": 3}]}
    short = LIMIT | {"budget": [[3, "wd"]]}
    [clock] = played((MONDAY, {"start": [LIMIT]}), ("2026-03-05T10:00", extend))
    assert last_day(clock) == date(2026, 3, 12)
    _, new = played(
        (MONDAY, {"start": [LIMIT]}), ("2026-03-05T10:00", extend), ("2026-03-06T10:00", {"renew": [short]})
    )
    assert last_day(new) == date(2026, 3, 10)


def test_a_start_on_a_make_up_saturday_counts_it_as_day_zero() -> None:
    [clock] = played(("2026-02-14T10:00", {"start": [LIMIT | {"budget": [[1, "wd"]]}]}))
    assert last_day(clock) == date(2026, 2, 24)


@given(
    st.lists(st.tuples(st.integers(60, 4_000), st.integers(0, 4_000)), max_size=3),
    st.integers(0, 3),
    st.integers(1, 20),
)
def test_renewing_at_any_moment_ends_where_the_new_limit_from_the_start_would(
    pauses: list[tuple[int, int]], renewed_after: int, days: int
) -> None:
    """When the class is corrected makes no difference to what remains: the clock forgets neither start nor pause."""
    limit = LIMIT | {"budget": [[days, "wd"]]}
    at = city(MONDAY)
    with_renewal: list[Clock] = []
    from_the_start: list[Clock] = []
    play({"start": [LIMIT]}, "ticket:1", with_renewal, CALENDAR, at)
    play({"start": [limit]}, "ticket:1", from_the_start, CALENDAR, at)
    for number, (gap, length) in enumerate([*pauses, (60, 0)]):
        if number == min(renewed_after, len(pauses)):
            play({"renew": [limit]}, "ticket:1", with_renewal, CALENDAR, at)
        at += timedelta(minutes=gap)
        until = at + timedelta(minutes=length)
        for clocks in (with_renewal, from_the_start):
            play({"pause": [STEP | {"until": _spelled(until)}]}, "ticket:1", clocks, CALENDAR, at)
        at = until
    assert with_renewal[-1].due_at == from_the_start[-1].due_at


def _spelled(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
