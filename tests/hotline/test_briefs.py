"""Briefs: made by the machine or by hand, checked by a person, the same frozen numbers as page, workbook and paper."""

import asyncio
import hashlib
import io
import re
import subprocess
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import openpyxl
import pytest
from httpx import AsyncClient

from hotline.briefs.counting import brief, changed
from hotline.briefs.periods import Period, before, last_year
from hotline.calls.models import Call
from hotline.categories.models import Category
from hotline.tickets import actions as tickets
from hotline.tickets.forms import Answer
from hotline.tickets.models import Ticket
from kernel.citytime import CITY
from kernel.journal import Sealed
from kernel.notices import rendering
from kernel.permissions import SYSTEM, Actor
from oversight.cards.models import Card
from oversight.snapshots import actions, jobs, proof, queries, series
from oversight.snapshots.models import Report, Snapshot
from tests import factories as f
from tests.factories import LIFE, MANAGER, NOW, SUPERVISOR, a_dispatched_ticket, a_ticket, walk

Client = Callable[[Actor], AsyncClient]
WEEK = Period(date(2026, 2, 23), date(2026, 3, 1))
IN_WEEK = datetime(2026, 2, 25, 2, 0, tzinfo=UTC)
PHONE = "13900002206"


@pytest.fixture(autouse=True)
async def tree(database: str) -> None:
    for code, name in (("010203", "供水 / 停水 / 抢修"), ("020101", "交通 / 道路 / 坑洼")):
        await Category.create(code=code, name=name.rpartition(" / ")[2], path_name=name, level=3)


async def a_week() -> Ticket:
    """Six this week, two the week before, one fifty-two weeks ago; one of them late by now."""
    for n in range(5):
        await a_ticket(at=IN_WEEK, category="010203", channel="wechat" if n < 2 else "phone")
    late = await a_dispatched_ticket(at=IN_WEEK, type="complaint", title="张三家的下水道堵了", category="020101")
    for _ in range(2):
        await a_ticket(at=IN_WEEK - timedelta(days=7), category="010203")
    await a_ticket(at=IN_WEEK - timedelta(days=364), category="010203")
    return late


def named(body: dict[str, Any], code: str) -> dict[str, list[Any]]:
    """First cell → the others."""
    (table,) = [one for one in body["tables"] if one["code"] == code]
    return {row["cells"][0]: row["cells"][1:] for row in table["rows"]}


async def weekly(at: datetime = NOW) -> dict[str, Any]:
    return await brief("week", "周报", WEEK, at)


async def test_a_week_is_counted_against_the_week_before_and_the_same_week_last_year() -> None:
    await a_week()
    body = await weekly()
    assert body["title"] == "12345 热线周报（2026-02-23 至 2026-03-01）"
    assert named(body, "intake")["登记工单"] == [6, 2, "+200.0%", 1, "+500.0%"]
    assert named(body, "types")["求助"] == [5, 2, "+150.0%", 1, "+400.0%"]
    assert named(body, "types")["投诉"] == [1, 0, "—", 0, "—"]
    assert named(body, "channels")["微信"][:2] == [2, 0]
    assert named(body, "categories") == {"供水": [5, 2, "+150.0%", 1, "+400.0%"], "交通": [1, 0, "—", 0, "—"]}
    assert named(body, "rising") == {"供水 / 停水 / 抢修": [5, 2, 3, "地点未写明"]}
    assert {"直接办结率", "满意率", "接通率"} <= set(named(body, "kpi"))


async def test_without_a_hall_last_year_there_is_no_number_to_be_held_against() -> None:
    await a_ticket(at=IN_WEEK)
    body = await weekly()
    assert named(body, "intake")["登记工单"] == [1, 0, "—", "无数据", "—"]
    assert named(body, "intake")["来电"] == [0, 0, "—", "无数据", "—"]
    assert named(body, "types")["求助"][3] == "无数据"


async def test_every_count_of_a_brief_opens_exactly_what_was_counted(database: str, signed_in: Client) -> None:
    """Registered and ended, sorted or not, with a place or without, calls, cards."""
    await a_week()
    for area in ("369902001", "369902002"):  # two streets of one district
        for _ in range(3):
            await a_ticket(at=IN_WEEK, category="010203", area_code=area, address="云谷路 1 号")
    await a_ticket(at=IN_WEEK)
    ended = await a_ticket(at=IN_WEEK, type="consult")
    await tickets.answer_directly(ended, Answer(answer=Sealed("带身份证到窗口。")), **f.way(ended, f.OPERATOR, IN_WEEK))
    for number in range(3):
        await Call.create(
            cti_id=f"c{number}", dnis="12345", queue="12345", offered_at=IN_WEEK,
            answered_at=IN_WEEK if number else None, hangup_at=IN_WEEK + timedelta(minutes=2),
        )  # fmt: skip
    for number, days in enumerate((0, 7)):
        await Card.create(
            no=f"5100-{number}", region_path=f.CITY, org_path=f.WATER_PATH, state="issued", level="yellow", rule="H1",
            rule_version=1, about=f"ticket:{number}", step="handle", span=1, made_at=IN_WEEK, version=1, head=b"",
            issued_at=IN_WEEK - timedelta(days=days),
        )  # fmt: skip
    opened = dict[str, int]()
    async with signed_in(SUPERVISOR) as client:
        for table in (await weekly())["tables"]:
            for row in table["rows"]:
                if table["code"] in {"kpi", "late"}:
                    continue
                page = (await client.get(row["url"])).text
                assert page.count("<tr data-row>") == row["cells"][1], row
                opened[table["code"]] = opened.get(table["code"], 0) + row["cells"][1]
    assert opened["intake"] == 14 + 1 + 3 + 2 + 1
    assert opened["categories"] == 14
    assert opened["rising"] == 5 + 6, "a district's and those without a place"
    assert opened["cards"] == 1


