"""Units stand beside units of a like load; among few nobody is ranked, and every figure opens what it counts."""

import csv
import re
from datetime import date, timedelta
from io import StringIO

import pytest

from hotline.kpi import classes
from hotline.kpi.criteria import Criteria
from hotline.kpi.definitions import BY_CODE
from hotline.kpi.forms import Period
from oversight.kpi import definitions
from oversight.kpi.definitions import Definition, Figure
from oversight.kpi.ranking import in_order
from tests import factories as f
from tests.conftest import Client

DAYS = "from=2026-03-01&to=2026-03-30"
NAMES = {"/a/": "甲局", "/b/": "乙局", "/c/": "丙局", "/d/": "丁局"}


def of(hit: int, base: int, definition: Definition = BY_CODE["on_time"]) -> Figure:
    return Figure(definition, hit, base, 0)


def test_equals_share_a_rank_and_who_has_fewer_than_thirty_stands_below_without_one() -> None:
    figures = {"/a/": of(29, 29), "/b/": of(30, 40), "/c/": of(60, 80), "/d/": of(99, 100)}
    places = in_order(figures, NAMES, less_is_better=False)
    assert [(one.name, one.rank) for one in places] == [("丁局", 1), ("乙局", 2), ("丙局", 2), ("甲局", None)]
    places = in_order(figures, NAMES, less_is_better=True)
    assert [(one.name, one.rank) for one in places] == [("乙局", 1), ("丙局", 1), ("丁局", 3), ("甲局", None)]


