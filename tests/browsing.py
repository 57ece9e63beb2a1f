"""The product in a real browser: who sits before it, and how they do a step of their work."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright

from tests.halls import PASSWORD, Hall, a_hall
from tests.servers import program

Filled = dict[str, str]  # selector → what is chosen or typed
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
]  # fmt: skip


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    home: Path = tmp_path_factory.mktemp("hall")
    with a_hall(home, demo=True) as hall:
        hall.serve()
        yield hall


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    chromium = program("chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        await browser.close()


async def act(page: Page, move: str, choices: Filled | None = None, texts: Filled | None = None) -> None:
    """Open the move's form, fill it, submit; the page that follows has a new version."""
    form = page.locator(f"form[action$='/{move}']")
    if not await form.locator("button[data-submit]").is_visible():
        await page.locator(f"details.move:has(form[action$='/{move}']) > summary").click()
    for selector, value in (choices or {}).items():
        await page.select_option(selector, value)
    for selector, value in (texts or {}).items():
        await page.fill(selector, value)
    async with page.expect_navigation():
        await form.locator("button[data-submit]").click()
    assert await page.locator(".errsum").count() == 0, await page.inner_text(".errsum")


async def signed_in(hall: Hall, browser: Browser, username: str, *, script: bool = True, width: int = 1366) -> Page:
    """In a context of its own; without a name nobody is signed in."""
    context = await browser.new_context(viewport={"width": width, "height": 768}, java_script_enabled=script)
    page = await context.new_page()
    if not username:
        return page
    await page.goto(f"{hall.url}/sign-in")
    await page.fill("#username", username)
    await page.fill("#password", PASSWORD)
    async with page.expect_navigation():
        await page.click("main form button.btn-l")
    await page.goto(f"{hall.url}/me")
    return page


async def log_a_call(page: Page, title: str, words: str) -> tuple[str, str]:
    """As an operator does, with the keyboard for the last step."""
    await page.goto(page.url.split("/hotline")[0] + "/hotline/new" if "/hotline" in page.url else page.url)
    await page.fill("#content", words)
    await page.fill("#title", title)
    await page.fill("#caller_name", "陈先生")
    await page.fill("#caller_phone", "139 0000 2206")
    await page.fill("#address", "江北区云谷路 66 号")
    await page.press("#address", "Control+Enter")
    await page.wait_for_selector(".done-box")
    return await page.inner_text(".done-box b.n"), await page.inner_text(".code-line")


class Counted:
    """Keys as somebody presses them: Tab and arrows count one each, a chord counts one, what is written doesn't."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    async def press(self, *names: str) -> None:
        for name in names:
            self.count += 1
            await self.page.keyboard.press(name)
