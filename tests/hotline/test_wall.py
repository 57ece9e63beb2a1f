"""The manager's wall: what it counts is what its links list, and its stream tells nothing about anybody."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from httpx import AsyncClient

from hotline.calls import actions as calls
from hotline.calls.forms import Push
from hotline.categories.models import Category
from hotline.tickets import showing
from hotline.wall import live, queries
from kernel import outbox
from kernel.citytime import CITY
from kernel.permissions import Actor
from tests import factories as f
from tests.factories import LIFE, MANAGER, NOW, SUPERVISOR, a_dispatched_ticket, a_ticket, walk

Client = Callable[[Actor], AsyncClient]
PHONE = "13900002206"


@pytest.fixture(autouse=True)
async def tree(database: str) -> None:
    for code, name in (("010203", "供水 / 停水 / 抢修"), ("020101", "交通 / 道路 / 坑洼")):
        await Category.create(code=code, name=name.rpartition(" / ")[2], path_name=name, level=3)


async def pushed(call: str, event: str, at: datetime, phone: str = PHONE) -> None:
    sent = {"event": event, "callId": call, "from": phone, "to": "12345", "direction": "in"}
    await calls.take(Push.check(sent), said_at=at)


@pytest.mark.usefixtures("database")
async def test_the_day_counts_by_hour_state_type_and_category_and_a_week_ago_beside_it() -> None:
    for hours in (0, 1, 1):
        await a_ticket(at=NOW - timedelta(hours=hours), category="010203")
    await a_ticket(at=NOW - timedelta(days=7), type="complaint")
    await a_dispatched_ticket(type="complaint")
    day = await queries.of_day(MANAGER, NOW + timedelta(minutes=1))
    assert [one.value for one in day.hours] == [0] * 9 + [2, 2]
    assert day.before[10] == 1
    assert day.registered.value == 4
    states = {one.label: one.value for one in day.states}
    assert (states["待派单"], states["待签收"]) == (3, 1)
    assert {one.label: one.value for one in day.types} == {"求助": 3, "投诉": 1}
    assert [(one.filters["category"], one.value) for one in day.categories] == [("010203", 3)]


@pytest.mark.usefixtures("database")
async def test_calls_of_the_day_who_waits_and_who_is_to_be_called_back() -> None:
    await pushed("a", "newCall", NOW - timedelta(minutes=9))
    await pushed("b", "newCall", NOW - timedelta(minutes=8))
    await pushed("b", "answer", NOW - timedelta(minutes=7))
    await pushed("c", "newCall", NOW - timedelta(minutes=6))
    await pushed("c", "hangup", NOW - timedelta(minutes=5))
    for call, hours in (("d", 24), ("e", 23)):  # one person who rang twice in vain is to be called back once
        await pushed(call, "newCall", NOW - timedelta(hours=hours), "13900002299")
        await pushed(call, "hangup", NOW - timedelta(hours=hours), "13900002299")
    told = (await queries.of_day(MANAGER, NOW)).calls
    assert (told.came.offered, told.came.answered, told.came.missed) == (3, 1, 1)
    assert (told.waiting, told.to_call_back) == (1, 2)


async def test_every_number_opens_the_list_that_it_counted(database: str, signed_in: Client) -> None:
    now = datetime.now(UTC)
    for _ in range(3):
        await a_ticket(at=now, category="010203")
    await a_ticket(at=now, type="complaint")
    async with signed_in(MANAGER) as client:
        page = unescape((await client.get("/hotline/wall")).text)
        links = set(re.findall(r'href="(/hotline/tickets\?[^"]+)"', page))
        assert len(links) > 10
        day = await queries.of_day(MANAGER, datetime.now(UTC))
        for one in [day.registered, *day.hours, *day.states, *day.types, *day.categories]:
            shown = await showing.listing(MANAGER, one.filters, now)
            assert len(shown["rows"]) == one.value, one
    assert "今天最多的是" in page


async def test_the_wall_is_for_whoever_reads_the_figures_of_the_whole_centre(database: str, signed_in: Client) -> None:
    district = f.officer(31, "区里的主管", "manager", scope=f"{f.CITY}jb/")
    for who, status in ((MANAGER, 200), (SUPERVISOR, 200), (district, 403), (f.OPERATOR, 403), (f.HANDLER, 403)):
        async with signed_in(who) as client:
            assert (await client.get("/hotline/wall")).status_code == status
            if status != 200:
                assert (await client.get("/hotline/wall/live")).status_code == status
    async with signed_in(f.NOBODY) as client:
        assert (await client.get("/hotline/wall/live", headers={"accept": "text/event-stream"})).status_code != 200


@pytest.mark.usefixtures("database")
async def test_the_stream_tells_what_sort_of_thing_happened_and_nothing_about_anybody() -> None:
    ticket = await a_ticket(title="小区停水两天", caller_name="张三", caller_phone=PHONE)
    await walk(ticket, LIFE)
    await pushed("a", "newCall", NOW)
    await pushed("a", "newCall", NOW)
    await pushed("a", "answer", NOW)
    await outbox.put_in_order()
    told = await live.HAPPENED.after(0, 200)
    words = [str(one.data["what"]) for one in told]
    assert words[0] == "登记"
    assert {"派单", "签收", "办结", "来电", "接听"} <= set(words)
    assert words.count("来电") == 1, "a push that is repeated is no second call"
    assert all(set(one.data) == {"at", "kind", "what"} for one in told)
    line = json.dumps([one.data for one in told], ensure_ascii=False)
    for secret in ("张三", PHONE, "停水", ticket.no, "云谷路", "小何", "水务"):
        assert secret not in line
    assert told[0].data["at"] == f"{NOW.astimezone(CITY):%H:%M:%S}"


async def test_a_list_may_be_narrowed_by_day_channel_and_branch_and_says_so(database: str, signed_in: Client) -> None:
    await a_ticket(category="010203", channel="wechat")
    await a_ticket(category="010203", at=NOW - timedelta(days=1))
    await a_ticket(category="020101")
    day = f"{NOW.astimezone(CITY).date()}"
    async with signed_in(MANAGER) as client:

        async def listed(query: str) -> tuple[int, str]:
            page = (await client.get(f"/hotline/tickets?{query}")).text
            return page.count("<tr data-row"), page

        assert (await listed("category=01"))[0] == 2
        assert (await listed(f"category=01&from={day}&to={day}"))[0] == 1
        assert (await listed(f"channel=wechat&from={day}"))[0] == 1
        rows, page = await listed(f"from={day}&to={day}&hour=10")
        assert rows == 2
        assert f"{day} 10 时" in page
        assert (await listed(f"from={day}&to={day}&hour=11"))[0] == 0
        assert (await listed("from=gestern&channel=1%27or&category=9x&hour=99"))[0] == 3, "nonsense narrows nothing"
