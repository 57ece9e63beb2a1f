"""The weekly brief by keyboard: from the figures to the published report, and from a number to its tickets."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browsing import Counted, signed_in
from tests.halls import Hall

WEEKLY_MAX = 5
BUSY_MS = 60_000


@pytest.mark.parametrize("start", ["/hotline/wall", "/hotline/kpi"])
async def test_the_weekly_brief_takes_five_keys_from_where_a_manager_works(
    hall: Hall, browser: Browser, start: str
) -> None:
    page = await signed_in(hall, browser, "manager" if start.endswith("wall") else "supervisor")
    await page.goto(f"{hall.url}{start}")
    keys = Counted(page)
    await follow(page, keys, "b")
    await follow(page, keys, "w")
    await expect(page.locator("[aria-current=true]")).to_contain_text("周报")
    await follow(page, keys, "Enter")
    if await page.locator("[data-submit]").count():  # the first of the two has published it
        assert await page.evaluate("document.activeElement.matches('[name=sha256]')"), (
            "what is to be ticked has the focus"
        )
        await keys.press("Space")
        await follow(page, keys, "Control+Enter")
        assert keys.count == WEEKLY_MAX
    await expect(page.locator(".sbar .st")).to_have_text("已发布")


async def follow(page: Page, keys: Counted, key: str) -> None:
    async with page.expect_navigation(timeout=BUSY_MS):
        await keys.press(key)
    await page.wait_for_load_state()


async def test_nothing_is_published_before_it_is_ticked_and_a_number_opens_its_tickets(
    hall: Hall, browser: Browser
) -> None:
    page = await signed_in(hall, browser, "manager")
    await page.goto(f"{hall.url}/oversight/reports?series=hotline_monthly")
    async with page.expect_navigation(timeout=BUSY_MS):
        await page.click("[data-key=enter]")
    await page.keyboard.press("Control+Enter")
    assert "待核对" in await page.inner_text(".sbar"), "the browser asks for the tick"
    link = page.locator("a[href^='/hotline/tickets?from=']").first
    many = int(await link.inner_text())
    async with page.expect_navigation():
        await link.click()
    rows = await page.locator("tr[data-row]").count()
    assert rows == min(many, 50)


async def test_without_script_a_brief_is_made_checked_and_published(hall: Hall, browser: Browser) -> None:
    page = await signed_in(hall, browser, "supervisor", script=False)
    await page.goto(f"{hall.url}/oversight/reports?series=hotline_daily")
    async with page.expect_navigation():
        await page.click("[data-key=enter]")
    assert await page.locator("svg.ch").count() >= 2
    assert await page.locator("svg.ch").count() <= await page.locator("main table").count()
    await page.check("[name=sha256]")
    await page.click("[data-submit]")
    assert "已发布" in await page.inner_text(".sbar")
