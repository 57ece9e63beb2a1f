"""A document in a real browser: one sheet of A4, and everything without script."""

import subprocess
from pathlib import Path

from playwright.async_api import Browser

from tests.browsing import signed_in
from tests.halls import Hall


async def test_the_paper_prints_on_one_sheet_of_a4(hall: Hall, browser: Browser, tmp_path: Path) -> None:
    page = await signed_in(hall, browser, "visitor")
    await page.goto(f"{hall.url}/notices")
    async with page.expect_navigation():
        await page.locator("main a[href^='/notices/']").last.click()
    await page.pdf(path=tmp_path / "paper.pdf", prefer_css_page_size=True)
    told = subprocess.run(  # noqa: ASYNC221
        ["pdfinfo", tmp_path / "paper.pdf"], capture_output=True, text=True, check=True, timeout=20
    )  # fmt: skip
    assert "Pages:           1\n" in told.stdout
    assert "(A4)" in told.stdout


async def test_three_hands_and_a_receipt_without_script(hall: Hall, browser: Browser) -> None:
    clerk = await signed_in(hall, browser, "visitor", script=False)
    await clerk.goto(f"{hall.url}/notices")
    async with clerk.expect_navigation():
        await clerk.locator("main a[href^='/notices/']").first.click()
    paper = clerk.url
    await clerk.click("summary:has-text('申请用印')")
    async with clerk.expect_navigation():
        await clerk.click("form[action$='/ask-seal'] button")
    assert "用印事由至少 2 个字" in await clerk.inner_text(".field.has-err")
    await clerk.fill("#ask-seal-purpose", "出具答复")
    async with clerk.expect_navigation():
        await clerk.click("form[action$='/ask-seal'] button")
    for name, move in (("manager", "approve"), ("issuer", "imprint")):
        page = await signed_in(hall, browser, name, script=False)
        await page.goto(f"{hall.url}/seals")
        async with page.expect_navigation():
            await page.locator(f"form[action$='/{move}'] button").last.click()
        assert await page.locator(".errsum").count() == 0, await page.inner_text(".errsum")
    await clerk.goto(paper)
    async with clerk.expect_navigation():
        await clerk.click("form[action$='/issue'] button")
    await clerk.click("summary:has-text('登记送达')")
    await clerk.check("input[name=how][value=post]")
    await clerk.fill("#deliver-to", "陈晓明")
    await clerk.fill("#deliver-proof", "挂号信 XA123")
    async with clerk.expect_navigation():
        await clerk.click("form[action$='/deliver'] button")
    assert "已送达" in await clerk.inner_text("main")
