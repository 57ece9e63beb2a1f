"""Charts hold for whatever numbers come: nothing outside of its box, nothing that is no number, nothing lost."""

import re
from datetime import time
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.pages import environment
from kernel.ui import figures
from kernel.ui.figures import Figure, Line, Point, Session
from portal.app import create

create()  # dresses the templates
AMOUNTS = st.one_of(
    st.none(),
    st.integers(0, 10**18),
    st.decimals(0, 10**9, places=3, allow_nan=False, allow_infinity=False),
    st.fractions(0, 10**6),
)
LABELS = st.sampled_from(["江北区", "供水 / 停水抢修", "8", "<b>", ""])
POINTS = st.lists(st.builds(Point, LABELS, AMOUNTS, tone=st.sampled_from(figures.TONES)), max_size=40)
RATES = st.lists(st.builds(Point, LABELS, st.one_of(st.none(), st.decimals(-5, 200, places=2))), max_size=30)
DAYTIME = st.builds(time, st.integers(0, 23), st.integers(0, 59))
SESSIONS = st.lists(
    st.builds(Session, st.sampled_from(["开标一室", "竞价大厅"]), LABELS, DAYTIME, DAYTIME), max_size=12
)
NOTHING_WRONG = re.compile(r"nan|inf|None|\d\.\d{4,}|e\+", re.IGNORECASE)


def sound(figure: Figure) -> str:
    """Every mark inside the box, every coordinate a whole number; the drawing as it is printed."""
    for rect in figure.rects:
        assert rect.x >= 0 <= rect.y
        assert rect.w >= 0 <= rect.h
        assert rect.x + rect.w <= figure.width
        assert rect.y + rect.h <= figure.height
    for rule in figure.rules:
        assert {0 <= x <= figure.width for x in (rule.x1, rule.x2)} == {True}
        assert {0 <= y <= figure.height for y in (rule.y1, rule.y2)} == {True}
    for dot in figure.dots:
        assert 0 <= dot.x <= figure.width
        assert 0 <= dot.y <= figure.height
    for path in figure.paths:
        assert re.fullmatch(r"\d+,\d+( \d+,\d+)+", path.points), path.points
    module = environment.get_template("kernel/ui/chart.html").module
    drawn = str(module.drawing(figure, "x"))  # type: ignore[attr-defined]
    assert not NOTHING_WRONG.search(re.sub(r">[^<]*<", "><", drawn)), drawn
    assert "style=" not in drawn
    assert "<b>" not in drawn
    assert "<title" in drawn
    assert "<desc" in drawn
    return drawn


@given(POINTS)
def test_bars_stay_in_their_box_and_every_value_is_in_the_table(points: list[Point]) -> None:
    figure = figures.bars("标题", points, unit="件", compare=points[:3])
    sound(figure)
    assert [row[:2] for row in figure.rows] == [(point.label, point.words) for point in points]
    assert len(figure.rects) == sum(point.value is not None for point in points)


@given(POINTS)
def test_longer_bars_are_greater_values(points: list[Point]) -> None:
    for figure, size in (
        (figures.bars("标题", points, unit="件"), "h"),
        (figures.across("标题", points, unit="件"), "w"),
    ):
        sound(figure)
        drawn = [getattr(rect, size) for rect in figure.rects]
        values = [Fraction(point.value) for point in points if point.value is not None]
        ordered = [size for _, size in sorted(zip(values, drawn, strict=True))]
        assert ordered == sorted(drawn)
        assert all((size > 0) == (value > 0) for value, size in zip(values, drawn, strict=True))


@given(st.lists(RATES, max_size=5))
def test_lines_stay_on_their_scale(runs: list[list[Point]]) -> None:
    told = [Line(f"第 {n} 区", points, dashed=n == 1) for n, points in enumerate(runs)]
    sound(figures.lines("标题", told, low=Decimal(94), high=Decimal(100), unit="%"))
    for figure in figures.multiples("标题", told, low=Decimal(94), high=Decimal(100), unit="%"):
        sound(figure)
    for line in told:
        sound(figures.spark("标题", line.points, target=Decimal(95)))


@given(st.lists(POINTS, max_size=6))
def test_parts_add_up_to_their_whole(rows: list[list[Point]]) -> None:
    figure = figures.stacked("标题", [(f"行 {n}", points) for n, points in enumerate(rows)], unit="件")
    sound(figure)
    for rect, following in zip(figure.rects, figure.rects[1:], strict=False):
        assert following.y > rect.y or following.x >= rect.x + rect.w


@given(SESSIONS, st.one_of(st.none(), DAYTIME))
def test_a_day_of_the_halls_is_drawn_whatever_its_hours(sessions: list[Session], now: time | None) -> None:
    figure = figures.timetable("今天", sessions, opens=time(8), closes=time(18), now=now)
    sound(figure)
    assert len(figure.rows) == len(sessions)
    shown = any(rule.kind == "sunline" for rule in figure.rules)
    assert shown == (now is not None and time(8) <= now <= time(18))


def test_nothing_and_one_value_and_only_zeros_are_figures_too() -> None:
    for points in ([], [Point("一", 7)], [Point("一", 0)], [Point("一", None)], [Point("一", 10**18), Point("二", 1)]):
        sound(figures.bars("标题", points, unit="件"))
        sound(figures.across("标题", points, unit="件"))
        sound(figures.spark("标题", points))
        sound(figures.lines("标题", [Line("区", points)], low=0, high=10, unit="件"))
        sound(figures.stacked("标题", [("行", points)], unit="件"))


def test_what_is_less_than_zero_is_no_bar() -> None:
    for draw in (figures.bars, figures.across):
        with pytest.raises(ValueError, match="zero"):
            draw("标题", [Point("一", -1)], unit="件")


def test_numbers_are_said_as_they_were_given() -> None:
    figure = figures.bars("标题", [Point("一", Decimal("0.1") + Decimal("0.2")), Point("二", 1234567)], unit="件")
    assert [row[1] for row in figure.rows] == ["0.3", "1,234,567"]


def test_a_mark_that_is_a_link_can_be_met_with_a_finger_and_has_a_name() -> None:
    figure = figures.bars("标题", [Point("8 点", 3, url="/hotline/tickets?hour=8"), Point("9 点", 90)], unit="件")
    drawn = sound(figure)
    assert 'role="group"' in drawn
    assert '<a href="/hotline/tickets?hour=8" aria-label="8 点 3">' in drawn
    assert min(figure.rects[0].reach[2:]) >= 24


def test_a_value_that_is_missing_leaves_a_gap_and_is_no_zero() -> None:
    points = [Point("1", 5), Point("2", 6), Point("3", None), Point("4", 7), Point("5", 5)]
    figure = figures.lines("标题", [Line("区", points)], low=0, high=10, unit="")
    assert len(figure.paths) == 2
    assert figure.rows[2] == ("3", "无数据")
