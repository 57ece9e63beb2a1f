"""Every row of the table of key counts beyond the operator's desk, pressed and counted in a real browser."""

import re

from playwright.async_api import Browser, Page, expect

from tests.browsing import Counted, act, log_a_call, signed_in
from tests.halls import Hall

WORDS = "云谷家园停水两天，没有人通知，请尽快抢修恢复供水。"


async def logged(hall: Hall, browser: Browser, title: str) -> str:
    operator = await signed_in(hall, browser, "operator")
    await operator.goto(f"{hall.url}/hotline/new")
    no, _ = await log_a_call(operator, title, WORDS)
    await operator.context.close()
    return no


async def at_desk(hall: Hall, browser: Browser, who: str, address: str) -> tuple[Page, Counted]:
    page = await signed_in(hall, browser, who)
    await page.goto(f"{hall.url}{address}")
    return page, Counted(page)


async def sent(page: Page, keys: Counted, name: str) -> None:
    async with page.expect_navigation():
        await keys.press(name)
    assert await page.locator(".errsum").count() == 0, await page.inner_text(".errsum")


async def at_agency(hall: Hall, browser: Browser, title: str, *, signed: bool) -> tuple[Page, Counted, str]:
    """A ticket that has just been dispatched to the agency, open on its desk."""
    no = await logged(hall, browser, title)
    dispatcher = await signed_in(hall, browser, "dispatcher")
    await dispatcher.goto(f"{hall.url}/hotline/tickets/{no}")
    await act(dispatcher, "dispatch", {"#dispatch-lead": "SWJT"}, {"#dispatch-basis": "职责清单第三条"})
    await dispatcher.context.close()
    page = await signed_in(hall, browser, "agency")
    await page.goto(f"{hall.url}/hotline/tickets/{no}")
    if signed:
        await act(page, "sign")
    await page.goto(f"{hall.url}/hotline/agency?q={no}")
    return page, Counted(page), no


async def test_the_top_proposal_is_accepted_with_one_key_and_the_next_ticket_follows(
    hall: Hall, browser: Browser
) -> None:
    page, keys = await at_desk(hall, browser, "dispatcher", "/hotline/dispatch")
    first = await page.inner_text("#one h2")
    await expect(page.locator("#one [data-key=enter]")).to_be_visible()
    await sent(page, keys, "Enter")
    assert keys.count == 1
    assert await page.inner_text("#one h2") != first


async def test_n_identical_ones_are_dispatched_with_n_and_three_keys_and_seen_before(
    hall: Hall, browser: Browser
) -> None:
    for n in range(3):
        await logged(hall, browser, f"云谷家园停水第{'一二三'[n]}件")
    page, keys = await at_desk(hall, browser, "dispatcher", "/hotline/dispatch?q=云谷家园停水第")
    await keys.press("Space", "Space", "Space")
    assert await page.locator(".pick:checked").count() == 3
    await expect(page.locator("#batch")).to_be_visible()
    await sent(page, keys, "Enter")
    assert await page.locator("input[name=row]:checked").count() == 3, "where each would go, before anything is done"
    await sent(page, keys, "Enter")
    assert "办成 3 件" in await page.inner_text(".done-box")
    assert keys.count <= 3 + 3


async def test_another_agency_and_a_co_handler_are_found_by_initials_within_nine_keys(
    hall: Hall, browser: Browser
) -> None:
    no = await logged(hall, browser, "派给另一个单位的一件")
    page, keys = await at_desk(hall, browser, "dispatcher", f"/hotline/dispatch?q={no}")
    await keys.press("/", "c", "g", "Enter")
    await expect(page.locator("#dispatch-lead")).not_to_have_value("SWJT")
    await keys.press("+", "s", "w", "Enter")
    await expect(page.locator("#dispatch-assist-l")).to_contain_text("已选")
    assert await page.eval_on_selector("#dispatch-assist", "e => e.selectedOptions.length") == 1
    assert (await page.input_value("#dispatch-basis")).startswith("派单员选定：")
    await sent(page, keys, "Control+Enter")
    assert keys.count <= 9
    await page.goto(f"{hall.url}/hotline/tickets/{no}")
    assert "协办" in await page.inner_text("main")


async def test_all_new_ones_are_signed_with_three_keys(hall: Hall, browser: Browser) -> None:
    page, keys = await at_desk(hall, browser, "agency2", "/hotline/agency?show=new")
    waiting = await page.locator(".pick").count()
    assert waiting > 1
    await keys.press("Control+a", "s")
    await sent(page, keys, "Enter")
    assert keys.count <= 3
    assert f"办成 {waiting} 件" in await page.inner_text(".done-box")


async def test_an_objection_is_raised_within_seven_keys(hall: Hall, browser: Browser) -> None:
    page, keys, no = await at_agency(hall, browser, "不归我们管的一件", signed=False)
    await keys.press("x", "2")
    assert await page.evaluate("document.activeElement.id") == "object-basis"
    await page.keyboard.type("属地在高新区，见区划代码表")
    await sent(page, keys, "Control+Enter")
    assert keys.count <= 7
    await page.goto(f"{hall.url}/hotline/tickets/{no}")
    assert "属地不符" in await page.inner_text("main")


