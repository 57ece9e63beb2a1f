"""A photograph goes with a complaint, from a telephone: with script in parts, without it with the form."""

import asyncio
import io
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Browser, FilePayload, Page, Request, Route

from tests.browsing import signed_in
from tests.halls import Hall
from tests.kernel.test_files_recognise import picture

LINES = b"2026-11-19 18:00 no water\n" * 100_000  # 2.6 MB: three parts
PART = 2**20
REMEMBERED = "Object.keys(sessionStorage).filter(name => name.startsWith('upload:'))"
EXPIRED = """() => { for (const [name, kept] of Object.entries(sessionStorage)) if (name.startsWith('upload:'))
  sessionStorage.setItem(name, kept.replace(/[0-9a-f]{32}/, '0'.repeat(32))) }"""


@pytest.mark.parametrize("script", [False, True], ids=["without script", "with script"])
async def test_a_citizen_without_an_account_files_with_a_photograph_and_sees_it_again(
    hall: Hall, browser: Browser, script: bool
) -> None:
    page = await signed_in(hall, browser, "", script=script, width=390)
    await page.goto(f"{hall.url}/hotline/file")
    sent: list[FilePayload] = [
        {"name": "门口.png", "mimeType": "image/png", "buffer": picture("PNG")},
        {"name": "经过.txt", "mimeType": "text/plain", "buffer": LINES},
    ]
    await page.set_input_files("#_files", sent)
    if script:
        await page.locator("[data-files] input[name=_file]").nth(1).wait_for()
        assert await page.input_value("#_files") == ""
    await page.fill("#title", "小区门口的路灯不亮")
    await page.fill("#content", "云谷家园东门的路灯三天没有亮，晚上看不清路。")
    async with page.expect_navigation():
        await page.click("button[data-submit]")
    assert await page.locator(".errsum").count() == 0, await page.inner_text("main")
    told = await page.inner_text("main")
    no, code = re.findall(r"12345-[\d-]+\d", told)[0], re.findall(r"[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}", told)[0]
    await shows_them(hall, page, no, code)
    desk = await signed_in(hall, browser, "operator", width=1366)
    await desk.goto(f"{hall.url}/hotline/tickets/{no}")
    assert "经过.txt" in await desk.inner_text("main")


@pytest.mark.parametrize("who", ["", "citizen"], ids=["without an account", "signed in"])
async def test_an_upload_goes_on_over_a_reloaded_page_where_it_was(
    hall: Hall, browser: Browser, tmp_path: Path, who: str
) -> None:
    page, sent = await signed_in(hall, browser, who), a_file(tmp_path)
    calls = await broken_off(hall, page, sent)
    assert calls == ["POST ", "PUT 0", f"PUT {PART}"]
    await page.reload()
    await page.unroute_all()
    calls.clear()

    await page.set_input_files("#_files", sent)
    await page.locator("[data-files] input[name=_file]").wait_for()
    assert calls == [f"PUT {PART}", f"PUT {2 * PART}", "POST complete"], "the first part isn't sent again"
    assert await page.evaluate(REMEMBERED) == []

    await page.fill("#title", "小区门口的路灯不亮")
    await page.fill("#content", "云谷家园东门的路灯三天没有亮，晚上看不清路。")
    async with page.expect_navigation():
        await page.click("button[data-submit]")
    no = re.findall(r"12345-[\d-]+\d", await page.inner_text("main"))[0]
    desk = await signed_in(hall, browser, "operator")
    await desk.goto(f"{hall.url}/hotline/tickets/{no}")
    assert sent.name in await desk.inner_text("main")


async def test_an_upload_that_has_expired_begins_anew_and_none_outlives_the_sign_out(
    hall: Hall, browser: Browser, tmp_path: Path
) -> None:
    page, sent = await signed_in(hall, browser, "citizen"), a_file(tmp_path)
    calls = await broken_off(hall, page, sent)
    await page.reload()
    await page.unroute_all()
    assert len(await page.evaluate(REMEMBERED)) == 1
    await page.evaluate(EXPIRED)
    calls.clear()
    await page.set_input_files("#_files", sent)
    await page.locator("[data-files] input[name=_file]").wait_for()
    assert calls == ["POST ", "PUT 0", f"PUT {PART}", f"PUT {2 * PART}", "POST complete"]

    await broken_off(hall, page, sent)
    await page.reload()
    await page.unroute_all()
    assert len(await page.evaluate(REMEMBERED)) == 1
    await page.locator("form[action='/sign-out'] button").first.press("Enter")
    await page.wait_for_url(lambda url: "/hotline/file" not in url)
    assert await page.evaluate(REMEMBERED) == []


def a_file(folder: Path) -> Path:
    """On the disk: a file has been changed at some time, the same one after a reload."""
    folder.joinpath("经过.txt").write_bytes(LINES)
    return folder / "经过.txt"


async def broken_off(hall: Hall, page: Page, sent: Path) -> list[str]:
    """An upload whose second part never arrives; what the page asks from now on to write."""
    calls: list[str] = []

    def note(request: Request) -> None:
        if "/files/uploads" in request.url and request.method != "GET":
            calls.append(f"{request.method} {re.split('offset=|uploads/?|/', request.url)[-1]}")

    async def second_is_lost(route: Route) -> None:
        if not route.request.url.endswith("offset=0"):
            lost.set()
            return
        await route.continue_()

    lost = asyncio.Event()
    page.on("request", note)
    await page.route("**/files/uploads/*?offset=*", second_is_lost)
    await page.goto(f"{hall.url}/hotline/file")
    await page.set_input_files("#_files", sent)
    await asyncio.wait_for(lost.wait(), 20)
    return calls


async def shows_them(hall: Hall, page: Page, no: str, code: str) -> None:
    """The picture stands there once it has been made anew."""
    for _ in range(8):  # a number may be asked for ten times an hour
        await page.goto(f"{hall.url}/hotline/track")
        await page.fill("#no", no)
        await page.fill("#code", code)
        async with page.expect_navigation():
            await page.click("main button.btn")
        if await page.locator("main img").count():
            break
        await page.wait_for_timeout(1_000)
    await page.locator("main img").scroll_into_view_if_needed()
    link = await page.locator("main img").get_attribute("src")
    answer = await page.request.get(f"{hall.url}{link}")
    seen, sent = Image.open(io.BytesIO(await answer.body())), Image.open(io.BytesIO(picture("PNG")))
    assert (answer.status, seen.size) == (200, sent.size)
    link = await page.locator("main a:has-text('经过.txt')").get_attribute("href")
    assert await (await page.request.get(f"{hall.url}{link}")).body() == LINES
    assert await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