@pytest.fixture
async def three_and_two(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Water has three matters, all in time, housing two that nobody answered; three a month are many."""

    async def said(asked: object) -> Criteria:
        return Criteria("default-v1", {"contacted": 30, "solved": 35, "satisfied": 35}, {"large": 3, "middle": 2})

    monkeypatch.setattr(classes, "of_period", said)
    for _ in range(3):
        await f.a_ticket_in("closed")
    for _ in range(2):
        await f.a_dispatched_ticket(lead="ZJ")


@pytest.mark.usefixtures("three_and_two")
async def test_each_class_is_a_table_of_its_own_and_few_are_counts_with_their_interval(signed_in: Client) -> None:
    async with signed_in(f.MANAGER) as manager, signed_in(f.OPERATOR) as operator:
        page = (await manager.get(f"/hotline/kpi/units?{DAYS}")).text
        assert page.index("大量件") < page.index("水务局") < page.index("中量件") < page.index("住建局")
        assert page.count("不排名</span>") == 2
        assert ">3/3<" in page
        assert "43.9%—100.0%" in page  # Wilson's of three in three
        assert "0.0%—65.8%" in page  # of none in two
        assert "管网所" not in page
        assert (await operator.get(f"/hotline/kpi/units?{DAYS}")).status_code == 403
        wrong = (await manager.get("/hotline/kpi/units?from=昨天&to=2026-03-30")).text
        assert "昨天" in wrong
        assert "请写成" in wrong
        assert "/hotline/kpi/units?" in (await manager.get(f"/hotline/kpi?{DAYS}")).text


@pytest.mark.usefixtures("three_and_two")
async def test_the_first_of_a_class_is_first_however_the_larger_ones_stand(
    signed_in: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(definitions, "RANKED_MIN", 2)
    async with signed_in(f.MANAGER) as manager:
        page = (await manager.get(f"/hotline/kpi/units?{DAYS}&code=on_time")).text
        ranks = re.findall(r'<td class="n">(\d+)</td><th scope="row">([^<]+)</th>', page)
        assert ranks == [("1", "水务局"), ("1", "住建局")]
        composite = (await manager.get(f"/hotline/kpi/units?{DAYS}&code=three_rates")).text
        assert "水务局" in composite
        assert "住建局" not in composite  # nobody has been visited: three rates or none
        assert "100.0%" in composite


@pytest.mark.usefixtures("three_and_two")
async def test_every_figure_opens_its_list_and_the_table_can_be_carried_away(signed_in: Client) -> None:
    async with signed_in(f.MANAGER) as manager, signed_in(f.OPERATOR) as operator:
        page = (await manager.get(f"/hotline/kpi/units?{DAYS}")).text
        found = re.findall(r'href="(/hotline/kpi/[a-z_]+[?][^"]*unit=[^"]+)"', page)
        links = [one.replace("&amp;", "&") for one in found]
        assert len(links) == 4  # of each unit its figure and its load
        assert [(await manager.get(one)).text.count("data-row") for one in links] == [3, 3, 2, 2]
        (address,) = re.findall(r'href="(/lists/unit_figures[.]csv[?][^"]+)"', page)
        told = [*csv.DictReader(StringIO((await manager.get(address.replace("&amp;", "&"))).text.lstrip("\ufeff")))]
        assert [(row["档"], row["单位"], row["名次"], row["分子"], row["分母"], row["数值"]) for row in told] == [
            ("大量件", "水务局", "", "3", "3", ""), ("中量件", "住建局", "", "0", "2", ""),
        ]  # fmt: skip
        assert (await manager.get(address.replace("csv", "xlsx").replace("&amp;", "&"))).content[:2] == b"PK"
        assert (await operator.get(address.replace("&amp;", "&"))).status_code == 404
        told = (await manager.get(f"/api/v1/hotline/kpi?{DAYS}&code=on_time")).json()["classes"]
        assert [(one["label"], one["least"], [unit["name"] for unit in one["units"]]) for one in told] == [
            ("大量件", 3, ["水务局"]), ("中量件", 2, ["住建局"]), ("少量件", 0, []),
        ]  # fmt: skip
        assert [told[0]["units"][0][name] for name in ("load", "numerator", "rank")] == [3, 3, None]
        assert (await manager.get(f"/api/v1/hotline/kpi?{DAYS}&code=waiting")).status_code == 422


@pytest.mark.usefixtures("three_and_two")
async def test_three_rates_of_few_matters_are_no_percentage_beside_other_units(signed_in: Client) -> None:
    async with signed_in(f.MANAGER) as manager:
        page = (await manager.get(f"/hotline/kpi/units?{DAYS}&code=three_rates")).text
        assert ">件数不足</a>" in page
        assert "100.0%" not in page
        (address,) = re.findall(r'href="(/lists/unit_figures[.]csv[?][^"]+)"', page)
        told = [*csv.DictReader(StringIO((await manager.get(address.replace("&amp;", "&"))).text.lstrip("\ufeff")))]
        assert [(row["单位"], row["数值"]) for row in told] == [("水务局", "")]
        assert "有一项件数不足，不排名" in (await manager.get(f"/hotline/kpi/three_rates?{DAYS}")).text


@pytest.mark.usefixtures("three_and_two")
async def test_programs_that_ask_for_every_halls_figures_get_the_same_ranks(
    signed_in: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with signed_in(f.MANAGER) as manager:
        asked = f"/api/v1/oversight/kpi?{DAYS}&code=on_time"
        assert {one["rank"] for one in (await manager.get(asked)).json()["units"]} == {None}  # below thirty nobody
        monkeypatch.setattr(definitions, "RANKED_MIN", 2)
        told = (await manager.get(asked)).json()["units"]
        assert [(one["name"], one["class"], one["load"], one["rank"]) for one in told] == [
            ("水务局", "大量件", 3, 1), ("住建局", "中量件", 2, 1),
        ]  # fmt: skip


async def test_a_policy_without_classes_compares_all_with_all(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def said(asked: object) -> Criteria:
        return Criteria("old", {}, {})

    monkeypatch.setattr(classes, "of_period", said)
    await f.a_ticket_in("closed")
    asked = Period(date(2026, 3, 1), date(2026, 3, 30), "").asked(f.NOW + timedelta(days=60))
    found = await classes.compared("on_time", f.MANAGER, asked)
    assert [(one.label, len(one.places)) for one in found.classes] == [("不分档", 1)]