async def test_more_time_is_asked_for_within_four_keys(hall: Hall, browser: Browser) -> None:
    page, keys, no = await at_agency(hall, browser, "要多几天的一件", signed=True)
    await act(page, "contact", {}, {"#contact-summary": "已告知诉求人进展。"})
    await page.goto(f"{hall.url}/hotline/agency?q={no}")
    await keys.press("e", "2", "Tab")
    await page.keyboard.type("已开挖，等待配件到货")
    await sent(page, keys, "Control+Enter")
    assert keys.count <= 4
    await page.goto(f"{hall.url}/hotline/tickets/{no}")
    assert "待批延期 2 个工作日" in await page.inner_text("main")


async def test_a_reply_is_sent_within_seven_keys_and_begins_with_a_phrase(hall: Hall, browser: Browser) -> None:
    page, keys, no = await at_agency(hall, browser, "答复得快的一件", signed=True)
    await act(page, "contact", {}, {"#contact-summary": "已电话联系，说明安排。"})
    await page.goto(f"{hall.url}/hotline/agency?q={no}")
    await keys.press("r", "1", "/", "y", "b", "Enter")
    await expect(page.locator("#reply-body")).to_have_value(re.compile("办理完毕"))
    await page.fill("#reply-body", "您好，水管已于今天上午抢修完毕，恢复供水。")
    await sent(page, keys, "Control+Enter")
    assert keys.count <= 7


async def test_a_reply_passes_with_one_key_and_goes_back_with_three(hall: Hall, browser: Browser) -> None:
    page, keys = await at_desk(hall, browser, "reviewer", "/hotline/review")
    first = await page.inner_text("#one h2")
    await sent(page, keys, "y")
    assert keys.count == 1
    assert await page.inner_text("#one h2") != first
    second, keys = await page.get_attribute("#one h2 a", "href"), Counted(page)
    await keys.press("n", "3")
    await sent(page, keys, "Control+Enter")
    assert keys.count == 3
    await page.goto(f"{hall.url}{second}")
    assert "没有写明依据" in await page.inner_text("main") or "退回补办" in await page.inner_text("main")


async def test_a_proposed_refusal_is_typed_from_the_desk_agreed_with_one_key_and_denied_with_one(
    hall: Hall, browser: Browser
) -> None:
    operator, keys = await at_desk(hall, browser, "operator", "/hotline/new")
    for title in ("对判决不服的第一件", "对判决不服的第二件"):
        for field, told in (("content", WORDS), ("title", title), ("address", "江北区云谷路 66 号")):
            await operator.fill(f"#{field}", told)
        keys = Counted(operator)
        await keys.press("Alt+b", "ArrowDown", "Tab")
        await operator.keyboard.type("对判决不服的，请依法上诉或申请再审。")
        await sent(operator, keys, "Control+Enter")
        assert keys.count == 4
        await expect(operator.locator(".done-box")).to_contain_text("等值班长决定")
    page, keys = await at_desk(hall, browser, "shiftlead", "/hotline/refusing?q=对判决不服的")
    assert await page.inner_text("#one h2") == "对判决不服的第一件"
    await sent(page, keys, "y")
    await page.goto(f"{hall.url}/hotline/refusing?q=对判决不服的")
    assert await page.inner_text("#one h2") == "对判决不服的第二件"
    denied = await page.get_attribute("#one h2 a", "href")
    await sent(page, keys, "n")
    assert keys.count == 2
    await page.goto(f"{hall.url}{denied}")
    assert "待派单" in await page.inner_text(".sbar")


async def test_a_return_visit_is_recorded_within_five_keys(hall: Hall, browser: Browser) -> None:
    page, keys = await at_desk(hall, browser, "visitor", "/hotline/visit")
    await page.locator("#one summary[data-key=d]").wait_for()
    no = await page.get_attribute("#one h2 a", "href")
    await keys.press("d", "1", "1")
    await sent(page, keys, "Enter")
    assert keys.count <= 5
    await page.goto(f"{hall.url}{no}")
    assert "回访" in await page.inner_text("main")


async def test_many_tickets_become_one_matter_within_five_keys(hall: Hall, browser: Browser) -> None:
    for n in range(4):
        await logged(hall, browser, f"望江大桥施工噪声第{'一二三四'[n]}件")
    page, keys = await at_desk(hall, browser, "dispatcher", "/hotline/dispatch")
    await keys.press("f")
    await page.keyboard.type("望江大桥施工噪声")
    async with page.expect_navigation():
        await keys.press("Enter")
    await keys.press("Control+a", "m")
    await page.keyboard.type("望江大桥夜间施工噪声")
    await sent(page, keys, "Control+Enter")
    assert keys.count <= 5
