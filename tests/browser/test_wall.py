"""The wall in a real browser: it changes by itself, keeps what its reader opened, and is whole without script."""

import httpx
from playwright.async_api import Browser, expect

from tests.browsing import signed_in
from tests.calling import CALL
from tests.halls import Hall

REGISTERED = ".wall section:has(h2:text('今天登记')) .price a"


def filed(hall: Hall) -> None:
    answer = httpx.post(f"{hall.url}/api/v1/tickets", json=CALL, headers=hall.token("operator"), timeout=20)
    assert answer.status_code == 201


async def test_the_wall_changes_by_itself_and_an_opened_table_stays_open(hall: Hall, browser: Browser) -> None:
    hall.settle()
    page = await signed_in(hall, browser, "manager")
    wrong: list[str] = []
    page.on("pageerror", lambda problem: wrong.append(str(problem)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    await page.goto(f"{hall.url}/hotline/wall")
    await expect(page.locator("[data-live]")).to_have_text("实时更新", timeout=20_000)
    before = int(await page.inner_text(REGISTERED))
    await page.locator(".wall details summary").first.click()
    await page.locator(REGISTERED).first.focus()
    filed(hall)
    await expect(page.locator(REGISTERED)).to_have_text(str(before + 1), timeout=20_000)
    assert await page.locator(".wall details").first.get_attribute("open") is not None
    assert await page.evaluate("document.activeElement.matches('.wall .price a')"), "the focus stays"

    await page.click("[data-hold]")
    filed(hall)
    await page.wait_for_timeout(4_000)
    assert await page.inner_text(REGISTERED) == str(before + 1), "who stopped it isn't disturbed"
    await page.click("[data-hold]")
    await expect(page.locator(REGISTERED)).to_have_text(str(before + 2), timeout=20_000)
    assert wrong == []


async def test_a_line_that_broke_is_taken_up_again_by_the_page(hall: Hall, browser: Browser) -> None:
    page = await signed_in(hall, browser, "supervisor")
    await page.goto(f"{hall.url}/hotline/wall")
    await expect(page.locator("[data-live]")).to_have_text("实时更新", timeout=20_000)
    before = int(await page.inner_text(REGISTERED))
    hall.kill()
    await expect(page.locator("[data-live]")).to_have_text("连接断开，正在重连", timeout=20_000)
    hall.serve()
    filed(hall)
    await expect(page.locator("[data-live]")).to_have_text("实时更新", timeout=40_000)
    await expect(page.locator(REGISTERED)).to_have_text(str(before + 1), timeout=20_000)


async def test_without_script_the_wall_is_a_snapshot_with_its_time_and_a_way_to_reload(
    hall: Hall, browser: Browser
) -> None:
    page = await signed_in(hall, browser, "manager", script=False)
    await page.goto(f"{hall.url}/hotline/wall")
    before = int(await page.inner_text(REGISTERED))
    filed(hall)
    async with page.expect_navigation():
        await page.click("[data-live] a")
    assert int(await page.inner_text(REGISTERED)) == before + 1
    assert await page.locator("[data-hold]").is_hidden()
    assert await page.locator(".wall table").count() >= 4, "every chart has its table"
    async with page.expect_navigation():
        await page.locator(REGISTERED).click()
    rows = await page.locator("tr[data-row]").count()
    more = page.locator(".pager a:has-text('继续加载')")
    while await more.count():  # in the evening a day has more than one page of them
        async with page.expect_navigation():
            await more.click()
        rows += await page.locator("tr[data-row]").count()
    assert rows == before + 1
