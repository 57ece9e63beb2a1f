"""五要素 are split from what is typed; what isn't said stays empty."""

import csv
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.desks.elements import ELEMENT_MAX, TITLE_MAX, Elements, split
from tests import factories as f
from tests.conftest import Client, shared_data

CALL = (
    "市民反映：云谷路 66 号云谷家园 7 号楼 2 单元，今天早上 8 点左右开始停水，"
    "物业说是门口施工挖断了水管，到现在没人来修。"
    "家里有 80 岁老人和婴儿，希望尽快恢复供水，并告知预计恢复时间。"
)


def test_a_call_as_it_is_typed_is_split_into_its_elements() -> None:
    assert split(CALL) == Elements(
        title="云谷路 66 号云谷家园 7 号楼 2 单元，今天早上 8 点左右开始停水",
        when="今天早上 8 点左右",
        where="云谷路 66 号云谷家园 7 号楼 2 单元",
        cause="物业说是门口施工挖断了水管",
        demand="希望尽快恢复供水，并告知预计恢复时间",
    )


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ("科苑四路有部分路灯已经很久不亮了", "科苑四路"),
        ("常平文化广场管理处，天黑都不开广场的灯", "常平文化广场"),
        ("我家孩子在莞城财贸幼儿园中班上学", "莞城财贸幼儿园"),
        ("举报人现住：东莞市虎门镇南栅宴岗管理区。", "东莞市虎门镇南栅宴岗管理区"),
        ("本来路面就窄，小区门口违停，市民没法走", ""),
        ("如果自动挡汽车违规扣分了，能不能用C2驾驶证扣分", ""),
    ],
)
def test_a_place_has_a_name_of_its_own_or_is_left_open(said: str, where: str) -> None:
    assert split(said).where == where


@pytest.mark.parametrize(("said", "who"), [("我是住户李女士，家里停水", "住户李女士"), ("我是在网上看到的", "")])
def test_who_calls_is_only_taken_from_who_says_so(said: str, who: str) -> None:
    assert split(said).who == who


@given(st.text(max_size=2000))
def test_whatever_is_typed_each_element_is_short_and_comes_from_the_text(said: str) -> None:
    found = split(said)
    assert len(found.title) <= TITLE_MAX
    assert max(len(found.who), len(found.when), len(found.where), len(found.cause), len(found.demand)) <= ELEMENT_MAX


@pytest.mark.parametrize("said", ["东城" * 10_000, "1" * 20_000, "物业" * 10_000, "在路" * 10_000])
def test_twenty_thousand_signs_without_sense_take_no_time(said: str) -> None:
    begun = process_time()
    split(said)
    assert process_time() - begun < 1


def test_most_messages_of_a_real_city_give_a_title_and_more_than_half_a_place() -> None:
    with shared_data("hotline_city", "dongguan_messages_dev.csv").open(encoding="utf-8-sig", newline="") as file:
        found = [split(row["content"]) for row in csv.DictReader(file) if row["content"].strip()]
    assert len(found) > 3_900
    assert sum(bool(one.title) for one in found) / len(found) >= 0.98
    assert sum(bool(one.where) for one in found) / len(found) >= 0.5
    assert sum(bool(one.demand) for one in found) / len(found) >= 0.6


@pytest.mark.usefixtures("database")
async def test_the_desk_asks_for_the_elements_and_nobody_else(signed_in: Client) -> None:
    told = {"content": CALL}
    answer = await signed_in(f.OPERATOR).post("/api/v1/elements", json=told)
    assert answer.json()["where"] == "云谷路 66 号云谷家园 7 号楼 2 单元"
    assert (await signed_in(f.DISPATCHER).post("/api/v1/elements", json=told)).status_code == 403
    assert (await signed_in(f.OPERATOR).post("/api/v1/elements", json={"content": "字" * 20_001})).status_code == 422
