"""What is published of a month: nobody recognisable in it, and a stranger computes the same from the file."""

import csv
import re
import subprocess
import sys
from datetime import timedelta
from html import unescape
from io import StringIO
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tortoise.exceptions import IntegrityError

from hotline.sla import actions, recompute, rules
from hotline.sla.models import Published
from hotline.sla.rules import K_MIN, Cell, shown
from hotline.tickets import actions as tickets
from hotline.tickets import forms
from kernel.lifecycle import Nothing
from tests import factories as f
from tests.conftest import Client

LATER = f.NOW + timedelta(days=60)
FIGURES = ("extended", "on_time", "at_once", "satisfied")


class Matter(NamedTuple):
    """Of which unit and category; the bases that it is left out of; whether it is a hit; several rows of one matter."""

    name: tuple[str, str]
    left_out: frozenset[str]
    hit: bool
    rows: int


MATTERS = st.lists(
    st.builds(
        Matter, st.tuples(st.sampled_from(("甲", "乙", "")), st.sampled_from("水电")),
        st.frozensets(st.sampled_from(FIGURES), max_size=2), st.booleans(), st.integers(1, 2),
    ),
    max_size=160,
)  # fmt: skip
Shown = dict[str, tuple[dict[tuple[str, str], tuple[int, int]], tuple[int, int]]]


def counted(matters: list[Matter]) -> dict[str, dict[tuple[str, str], Cell]]:
    found: dict[str, dict[tuple[str, str], Cell]] = {figure: {} for figure in FIGURES}
    for number, one in enumerate(matters):
        for figure in {*FIGURES} - one.left_out:
            cell = found[figure].setdefault(one.name, Cell())
            cell.of, cell.hit = cell.of + one.rows, cell.hit + one.rows * one.hit
            cell.matters.add(number)
    return found


def bases(published: Shown) -> dict[tuple[str, str, str], int]:
    """Every base that the page and the file say: of each figure by cell, unit, category and of the city."""
    rows = [
        {"code": figure, "row": "cell" if name[0] else "rest", "agency": name[0], "category": name[1],
         "numerator": f"{n}", "denominator": f"{d}"}
        for figure, (kept, rest) in published.items()
        for name, (n, d) in {**kept, ("", ""): rest}.items()
        if d
    ]  # fmt: skip
    told = {key: of for key, (_, of) in recompute.sums(rows).items()}
    return told | {(row["code"], row["agency"], row["category"]): int(row["denominator"]) for row in rows}


@given(MATTERS, st.data())
def test_nothing_that_is_added_or_subtracted_from_what_is_published_is_smaller_than_k(
    matters: list[Matter], data: st.DataObject
) -> None:
    told = bases({figure: shown(cells) for figure, cells in counted(matters).items()})
    for one, other in combinations(told.values(), 2):
        assert one == other or abs(one - other) >= K_MIN
    times = data.draw(st.lists(st.integers(-3, 3), min_size=len(told), max_size=len(told)))
    derived = abs(sum(n * of for n, of in zip(times, told.values(), strict=True)))
    assert derived == 0 or derived >= K_MIN


@given(MATTERS)
def test_a_cell_of_few_matters_is_not_shown_and_shares_and_the_city_stay_as_they_are(matters: list[Matter]) -> None:
    for cells in counted(matters).values():
        kept, rest = shown(cells)
        assert {*kept} == {name for name, one in cells.items() if name[0] and len(one.matters) >= K_MIN}
        for name, (n, d) in kept.items():
            assert 0 <= n <= d <= cells[name].of
            assert abs(n * cells[name].of - cells[name].hit * d) <= cells[name].of / 2
        assert 0 <= rest[0] <= rest[1]
        few = {number for name, one in cells.items() if name not in kept for number in one.matters}
        city = sum(d for _, d in kept.values()) + rest[1]
        if not few or len(few) >= K_MIN:
            assert city == sum(one.of for one in cells.values()) // K_MIN * K_MIN


def many(hit: int, of: int, first: int = 0) -> Cell:
    return Cell(hit, of, {*range(first, first + of)})


def test_one_exclusion_is_not_seen_between_two_figures_of_a_unit() -> None:
    extended, on_time = shown({("甲", "水"): many(3, 11)}), shown({("甲", "水"): many(9, 10)})
    assert (extended, on_time) == (({("甲", "水"): (3, 10)}, (0, 0)), ({("甲", "水"): (9, 10)}, (0, 0)))


def test_what_is_cut_off_and_what_is_too_little_stand_together_in_the_rest() -> None:
    kept, rest = shown({("甲", "水"): many(20, 35), ("甲", "电"): many(9, 12, 40), ("乙", "水"): many(1, 3, 60)})
    assert kept == {("甲", "水"): (17, 30), ("甲", "电"): (8, 10)}
    assert rest == (5, 10)


