"""How well search answers, held against judged queries (`tests/bench/judging`), in a hall of its own.

The gates are those that search was given. Where it misses one today, the gate is what was reached, less two hundredths,
and `docs/performance.md` names it as missed: whoever makes search better raises what stands in `REACHED`."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.bench.judging.judged import kappa
from tests.bench.judging.measures import interval, ndcg, reciprocal_rank, right_at_first
from tests.conftest import shared_data

ROOT = Path(__file__).parents[2]
WAIT_S = 1_800  # a demo city is built first
MAY_FALL = 0.02
GIVEN = {"ndcg": 0.85, "held out": 0.85, "service at first": 0.80, "identifiers": 1.0}
REACHED = {"ndcg": 0.869, "held out": 0.876, "service at first": 0.853, "identifiers": 1.0}
REACHED_CLASSES = {
    "service": 0.808, "synonym": 0.882, "identifier": 1.0, "hotline": 0.918, "policy": 0.900, "script": 0.758,
    "typo": 0.940,
}  # fmt: skip
REACHED_OF_THE_DEMO = 0.998


@pytest.fixture(scope="module")
def told() -> dict[str, dict[str, Any]]:
    """Asked in a process of its own: the hall's modules and settings are others than those of these tests."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("SUNHALL_")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.relevance"], cwd=ROOT, timeout=WAIT_S, check=False, capture_output=True,
        text=True, env=env | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "platform")])},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout))


@pytest.fixture
def demo(told: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return told["demo"]


@pytest.fixture
def whole(request: pytest.FixtureRequest) -> dict[str, Any]:
    shared_data("service_items", "gd_items_dev.jsonl")
    return dict(request.getfixturevalue("told")["whole"])


def test_nothing_of_a_ticket_is_shown_to_whoever_has_not_signed_in(demo: dict[str, Any]) -> None:
    assert demo["forbidden"] >= 20
    assert demo["leaks"] == []


def test_the_demo_citys_own_questions_are_answered_as_well_as_before(demo: dict[str, Any]) -> None:
    assert demo["classes"]["hotline"] >= REACHED_OF_THE_DEMO - MAY_FALL


def test_among_everybodys_documents_nothing_of_a_ticket_is_shown_either(whole: dict[str, Any]) -> None:
    assert whole["leaks"] == []


@pytest.mark.parametrize("what", GIVEN)
def test_the_judged_queries_are_answered_as_well_as_search_was_given_to_or_has_reached(
    what: str, whole: dict[str, Any]
) -> None:
    missed = REACHED[what] < GIVEN[what]
    assert whole[what] >= (REACHED[what] - MAY_FALL if missed else GIVEN[what])


@pytest.mark.parametrize("kind", REACHED_CLASSES)
def test_no_class_of_queries_falls(kind: str, whole: dict[str, Any]) -> None:
    assert whole["classes"][kind] > max(REACHED_CLASSES[kind] - MAY_FALL, 0)


def test_an_order_is_worth_the_more_the_earlier_the_better_ones_stand() -> None:
    grades = {"a": 3, "b": 1, "c": 0}
    assert ndcg(["a", "b", "c"], grades) == pytest.approx(1)
    assert ndcg(["b", "a"], grades) == pytest.approx((1 + 7 / 1.58496) / (7 + 1 / 1.58496), rel=1e-4)
    assert ndcg(["x", "c"], grades) == 0
    assert ndcg(["a"], {"a": 0}) is None


def test_a_rank_counts_down_to_the_tenth_place() -> None:
    assert reciprocal_rank(["x", "a"], {"a"}) == 0.5
    assert reciprocal_rank([*"0123456789", "a"], {"a"}) == 0
    assert right_at_first(["a"], {"a": 2}) == 1
    assert right_at_first([], {"a": 3}) == 0


def test_two_readings_agree_wholly_not_at_all_or_more_than_chance() -> None:
    assert kappa([(0, 0), (3, 3)]) == 1
    assert kappa([(0, 3), (3, 0)]) == -1
    assert 0 < kappa([(0, 0), (3, 3), (3, 2), (0, 1)]) < 1


def test_bounds_hold_the_mean_and_are_the_same_each_time() -> None:
    values = [0.0, 1.0] * 20
    low, high = interval(values)
    assert low < 0.5 < high
    assert interval(values) == (low, high)
