"""The work of the hall without script, by keyboard alone, and through everything that goes wrong before a screen."""

import re
import sqlite3
import time

import pytest
from playwright.async_api import Browser, Page

from kernel.people.sessions import REMEMBERED_S
from tests.browsing import act, log_a_call, signed_in
from tests.halls import PASSWORD, Hall

WORDS = "云谷家园从昨天晚上开始停水，物业电话没有人接，家里有老人，请尽快恢复供水。"


async def test_a_ticket_lives_its_whole_life_with_script_switched_off(hall: Hall, browser: Browser) -> None:
    caller = await signed_in(hall, browser, "", script=False, width=390)
    await caller.goto(f"{hall.url}/hotline/file")
    await caller.fill("#title", "云谷家园停水两天")
    await caller.fill("#content", WORDS)
    await caller.fill("#address", "江北区云谷路 66 号")
    await caller.fill("#caller_phone", "139 0000 2206")
    await caller.click("main form[method=post] button.btn")
    said = await caller.inner_text("main")
    (no,) = re.findall(r"12345-\d{8}-\d{6}-\d", said)[:1]
    (code,) = re.findall(r"\b(?:[0-9A-Z]{4}-){3}[0-9A-Z]{4}\b", said)[:1]

    dispatcher = await at_ticket(hall, browser, "dispatcher", no)
    await act(dispatcher, "dispatch", {"#dispatch-lead": "SWJT"}, {"#dispatch-basis": "职责清单第三条"})
    agency = await at_ticket(hall, browser, "agency", no)
    await act(agency, "sign")
    await act(agency, "contact", {}, {"#contact-summary": "已电话联系，说明安排。"})
    await act(agency, "reply", {}, {"#reply-body": "管道已抢修完毕，恢复供水。"})
    await act(await at_ticket(hall, browser, "reviewer", no), "review")
    visitor = await at_ticket(hall, browser, "visitor", no)
    for name, value in (("solved", "yes"), ("satisfied", "satisfied")):
        await visitor.check(f"details:has(#visit-note) input[name={name}][value={value}]", force=True)
    await act(visitor, "visit")
    await act(visitor, "close")

    await caller.goto(f"{hall.url}/hotline/track")
    await caller.fill("#no", no)
    await caller.fill("#code", code)
    await caller.click("main form button")
    assert "已办结" in await caller.inner_text("main")
    assert "恢复供水" in await caller.inner_text("main")


async def test_a_mistake_is_said_beside_its_field_and_nothing_that_was_typed_is_lost(
    hall: Hall, browser: Browser
) -> None:
    for script in (False, True):
        page = await signed_in(hall, browser, "", script=script, width=390)
        await page.goto(f"{hall.url}/hotline/file")
        await page.fill("#content", WORDS)
        await page.fill("#caller_phone", "一二三")
        await page.click("main form[method=post] button.btn")

        assert await page.input_value("#content") == WORDS
        assert await page.input_value("#caller_phone") == "一二三"
        summary = page.locator(".errsum")
        assert "联系电话只填数字" in await summary.inner_text()
        for field in ("title", "caller_phone"):
            assert await page.get_attribute(f"#{field}", "aria-invalid") == "true"
            told = await page.get_attribute(f"#{field}", "aria-describedby")
            assert told
            assert [await page.locator(f"#{one}").count() for one in told.split()] == [1] * len(told.split())
        assert (await page.title()).startswith("错误")
        if script:
            assert await page.evaluate("document.activeElement.closest('.errsum') !== null"), "the problems have focus"


async def test_who_was_signed_out_in_the_middle_of_a_long_form_signs_in_and_goes_on(
    hall: Hall, browser: Browser
) -> None:
    for script in (False, True):
        page = await signed_in(hall, browser, "operator", script=script)
        await page.goto(f"{hall.url}/hotline/new")
        await page.fill("#content", WORDS)
        await page.fill("#title", f"过期的登录 {script}")
        await page.fill("#address", "江北区云谷路 66 号")
        end_sessions(hall)

        await page.click("button[data-submit]")
        assert "登录" in await page.title()
        await page.fill("#username", "operator")
        await page.fill("#password", PASSWORD)
        await page.click("main form button.btn-l")

        assert WORDS in await page.inner_text("main")
        await page.click("main form button.btn")
        await page.wait_for_selector(".done-box")


