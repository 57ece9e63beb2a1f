"""The desk suggests what the hall's own closed tickets taught, with the words that spoke; else by its rules."""

import logging
from pathlib import Path
from typing import Any

import pytest

from hotline.suggestions import jobs
from hotline.suggestions.kept import Subject, kept
from hotline.tickets import actions, forms
from hotline.tickets.models import Ticket
from kernel.settings import settings
from tests import factories as f
from tests.conftest import Client
from tests.factories import DISPATCHER, LIFE, a_dispatched_ticket, a_ticket, walk, way
from tests.hotline.test_categories import a_table, take_in

TAP, NIGHT = "010101", "020101"
DRY = ("龙头没有水出来", "高层龙头水很小", "龙头里的水发黄", "水表井往外冒水", "龙头半夜才有水", "楼上龙头断水")
LOUD = ("半夜机器太吵睡不着", "酒吧音响吵到半夜", "楼下机器嗡嗡吵人", "广场音响天天吵", "渣土车半夜吵人", "隔壁机器吵")
ASKED = {"title": "龙头没水", "content": "家里龙头从昨天起一点水也没有。"}
HOUSING_HANDLER = f.officer(30, "住建局老周", "handler", f.HOUSING_PATH, f.HOUSING_PATH)
IN_HOUSING = {f.LIAISON.id: f.HOUSING, f.HANDLER.id: HOUSING_HANDLER}


@pytest.fixture
async def hall(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """With a home of its own and a tree of two leaves, whose words nobody who calls says."""
    monkeypatch.setattr(settings(), "home", tmp_path)
    leaves = ("城乡建设", "市政", "供水", "SW"), ("环境", "噪声", "施工", "ZJ")
    await take_in(a_table(tmp_path, *leaves, headings=("l1", "l2", "l3", "agency")))
    return database


async def a_closed_ticket(title: str, category: str, lead: str, **given: Any) -> Ticket:
    ticket = await a_dispatched_ticket(
        title=title, content=f"{title}，请来看看。", category=category, lead=lead, **given
    )
    rest = LIFE[1:]
    if lead == "ZJ":
        rest = tuple((verb, facts, IN_HOUSING.get(by.id, by), ends) for verb, facts, by, ends in rest)
    await walk(ticket, rest)
    return ticket


async def a_past() -> None:
    for dry, loud in zip(DRY, LOUD, strict=True):
        await a_closed_ticket(dry, TAP, "SW")
        await a_closed_ticket(loud, NIGHT, "ZJ")


async def asked(signed_in: Client, **given: str) -> dict[str, Any]:
    answer = await signed_in(f.OPERATOR).post("/api/v1/suggest", json=ASKED | given)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_closed_tickets_teach_category_and_agency_and_a_changed_file_is_refused(
    hall: str, signed_in: Client, caplog: pytest.LogCaptureFixture
) -> None:
    assert (await asked(signed_in))["categories"] == []
    await a_past()
    assert await jobs.learn({}) == 2

    told = await asked(signed_in)
    category, agency = told["categories"][0], told["agencies"][0]
    assert (category["code"], category["name"], category["learned"]) == (TAP, "城乡建设 / 市政 / 供水", True)
    assert 0.5 < category["p"] <= 1
    assert category["words"]
    assert all(word in "".join(ASKED.values()) for word in category["words"])
    assert (agency["code"], agency["learned"]) == ("SW", True)
    assert agency["reason"].startswith("同类办结工单由其承办：“")
    found = await kept(Subject.CATEGORY)
    assert found is not None
    assert (found.description.rows, found.description.rules) == (12, 0)
    assert found.description.precision > 0.7

    (arrays,) = (settings().home / "models").glob("category-*.npz")
    whole = arrays.read_bytes()
    arrays.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    (settings().home / "models" / "category.json").touch()
    with caplog.at_level(logging.ERROR):
        refused = await asked(signed_in, title="供水", content="小区供水不好")
    assert "learned model of category is refused" in caplog.text
    assert [(one["code"], one["learned"]) for one in refused["categories"]] == [(TAP, False)]


async def test_a_description_that_this_hall_did_not_write_is_refused(
    hall: str, signed_in: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """A stranger's model would come with a fitting SHA-256."""
    await a_past()
    await jobs.learn({})
    description = settings().home / "models" / "agency.json"
    description.write_text(description.read_text().replace('"rows": 12', '"rows": 13'))
    with caplog.at_level(logging.ERROR):
        (agency,) = (await asked(signed_in))["agencies"]
    assert (agency["code"], agency["reason"], agency["learned"]) == ("SW", "分类表：城乡建设 / 市政 / 供水", False)
    assert "not written by this hall" in caplog.text


async def test_neither_a_bounced_nor_a_confidential_nor_an_open_ticket_teaches(hall: str) -> None:
    for title in DRY[:3]:
        ticket = await a_dispatched_ticket(title=title, content=f"{title}，请来看看。", category=TAP, lead="ZJ")
        await actions.recall(ticket, forms.Recall(reason="发错了单位"), **way(ticket, DISPATCHER))
        await walk(ticket, LIFE)
    await a_closed_ticket(DRY[3], TAP, "SW", secrecy="confidential")
    await a_ticket(title=DRY[4], category=TAP)
    await a_closed_ticket(DRY[5], TAP, "SW")
    assert [lesson.title for lesson in await jobs.lessons()] == [DRY[5]]
    assert await jobs.learn({}) == 0  # one is too few


async def test_where_the_rules_do_as_well_they_are_kept(hall: str, signed_in: Client) -> None:
    for dry, loud in zip(DRY, LOUD, strict=True):
        await a_closed_ticket(f"供水：{dry}", TAP, "SW")
        await a_closed_ticket(f"施工：{loud}", NIGHT, "ZJ")
    await jobs.learn({})
    found = await kept(Subject.CATEGORY)
    assert found is not None
    assert found.description.rules == 1
    told = await asked(signed_in, title="供水：龙头没水")
    assert [(one["code"], one["learned"]) for one in told["categories"]] == [(TAP, False)]


async def test_the_likeliest_agency_stands_in_no_form_of_an_urgent_or_confidential_ticket(
    hall: str, signed_in: Client
) -> None:
    cases: list[tuple[dict[str, Any], bool]] = [
        ({}, True), ({"urgency": "urgent"}, False), ({"urgency": "critical"}, False),
        ({"secrecy": "confidential"}, False),
    ]  # fmt: skip
    for given, filled_in in cases:
        ticket = await a_ticket(title="供水中断", category=TAP, **given)
        page = (await signed_in(DISPATCHER).get(f"/hotline/dispatch?no={ticket.no}")).text
        assert "城乡建设 / 市政 / 供水" in page
        assert ('data-label="采纳首选并派出"' in page) is filled_in, given
        assert ('<option value="SW" selected' in page) is filled_in, given
