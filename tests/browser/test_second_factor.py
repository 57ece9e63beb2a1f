"""A clerk's first day on a telephone's width: a password, a code, and once more before a grave act; keyboard only."""

import json

import pyotp
import pytest
from playwright.async_api import Browser, Page

from tests.browser.test_every_page import problems
from tests.browsing import signed_in
from tests.halls import Hall

OWN = "zebra umbrella kiosk 77"
QR_PX_MAX, WIDTH = 260, 390


@pytest.fixture(params=[False, True], ids=["without script", "with script"])
async def page(request: pytest.FixtureRequest, hall: Hall, browser: Browser) -> Page:
    return await signed_in(hall, browser, "", script=request.param, width=WIDTH)


async def test_a_code_is_set_up_asked_for_at_the_next_sign_in_and_once_more_before_a_grave_act(
    hall: Hall, page: Page, request: pytest.FixtureRequest
) -> None:
    scripted = "without" not in request.node.name
    name = f"clerk.{'script' if scripted else 'bare'}"
    added = hall.run("user", "add", name, "--name", "凌新", "--org", "SWJT", "--role", "operator", "--json")
    first = json.loads(added.stdout)["password"]
    await page.goto(f"{hall.url}/sign-in")
    await enter(page, {"#username": name, "#password": first})
    assert page.url.endswith("/me/password")
    await enter(page, {"#old": first, "#new": OWN})
    await page.goto(f"{hall.url}/me/sessions")
    assert page.url.endswith("/me/second-factor"), "nothing else opens"
    box = await page.locator(".qr-box svg").bounding_box()
    assert box is not None
    assert 150 <= box["width"] <= QR_PX_MAX
    await well_made(page, "设置动态码", scripted)

    totp = pyotp.TOTP(await page.inner_text(".code-line"))
    await enter(page, {"#code": totp.now()})
    codes = await page.locator("main code").all_inner_texts()
    assert len(codes) == 10
    await well_made(page, "请抄存恢复码", scripted)

    await page.locator("form[action='/sign-out'] button").press("Enter")
    await page.goto(f"{hall.url}/sign-in")
    await enter(page, {"#username": name, "#password": OWN})
    await well_made(page, "第二步验证", scripted)
    await enter(page, {"#code": codes[0]})
    await page.goto(f"{hall.url}/step-up?next=/me/sessions")
    await well_made(page, "再次确认身份", scripted)
    await enter(page, {"#password": OWN, "#code": codes[1]})
    assert page.url.endswith("/me/sessions")


async def enter(page: Page, texts: dict[str, str]) -> None:
    """Typed, and sent with the return key of the last field."""
    for selector, text in texts.items():
        await page.locator(selector).focus()
        await page.keyboard.type(text)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")


async def well_made(page: Page, title: str, scripted: bool) -> None:
    """The page that we mean: nothing stands out over the edge; axe, itself a script, finds nothing."""
    assert title in await page.inner_text("h1")
    assert await page.evaluate("document.documentElement.scrollWidth") <= WIDTH
    assert not scripted or await problems(page) == []
