"""In, out, in again without the password, a company, a colleague, the data, and gone: with and without script."""

import asyncio
import json
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page
from stdnum.cn import ric, uscc

from kernel.people.sessions import REMEMBERED_S
from tests.browsing import signed_in
from tests.halls import PASSWORD, Hall

CODE = re.compile(r"验证码 (\d{6})")
SUBMIT, NEW = "main form .acts button", "quite another one"


@pytest.mark.parametrize("script", [False, True], ids=["without script", "with script"])
async def test_a_citizen_registers_recovers_opens_a_company_takes_the_data_and_leaves(
    hall: Hall, browser: Browser, script: bool
) -> None:
    await asyncio.to_thread(hall.settle)  # a new city's worker has much to deliver, and codes stand in the same line
    phone = f"1370000000{script:d}"
    page = await signed_in(hall, browser, "", script=script, width=390)
    await page.goto(f"{hall.url}/register")
    await by_code(hall, page, phone, {"#name": "赵小川", "#new": PASSWORD})
    await press(page, "form[action='/sign-out'] button")
    await page.goto(f"{hall.url}/recover")
    await by_code(hall, page, phone, {"#new": NEW})

    await at_the_window(hall, browser, phone, ric_of(f"1101051960123100{script:d}"))
    await asyncio.sleep(REMEMBERED_S)
    company = f"赵小川第{script:d}商贸有限公司"
    await page.goto(f"{hall.url}/me/companies/new")
    await fill(page, {"#uscc": uscc_of(f"91369900MA8K0000{script:d}"), "#name": company})
    await fill(page, {"#phone": "13900001002"})
    await a_colleague(hall, browser, await page.inner_text("#invitation"), company)
    await page.goto(f"{hall.url}/me/companies")
    await press(page, "form[action='/me/companies/act'] button.btn")
    assert f"代{company}办事" in await page.inner_text(".util")
    await press(page, ".util form[action='/me/companies/act'] button")

    await takes_the_data(hall, page, phone)
    await page.goto(f"{hall.url}/me/data/close")
    assert "移交负责人" in await refused(page, {"#password": NEW})
    await page.goto(f"{hall.url}/me/companies")
    await press(page, "main .list a")
    await press(page, "form[action$='/hand-over'] button")
    await page.goto(f"{hall.url}/me/data/close")
    await fill(page, {"#password": NEW})
    assert "帐号已注销" in await page.inner_text("h1")
    await page.goto(f"{hall.url}/me")
    assert "/sign-in" in page.url


async def by_code(hall: Hall, page: Page, phone: str, more: dict[str, str]) -> None:
    before = len(hall.console())
    await fill(page, {"#phone": phone})
    for _ in range(200):
        if found := CODE.findall(hall.console()[before:]):
            break
        await asyncio.sleep(0.1)
    await fill(page, {"#code": found[-1], **more})
    assert page.url == f"{hall.url}/me"


async def at_the_window(hall: Hall, browser: Browser, phone: str, number: str) -> None:
    clerk = await signed_in(hall, browser, "clerk", script=False)
    await clerk.goto(f"{hall.url}/window/citizens")
    await clerk.check("input[value=id_card]", force=True)
    await fill(clerk, {"#phone": phone, "#name": "赵小川", "#id_number": number})
    assert "实名等级为三级" in await clerk.inner_text("main")


async def a_colleague(hall: Hall, browser: Browser, code: str, company: str) -> None:
    colleague = await signed_in(hall, browser, "citizen2", script=False)
    await colleague.goto(f"{hall.url}/me/companies/join")
    await fill(colleague, {"#code": code})
    assert await colleague.inner_text("h1") == company


async def takes_the_data(hall: Hall, page: Page, phone: str) -> None:
    await page.goto(f"{hall.url}/me/data")
    async with page.expect_download() as download:
        await page.click("form[action='/me/data/download'] button")
    told = json.loads(read(await (await download.value).path()))
    assert told["data"]["account"]["rows"][0]["手机号"] == phone


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


async def fill(page: Page, texts: dict[str, str]) -> None:
    for selector, value in texts.items():
        await page.fill(selector, value)
    await press(page, SUBMIT)


async def refused(page: Page, texts: dict[str, str]) -> str:
    for selector, value in texts.items():
        await page.fill(selector, value)
    async with page.expect_navigation():
        await page.click(SUBMIT)
    return await page.inner_text(".errsum")


async def press(page: Page, button: str) -> None:
    async with page.expect_navigation():
        await page.locator(button).first.click()
    assert await page.locator(".errsum").count() == 0, await page.inner_text(".errsum")


def ric_of(digits: str) -> str:
    return digits + str(ric.calc_check_digit(digits + "0"))


def uscc_of(signs: str) -> str:
    return signs + str(uscc.calc_check_digit(signs))