async def test_two_clicks_log_one_call(hall: Hall, browser: Browser) -> None:
    page = await signed_in(hall, browser, "operator")
    await page.goto(f"{hall.url}/hotline/new")
    await page.fill("#content", WORDS)
    await page.fill("#title", "点了两次的工单")
    await page.fill("#address", "江北区云谷路 66 号")
    await page.evaluate("""() => { const b = document.querySelector('button[data-submit]'); b.click(); b.click() }""")
    await page.wait_for_selector(".done-box")

    with sqlite3.connect(hall.home / "hall.db") as database:
        (count,) = database.execute("SELECT count(*) FROM hotline_ticket WHERE title = '点了两次的工单'").fetchone()
    assert count == 1


async def test_a_call_is_logged_by_keyboard_alone(hall: Hall, browser: Browser) -> None:
    page = await signed_in(hall, browser, "operator")
    await page.goto(f"{hall.url}/hotline/new")
    await page.keyboard.press("Alt+p")
    await page.keyboard.type("13900002206")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/hotline/new?phone=*")
    for field, text in (("content", WORDS), ("title", "只用键盘登记"), ("address", "江北区云谷路 66 号")):
        for _ in range(60):
            if await page.evaluate("document.activeElement.id") == field:
                break
            await page.keyboard.press("Tab")
        else:
            raise AssertionError(f"{field} is not reached by Tab")
        await page.keyboard.type(text)
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector(".done-box")


async def test_who_decides_on_an_old_page_is_told_and_keeps_their_words(hall: Hall, browser: Browser) -> None:
    operator = await signed_in(hall, browser, "operator")
    await operator.goto(f"{hall.url}/hotline/new")
    no, _ = await log_a_call(operator, "两个人同时派单", WORDS)
    first, second = [await at_ticket(hall, browser, "dispatcher", no) for _ in range(2)]
    await act(first, "dispatch", {"#dispatch-lead": "SWJT"}, {"#dispatch-basis": "职责清单第三条"})

    form = second.locator("form[action$='/dispatch']")
    if not await form.locator("button[data-submit]").is_visible():
        await second.locator("details.move:has(form[action$='/dispatch']) > summary").click()
    await second.select_option("#dispatch-lead", "CGJ")
    await second.fill("#dispatch-basis", "我写的依据")
    async with second.expect_navigation() as answer:
        await form.locator("button[data-submit]").click()

    response = await answer.value
    assert response
    assert response.status == 409
    assert "工单现为" in await second.inner_text("main")


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/nowhere", 404, "没有找到"),
        ("/hotline/tickets/12345-20200101-000001-0", 200, "登录"),
        ("/hotline/answers/nothing", 404, "没有找到"),
        ("/search?sort=wrong", 422, "排序"),
    ],
)
async def test_a_page_that_refuses_helps(hall: Hall, browser: Browser, path: str, status: int, words: str) -> None:
    page = await signed_in(hall, browser, "", width=390)
    response = await page.goto(hall.url + path)

    assert response
    assert response.status == status
    assert words in await page.inner_text("main")
    assert await page.locator("a[href='/']").count()
    assert await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


async def test_somebody_elses_desk_says_which_right_is_missing(hall: Hall, browser: Browser) -> None:
    page = await signed_in(hall, browser, "visitor")
    response = await page.goto(f"{hall.url}/hotline/dispatch")
    assert response
    assert response.status == 403
    assert "“派发工单”的权限" in await page.inner_text("main")


async def test_what_is_forged_from_elsewhere_is_refused(hall: Hall, browser: Browser) -> None:
    page = await signed_in(hall, browser, "operator", script=True)
    await page.goto(f"{hall.url}/hotline/new")
    await page.fill("#content", WORDS)
    await page.fill("#title", "伪造的表单")
    await page.evaluate("document.querySelector('#call input[name=_csrf]').value = 'x'.repeat(40)")
    async with page.expect_navigation() as answer:
        await page.click("button[data-submit]")
    response = await answer.value
    assert response
    assert response.status == 403
    assert await page.input_value("#content") == WORDS, "what was typed is still there"


async def at_ticket(hall: Hall, browser: Browser, username: str, no: str) -> Page:
    page = await signed_in(hall, browser, username, script=False)
    await page.goto(f"{hall.url}/hotline/tickets/{no}")
    return page


def end_sessions(hall: Hall) -> None:
    """As time would; a process may remember a session for as long as it is allowed to."""
    with sqlite3.connect(hall.home / "hall.db", timeout=10) as database:
        database.execute("UPDATE kernel_session SET ends_at = '2020-01-01 00:00:00+00:00'")
    time.sleep(REMEMBERED_S)
