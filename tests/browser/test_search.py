"""Searching in a real browser: suggestions by keyboard, with an input method, without script; the pages it leads to."""

import os
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browsing import signed_in
from tests.halls import Hall

SHOT = os.environ.get("SHOTS", "")  # a folder to look at the pages in
BOX, OPTIONS = "#q", "ul.sugg [role=option]"
INDEXED_MS = 60_000


async def at_search(hall: Hall, browser: Browser, *, script: bool = True, width: int = 1280) -> Page:
    page = await signed_in(hall, browser, "", script=script, width=width)
    await page.goto(f"{hall.url}/search")
    return page


async def suggested(page: Page, words: str) -> None:
    """Typed sign by sign; the index of a new hall may need a moment."""
    for _ in range(INDEXED_MS // 2_000):
        await page.fill(BOX, "")
        await page.type(BOX, words)
        try:
            await expect(page.locator(OPTIONS).first).to_be_visible(timeout=2_000)
        except AssertionError:
            continue
        return
    raise AssertionError("nothing was suggested")


async def test_suggestions_are_walked_with_arrows_closed_with_escape_and_taken_with_enter(
    hall: Hall, browser: Browser
) -> None:
    page = await at_search(hall, browser)
    box = page.locator(BOX)
    await suggested(page, "公积金")
    await expect(box).to_have_attribute("role", "combobox")
    await expect(box).to_have_attribute("aria-expanded", "true")
    await page.keyboard.press("ArrowDown")
    first = page.locator(OPTIONS).first
    await expect(first).to_have_attribute("aria-selected", "true")
    await expect(box).to_have_attribute("aria-activedescendant", str(await first.get_attribute("id")))
    await page.keyboard.press("ArrowUp")
    assert await box.get_attribute("aria-activedescendant") is None, "above the first one stands in the box again"
    await page.keyboard.press("Escape")
    await expect(box).to_have_attribute("aria-expanded", "false")
    await expect(box).to_be_focused()
    assert await box.input_value() == "公积金", "what was typed stays"
    await page.keyboard.press("ArrowDown")
    title = await first.inner_text()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowUp")
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    assert await page.input_value(BOX) == title
    assert await page.locator(".hit").count() > 0
    await picture(page, "search-found")


async def test_ctrl_k_at_a_desk_leads_into_the_box(hall: Hall, browser: Browser) -> None:
    page = await signed_in(hall, browser, "operator")
    await page.goto(f"{hall.url}/hotline/new")
    async with page.expect_navigation():
        await page.keyboard.press("Control+k")
    await expect(page.locator(BOX)).to_be_focused()
    await page.keyboard.type("公积金")
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    assert await page.input_value(BOX) == "公积金"
    await expect(page.locator(BOX)).not_to_be_focused()


async def test_keys_of_an_input_method_choose_no_suggestion(hall: Hall, browser: Browser) -> None:
    page = await at_search(hall, browser)
    await suggested(page, "公积金")
    session = await page.context.new_cdp_session(page)
    await session.send("Input.imeSetComposition", {"text": "tiqu", "selectionStart": 4, "selectionEnd": 4})
    await page.evaluate(
        """() => { const box = document.querySelector('#q');
        for (const key of ['ArrowDown', 'Enter'])
          box.dispatchEvent(new KeyboardEvent('keydown', {key, isComposing: true, bubbles: true})) }"""
    )
    assert await page.locator("[aria-selected=true]").count() == 0
    assert page.url.endswith("/search"), "nothing was sent"


@pytest.mark.parametrize("width", [1280, 390])
async def test_without_script_a_search_is_a_plain_form_narrowed_by_links(
    hall: Hall, browser: Browser, width: int
) -> None:
    page = await at_search(hall, browser)
    await suggested(page, "公积金")  # the index is there
    page = await at_search(hall, browser, script=False, width=width)
    assert await page.locator("[role=combobox]").count() == 0
    await page.fill(BOX, "公积金")
    async with page.expect_navigation():
        await page.press(BOX, "Enter")
    async with page.expect_navigation():
        await page.locator(".facets .chip").first.click()
    chosen = page.locator(".chip.on")
    assert await chosen.count() == 1
    await picture(page, f"search-narrowed-{width}")
    async with page.expect_navigation():
        await chosen.click()
    assert await page.locator(".chip.on").count() == 0
    await page.goto(f"{hall.url}/search?q=魑魅魍魉 XQZ77")
    await picture(page, f"search-nothing-{width}")
    async with page.expect_navigation():
        await page.locator(".empty a[href^='/hotline/file']").click()
    assert await page.input_value("#title") == "魑魅魍魉 XQZ77"


@pytest.mark.parametrize("script", [True, False])
async def test_a_citizen_keeps_a_search_and_lets_go_of_it(hall: Hall, browser: Browser, script: bool) -> None:
    page = await signed_in(hall, browser, "citizen", script=script, width=390)
    await page.goto(f"{hall.url}/search?q=停水")
    async with page.expect_navigation():
        await page.click("form[action='/me/searches'] button")
    await expect(page.locator(".saved a").first).to_have_text("停水")
    await picture(page, f"saved-{script}")
    async with page.expect_navigation():
        await page.click("form[action$='/remove'] button")
    assert await page.locator(".saved").count() == 0


@pytest.mark.parametrize("width", [1280, 390])
async def test_a_policy_is_read_from_its_contents_without_script(hall: Hall, browser: Browser, width: int) -> None:
    page = await signed_in(hall, browser, "", script=False, width=width)
    await page.goto(f"{hall.url}/policies")
    await picture(page, f"policies-{width}")
    async with page.expect_navigation():
        await page.locator(".list a", has_text="延时办理").click()
    link = page.locator(".toc a").nth(1)
    target = str(await link.get_attribute("href"))
    await link.click()
    assert await page.locator(f"{target}:target").count() == 1
    await picture(page, f"policy-{width}")
    await page.emulate_media(media="print")
    assert not await page.locator("nav[aria-label=目录]").is_visible()
    assert await page.locator(".policy").is_visible()


async def picture(page: Page, name: str) -> None:
    if SHOT:
        await page.screenshot(path=Path(SHOT) / f"{name}.png", full_page=True)