def test_ten_rows_of_one_matter_are_one_matter() -> None:
    assert shown({("甲", "水"): Cell(10, 10, {1})}) == ({}, (0, 0))


@pytest.mark.usefixtures("database")
async def test_a_ticket_that_two_agencies_work_on_is_counted_once_for_who_leads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rules, "K_MIN", 1)
    both = forms.Dispatch(lead="SW", assist=("ZJ",), basis="职责清单第3条")
    ticket = await f.a_ticket()
    await tickets.dispatch(ticket, both, **f.way(ticket, f.DISPATCHER))
    lead, assist = await ticket.assignments.all().order_by("number")
    await tickets.sign(assist, Nothing(), **f.way(assist, f.HOUSING))
    helper = f.officer(31, "住建局老方", "handler", f.HOUSING_PATH, f.HOUSING_PATH)
    await tickets.assist_reply(assist, f.OPINION, **f.way(assist, helper))
    for verb, facts, by, _ in f.LIFE[1:4]:
        await lead.refresh_from_db()
        await verb(lead, facts, **f.way(lead, by))
    await ticket.refresh_from_db()
    await f.walk(ticket, f.LIFE[4:])
    await actions.publish(at=LATER)
    rows = [row for one in await Published.all() for row in one.rows]
    of = {code: [(row["agency"], row["denominator"]) for row in rows if row["code"] == code] for code in actions.CODES}
    assert of["solved"] == of["satisfied"] == [("水务局", "1")]
    assert sorted(of["signed"]) == [("住建局", "1"), ("水务局", "1")]  # two shares of it, each with its own clock
    assert recompute.sums(rows)["solved", "all", ""] == (1, 1)


@pytest.mark.usefixtures("database")
async def test_the_script_computes_from_the_file_every_figure_of_the_page(
    signed_in: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "K_MIN", 2)
    for _ in range(3):
        await f.a_ticket_in("closed")
    for _ in range(2):
        await f.a_dispatched_ticket(lead="ZJ")
    assert await actions.publish(at=LATER) > 0
    async with signed_in(f.NOBODY) as anybody:
        page = await anybody.get("/hotline/sla?month=2026-03")
        data = await anybody.get("/hotline/sla/2026-03.csv")
        script = await anybody.get("/hotline/sla/recompute.py")
        assert '/hotline/sla"' in (await anybody.get("/hotline/")).text
        assert (await anybody.get("/hotline/sla?month=2031-01")).status_code == 404
        assert (await anybody.get("/hotline/sla/nothing.csv")).status_code == 404
    (tmp_path / "data.csv").write_bytes(data.content)
    (tmp_path / "recompute.py").write_bytes(script.content)
    run = subprocess.run(  # noqa: ASYNC221 (a stranger's machine)
        [sys.executable, "-I", "recompute.py", "data.csv"],
        cwd=tmp_path, capture_output=True, check=True, env={"PYTHONUTF8": "1"},
    )  # fmt: skip
    lines = [line.split("\t") for line in run.stdout.decode().splitlines()]
    computed = {(code, scope, name): text for code, _, scope, name, text in lines}
    cells = re.findall(r'data-figure="([^"|]+)\|([^"|]+)\|([^"]*)">([^<]+)</td>', page.text)
    published = {(code, scope, unescape(name)): text for code, scope, name, text in cells if text != "未公布"}
    assert published == computed
    assert ("on_time", "agency", "水务局") in published
    assert ("on_time", "agency", "住建局") in published


@pytest.mark.usefixtures("database")
async def test_few_matters_and_confidential_ones_are_not_published_and_a_month_only_once(signed_in: Client) -> None:
    for number in range(K_MIN + 1):
        await f.a_ticket_in("closed", secrecy="confidential" if number < 3 else "plain")
    assert await actions.publish(at=LATER) == 0
    async with signed_in(f.NOBODY) as anybody:
        assert "还没有公布的数据" in (await anybody.get("/hotline/sla")).text
    for _ in range(2):
        await f.a_ticket_in("closed")
    assert await actions.publish(at=LATER) > 0
    before = [one.rows for one in await Published.all()]
    rows = [row for one in before for row in one if row["code"] == "on_time"]
    assert [int(row["denominator"]) for row in rows] == [K_MIN]
    await f.a_ticket_in("closed")
    assert await actions.publish(at=LATER) == 0
    assert [one.rows for one in await Published.all()] == before
    with pytest.raises(IntegrityError, match="append-only"):
        await Published.all().update(rows=[])
    async with signed_in(f.NOBODY) as anybody:
        page = (await anybody.get("/hotline/sla?month=2026-03")).text
        assert page.count("只公布全市数") == 0
        told = csv.DictReader(StringIO((await anybody.get("/hotline/sla/2026-03.csv")).text.lstrip("\ufeff")))
        assert all(int(row["denominator"]) >= K_MIN for row in told)