async def test_of_few_a_brief_says_the_counts_and_how_far_the_share_may_be_from_them() -> None:
    await walk(await a_ticket(at=IN_WEEK), LIFE, at=IN_WEEK)
    body = await weekly(IN_WEEK + timedelta(days=60))
    assert named(body, "kpi")["按时签收率"][0] == "1/1（95% 区间 20.7%—100.0%）"
    assert named(body, "kpi")["三率综合"][0] in {"无", "100.0%（有一项不足三十件）"}


async def test_a_brief_names_nobody_and_of_a_confidential_matter_not_even_the_number() -> None:
    late = await a_week()
    secret = await a_dispatched_ticket(at=IN_WEEK, secrecy="confidential", title="举报李四")
    at = NOW + timedelta(days=40)
    body = await weekly(at)
    late_ones = named(body, "late")
    assert late.no in late_ones
    assert secret.no not in late_ones
    assert late_ones[late.no][0] == "水务局"
    (table,) = [one for one in body["tables"] if one["code"] == "late"]
    assert table["title"] == f"在办超期 {len(late_ones) + 1} 件"
    await a_ticket(at=IN_WEEK, caller_name="张三", caller_phone=PHONE)
    frozen = await frozen_by_machine(at=IN_WEEK + timedelta(days=5))
    for word in ("张三", "李四", PHONE, "下水道", "举报李四"):
        assert word not in frozen.body


async def frozen_by_machine(at: datetime) -> Snapshot:
    one = series.of("hotline_weekly")
    body = await one.count(WEEK.first, WEEK.last, at)
    report = await actions.freeze(one.code, WEEK.first, WEEK.last, body, by=SYSTEM, at=at)
    return await queries.snapshot(report, 1)


async def test_the_job_freezes_each_closed_period_once_and_verify_proves_them() -> None:
    await walk(await a_ticket(), LIFE)
    assert await jobs.freeze_closed({}) == 3
    assert await jobs.freeze_closed({}) == 0
    assert {one.series for one in await Report.all()} == {"hotline_daily", "hotline_weekly", "hotline_monthly"}
    assert {one.state.value for one in await Report.all()} == {"frozen"}, "the machine publishes nothing"
    checked, found = await proof.snapshots(True, lambda done, of: None)
    assert (checked, found) == (3, [])


async def made(client: AsyncClient, **more: str) -> str:
    page = await client.get("/oversight/reports?series=hotline_weekly")
    (token,) = set(re.findall(r'name="_csrf" value="([^"]+)"', page.text))
    sent = {"_csrf": token, "series": "hotline_weekly", **more}
    answer = await client.post("/oversight/reports", data=sent)
    assert answer.status_code == (303 if "day" not in more or more["day"] < "2030" else 422), answer.text
    return str(answer.headers.get("location", answer.text))


async def test_a_person_makes_checks_and_publishes_and_a_correction_is_to_be_checked_again(
    database: str, signed_in: Client
) -> None:
    await a_week()
    async with signed_in(MANAGER) as client:
        address = await made(client, day="2026-02-25")
        page = unescape((await client.get(address)).text)
        assert "登记工单" in page
        assert '<svg class="ch"' in page
        assert "/hotline/tickets?from=2026-02-23&to=2026-03-01" in page
        assert await made(client, day="2026-02-27") == address, "the same week is the same report"

        (sha,) = re.findall(r'name="sha256" value="([0-9a-f]{64})"', page)
        (token,) = set(re.findall(r'name="_csrf" value="([^"]+)"', page))
        version = re.findall(r'name="_version" value="(\d+)"', page)[0]
        base = {"_csrf": token, "_version": version, "_move": "publish"}
        unchecked = await client.post(f"{address}/publish", data=base)
        assert unchecked.status_code == 422, "nothing is published that nobody has checked"
        assert (await client.post(f"{address}/publish", data=base | {"sha256": sha})).status_code == 303
        report = await Report.get()
        assert report.state == "published"
        sent = {"_csrf": token, "_version": f"{report.version}", "_move": "correct", "reason": "补录了两件工单"}
        assert (await client.post(f"{address}/correct", data=sent)).status_code == 303
        again = unescape((await client.get(address)).text)
        assert "（补录了两件工单）" in again
        assert "待核对" in again
        assert "第 2 版" in again
        assert "已有更正" in unescape((await client.get(f"{address}?edition=1")).text)
    assert [one.edition for one in await Snapshot.all().order_by("edition")] == [1, 2]


