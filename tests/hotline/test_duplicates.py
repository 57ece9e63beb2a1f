"""Who takes a call is told what is probably the same matter: same caller, same title, or what reads alike nearby."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hotline.suggestions import duplicates, titles
from hotline.tickets import actions, forms
from hotline.tickets.models import Ticket
from kernel.journal import Sealed
from kernel.permissions import Clearance
from tests import factories as f
from tests.conftest import Client
from tests.factories import way
from tests.hotline.test_categories import a_table, take_in

TAP, WATER_BILL, NOISE = "010101", "010102", "020101"
HERE, ELSEWHERE = "369902001", "369901002"
ASKED = {"title": "云谷家园停水没人来修", "content": "云谷家园从早上停水，到现在没人来修。"}


@pytest.fixture
async def hall(database: str, tmp_path: Path) -> str:
    tap = ("城乡建设", "供水", "停水", "SW")
    bill = ("城乡建设", "供水", "水费", "SW")
    noise = ("环境", "噪声", "施工", "ZJ")
    await take_in(a_table(tmp_path, tap, bill, noise, headings=("l1", "l2", "l3", "agency")))
    return database


async def a_ticket(**given: Any) -> Ticket:
    return await f.a_ticket(at=datetime.now(UTC), **given)


async def found(signed_in: Client, **given: Any) -> list[str]:
    answer = await signed_in(f.OPERATOR).post("/api/v1/suggest", json=ASKED | given)
    assert answer.status_code == 200, answer.text
    return [one["title"] for one in answer.json()["duplicates"]]


async def test_the_same_matter_in_other_words_is_found_and_another_matter_of_the_same_place_is_not(
    hall: str, signed_in: Client
) -> None:
    await a_ticket(title="云谷家园停水，请求抢修", category=TAP)
    await a_ticket(title="云谷家园水费太贵", category=WATER_BILL)
    await a_ticket(title="云谷家园夜间施工", category=NOISE)
    words = {"title": "云谷家园停水求抢修", "content": "请求抢修。"}
    assert await found(signed_in, **words) == ["云谷家园停水，请求抢修"]


async def test_what_only_the_text_tells_is_found_too_before_there_is_a_title(hall: str, signed_in: Client) -> None:
    await a_ticket(title="云谷家园停水没人来修", category=TAP)
    text = "您好，我们云谷家园停水了，昨天就停水，一直没人来修，家里有老人。"
    assert await found(signed_in, title=text[:40], content=text) == ["云谷家园停水没人来修"]


async def test_a_category_that_was_chosen_wrong_or_not_at_all_hides_nothing(hall: str, signed_in: Client) -> None:
    told = {"云谷家园停水没人来": WATER_BILL, "云谷家园停水没人修": None, "云谷家园停水没人理": NOISE}
    for title, category in told.items():
        await a_ticket(title=title, category=category)
    assert {*await found(signed_in)} == {*told}


async def test_what_came_in_after_the_last_look_is_found_too(
    hall: str, signed_in: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(titles, "LOOKED_EVERY_S", 0.0)
    assert await found(signed_in) == []
    await a_ticket(title="云谷家园停水没人来", category=TAP)
    assert await found(signed_in) == ["云谷家园停水没人来"]


async def test_the_same_street_comes_first(hall: str, signed_in: Client) -> None:
    of_area = {ELSEWHERE: "云谷家园停水没人修", HERE: "云谷家园停水没人来"}
    for area, title in of_area.items():
        await a_ticket(title=title, category=TAP, area_code=area)
    assert (await found(signed_in, place={"area_code": HERE}))[0] == of_area[HERE]
    assert (await found(signed_in, place={"area_code": ELSEWHERE}))[0] == of_area[ELSEWHERE]


async def test_same_caller_and_same_title_are_found_however_old_and_whatever_the_category(
    hall: str, signed_in: Client
) -> None:
    await a_ticket(title=ASKED["title"], category=NOISE)
    await a_ticket(title="路灯不亮", category=None, caller_phone=Sealed("13900002206"))
    await Ticket.all().update(registered_at=datetime.now(UTC) - timedelta(days=60))
    assert {*await found(signed_in, phone="139 0000 2206")} == {ASKED["title"], "路灯不亮"}


async def test_what_is_closed_or_older_than_two_weeks_is_no_duplicate(hall: str, signed_in: Client) -> None:
    closed = await a_ticket(title="云谷家园停水没人来", category=TAP)
    await actions.withdraw(
        closed, forms.Withdraw(reason=Sealed("来水了")), **way(closed, f.OPERATOR, datetime.now(UTC))
    )
    old = await a_ticket(title="云谷家园停水没人修", category=TAP)
    await Ticket.filter(id=old.id).update(registered_at=datetime.now(UTC) - duplicates.WITHIN - timedelta(days=1))
    assert await found(signed_in) == []


async def test_a_confidential_ticket_is_no_candidate_for_who_is_not_cleared(hall: str, signed_in: Client) -> None:
    await a_ticket(title="云谷家园停水没人来", category=TAP, secrecy="confidential")
    uncleared = replace(f.OPERATOR, clearance=Clearance.PLAIN)
    for by, expected in ((f.OPERATOR, ["云谷家园停水没人来"]), (uncleared, [])):
        answer = await signed_in(by).post("/api/v1/suggest", json=ASKED)
        assert [one["title"] for one in answer.json()["duplicates"]] == expected


async def test_five_at_most_and_never_the_ticket_itself(hall: str, signed_in: Client) -> None:
    for number in range(8):
        await a_ticket(title=f"云谷家园停水没人来{number}", category=TAP)
    told = {"channel": "phone", "type": "help", "category": TAP, "caller": {}} | ASKED
    made = (await signed_in(f.OPERATOR).post("/api/v1/tickets", json=told)).json()
    nos = [one["no"] for one in made["suggestions"]["duplicates"]]
    assert len(nos) == duplicates.SHOWN_MAX
    assert made["no"] not in nos
