"""The hall's main job, end to end: a real call becomes a ticket that is dispatched, signed, answered, reviewed,
visited, closed and found; by people in a real browser, on real messages."""

import asyncio
import csv
import json
import re
import signal
import sqlite3
import time

import httpx
import pytest
from playwright.async_api import Browser

from tests.browsing import act, log_a_call, signed_in
from tests.cities import CityHall
from tests.conftest import shared_data
from tests.halls import Hall

MESSAGES, LABELLED = 4_326, 698
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module", params=["laptop", "city"])
def imported(request: pytest.FixtureRequest) -> Hall:
    """Both files, one of them twice; the server is killed in the middle, and so is the import. On one process with
    SQLite, and on two web processes and a worker with PostgreSQL, Redis and Elasticsearch."""
    hall: Hall = request.getfixturevalue("hall" if request.param == "laptop" else "city")
    hotspots = str(shared_data("hotline_labelled", "hotspot_messages_4326.csv"))
    labelled = str(shared_data("hotline_labelled", "labelled_raw_dev.csv"))
    importing = hall.begin("import", "tickets", hotspots)
    while count(hall) < 1_000:
        assert importing.poll() is None
        time.sleep(0.1)
    hall.kill()
    importing.send_signal(signal.SIGKILL)
    importing.wait()
    assert count(hall, running=False) < MESSAGES

    hall.serve()
    first = json.loads(hall.run("import", "tickets", hotspots, "--json").stdout)
    again = json.loads(hall.run("import", "tickets", hotspots, "--json").stdout)
    other = json.loads(hall.run("import", "tickets", labelled, "--json").stdout)
    assert first["created"] + first["unchanged"] == again["unchanged"] == MESSAGES
    assert (again["created"], again["updated"], first["refused"], other["refused"]) == (0, 0, 0, 0)
    assert other["created"] == LABELLED
    return hall


def count(hall: Hall, *, running: bool = True) -> int:
    """How many messages of that file are there."""
    if isinstance(hall, CityHall):
        query = "SELECT count(*) AS many FROM hotline_ticket WHERE source = 'hotspot_messages_4326.csv'"
        return int(hall.ask(query)[0]["many"])
    with sqlite3.connect(hall.home / "hall.db") as database:
        query = "SELECT count(*) FROM hotline_ticket WHERE source = 'hotspot_messages_4326.csv'"
        found: int = database.execute(query).fetchone()[0]
        return found


def test_every_message_is_there_once_whole_under_its_own_number(imported: Hall) -> None:
    out = imported.home / "out.jsonl"
    imported.run("export", "tickets", "--out", str(out))
    texts = [json.loads(line) for line in out.read_text().splitlines()]
    kept = {(row["原编号"], re.sub(r"\s+", "", row["内容"])) for row in texts}

    for name in ("hotspot_messages_4326.csv", "labelled_raw_dev.csv"):
        with shared_data("hotline_labelled", name).open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                if row["msg_id"]:
                    said = "".join(sign for sign in row["detail"] if sign >= " " or sign in "\t\n")
                    assert (row["msg_id"], re.sub(r"\s+", "", said)) in kept, row["msg_id"]
    assert len(texts) >= 300 + MESSAGES + LABELLED
    assert count(imported) == MESSAGES


async def test_a_call_goes_its_whole_way_through_the_hands_of_six_people(imported: Hall, browser: Browser) -> None:
    with shared_data("hotline_labelled", "hotspot_messages_4326.csv").open(encoding="utf-8-sig", newline="") as file:
        message = next(row for row in csv.DictReader(file) if 60 < len(row["detail"]) < 400)
    words = message["detail"].strip()

    operator = await signed_in(imported, browser, "operator")
    no, code = await log_a_call(operator, message["title"].strip(), words)

    dispatcher = await signed_in(imported, browser, "dispatcher")
    await dispatcher.goto(f"{imported.url}/hotline/tickets/{no}")
    await act(dispatcher, "dispatch", {"#dispatch-lead": "SWJT"}, {"#dispatch-basis": "职责清单第三条"})
    agency = await signed_in(imported, browser, "agency")
    await agency.goto(f"{imported.url}/hotline/tickets/{no}")
    await act(agency, "sign")
    await act(agency, "contact", {}, {"#contact-summary": "已电话联系，说明安排。"})
    await act(agency, "reply", {}, {"#reply-body": "已到现场处理，问题已经解决。"})

    reviewer = await signed_in(imported, browser, "reviewer")
    await reviewer.goto(f"{imported.url}/hotline/tickets/{no}")
    await reviewer.check("details:has(#review-items) input[name=passed][value=false]", force=True)
    await act(reviewer, "review", {}, {"#review-items": "请写明处理的时间"})
    await agency.reload()
    assert "退回补办" in await agency.content()
    await act(agency, "reply", {}, {"#reply-body": "已于今天上午到现场处理，问题已经解决。"})
    await reviewer.reload()
    await act(reviewer, "review")

    visitor = await signed_in(imported, browser, "visitor")
    await visitor.goto(f"{imported.url}/hotline/tickets/{no}")
    for name, value in (("solved", "yes"), ("satisfied", "satisfied")):
        await visitor.check(f"details:has(#visit-note) input[name={name}][value={value}]", force=True)
    await act(visitor, "visit")
    await act(visitor, "close")
    assert "已办结" in await visitor.locator(".sbar").inner_text()

    await track(imported, browser, no, code)
    await found_by_those_who_may(imported, no, words[:12])
    done = imported.run("verify", "--full", check=False)
    assert done.returncode == 0, done.stdout


async def track(hall: Hall, browser: Browser, no: str, code: str) -> None:
    """The caller, without an account and with script switched off."""
    context = await browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    page = await context.new_page()
    await page.goto(f"{hall.url}/hotline/track")
    await page.fill("#no", no)
    await page.fill("#code", code)
    await page.click("main form button")
    assert "已办结" in await page.inner_text("main")
    assert "问题已经解决" in await page.inner_text("main")
    assert code not in page.url


async def found_by_those_who_may(hall: Hall, no: str, words: str) -> None:
    async with httpx.AsyncClient(base_url=hall.url, timeout=20) as program:
        for username, sees in (
            ("operator", True), ("dispatcher", True), ("agency", True), ("handler", True), ("agency2", False),
            ("citizen", False), ("clerk", False), ("", False),
        ):  # fmt: skip
            headers = hall.token(username) if username else {}
            for asked in (no, words):
                for _ in range(300):
                    answer = await program.get("/api/v1/search", params={"q": asked}, headers=headers)
                    nos = {item["no"] for item in answer.json()["items"] if item["kind"] == "ticket"}
                    if (no in nos) is sees or not sees:
                        break
                    await asyncio.sleep(0.3)
                assert (no in nos) is sees, (username, asked)