async def test_a_period_that_is_not_over_is_not_made(database: str, signed_in: Client) -> None:
    async with signed_in(MANAGER) as client:
        assert "还没有结束" in await made(client, day="2031-01-01")
        assert not await Report.exists()


async def test_page_workbook_and_paper_are_of_one_and_the_same_edition(database: str, signed_in: Client) -> None:
    await a_week()
    async with signed_in(SUPERVISOR) as client:
        address = await made(client, day="2026-02-25")
        snapshot = await Snapshot.get()
        proven = await client.get(f"{address}/1.json")
        assert hashlib.sha256(proven.content).hexdigest() == snapshot.sha256
        await a_ticket(at=IN_WEEK)
        page = unescape((await client.get(address)).text)
        assert "<b>7</b>" not in page
        book = openpyxl.load_workbook(io.BytesIO((await client.get(f"{address}/1.xlsx")).content))
        assert book.sheetnames[:2] == ["说明", "受理总量"]
        rows = {row[0].value: row[1].value for row in book["受理总量"].iter_rows(min_row=2)}
        assert rows["登记工单"] == 6, "what happened afterwards changes nothing"
        about = {f"{row[0].value}": f"{row[1].value}" for row in book["说明"].iter_rows(min_row=2)}
        assert about["报表"] == "12345 热线周报（2026-02-23 至 2026-03-01）"
        assert "上期 2026-02-16 至 2026-02-22" in about["受理总量"], "what stands above a table on the page isn't lost"
        assert snapshot.sha256 in {cell.value for row in book["说明"].iter_rows() for cell in row}
        for sheet in book:
            for row in sheet.iter_rows():
                assert all(cell.data_type in {"s", "n"} for cell in row), "no formula"
        if rendering.FONT in rendering.families():
            paper = await client.get(f"{address}/1.pdf")
            assert paper.content.startswith(b"%PDF")
            assert await asyncio.to_thread(nothing_stands_on_another, paper.content)
        assert (await client.get(f"{address}/1.exe")).status_code == 404
        assert (await client.get(f"{address}/9.json")).status_code == 404


def nothing_stands_on_another(paper: bytes) -> bool:
    """No word of the list of late matters is printed over the next one: its numbers have nowhere to break."""
    found = subprocess.run(["pdftotext", "-bbox", "-", "-"], input=paper, capture_output=True, check=True, timeout=20)
    box = re.compile(r'<word xMin="([0-9.]+)" yMin="([0-9.]+)" xMax="([0-9.]+)" yMax="[0-9.]+">([^<]*)</word>')
    words = box.findall(found.stdout.decode())
    numbers = [place for place, one in enumerate(words) if one[3].startswith("12345-2026")]
    assert numbers
    return all(float(words[one][2]) < float(words[one + 1][0]) for one in numbers if words[one][1] == words[one + 1][1])


async def test_only_who_reads_reports_sees_one_and_only_who_may_makes_one(database: str, signed_in: Client) -> None:
    async with signed_in(MANAGER) as client:
        address = await made(client, day="2026-02-25")
    for stranger in (f.OPERATOR, f.LEADER, f.HANDLER):
        async with signed_in(stranger) as client:
            for path in ("/oversight/reports", address, f"{address}/1.xlsx"):
                assert (await client.get(path)).status_code == 403


@pytest.mark.parametrize(
    ("every", "period", "earlier", "year"),
    [
        ("day", (2026, 3, 1, 2026, 3, 1), (2026, 2, 28, 2026, 2, 28), (2025, 3, 2, 2025, 3, 2)),
        ("week", (2026, 2, 23, 2026, 3, 1), (2026, 2, 16, 2026, 2, 22), (2025, 2, 24, 2025, 3, 2)),
        ("month", (2028, 2, 1, 2028, 2, 29), (2028, 1, 1, 2028, 1, 31), (2027, 2, 1, 2027, 2, 28)),
    ],
)
def test_what_a_period_is_held_against(every: str, period: Any, earlier: Any, year: Any) -> None:
    this, was, then = (Period(date(*one[:3]), date(*one[3:])) for one in (period, earlier, year))
    assert (before(every, this), last_year(every, this)) == (was, then)
    assert then.since.astimezone(CITY).hour == 0


def test_a_change_from_nothing_is_no_number() -> None:
    assert [changed(3, 0), changed(0, 3), changed(3, 3), changed(4, 3)] == ["—", "-100.0%", "+0.0%", "+33.3%"]
