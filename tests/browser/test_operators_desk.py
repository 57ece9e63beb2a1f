"""The operator's desk by keyboard: what rings pops, what is typed is split and kept, and keys are counted."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from kernel.secrets import signed_request
from tests.browsing import Counted, signed_in
from tests.halls import Hall, a_hall

KEY = "exchange's key"
WORDS = "云谷路 66 号云谷家园，今天早上 8 点左右开始停水，希望尽快恢复供水。"


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    home: Path = tmp_path_factory.mktemp("hall")
    (home / "cti").write_text(KEY)
    with a_hall(home, demo=True, SUNHALL_CTI_SECRET_FILE=str(home / "cti")) as hall:
        hall.serve()
        yield hall


def ring(hall: Hall, call: str, number: str = "13900002299", event: str = "newCall") -> None:
    sent = {"event": event, "callId": call, "from": number, "to": "12345", "user": "operator"}
    headers = signed_request(KEY, sent, at=datetime.now(UTC))
    assert httpx.post(f"{hall.url}/api/v1/cti", json=sent, headers=headers, timeout=20).status_code == 200


async def popped(hall: Hall, page: Page, call: str, number: str = "13900002299") -> None:
    await page.goto(f"{hall.url}/hotline/new")
    ring(hall, call, number)
    await page.wait_for_url("**/hotline/new?call=*")


async def answer(page: Page, keys: Counted) -> None:
    async with page.expect_navigation():
        await keys.press("F2")
    await page.wait_for_selector("[data-row]:focus, #content:focus")


async def test_a_complaint_is_taken_from_the_ring_on_within_twelve_keys(hall: Hall, browser: Browser) -> None:
    page = await signed_in(hall, browser, "operator")
    await popped(hall, page, "a1")
    keys = Counted(page)
    await answer(page, keys)
    await page.keyboard.type(WORDS)
    await expect(page.locator("#address")).to_have_value("云谷路 66 号云谷家园")
    await expect(page.locator("[data-list=agencies] button")).to_have_count(1)
    await keys.press("Alt+1", "Alt+4", "Alt+a")
    assert await page.input_value("#category")
    assert await page.input_value("#advised")
    assert await page.evaluate("document.activeElement.id") == "address"
    await keys.press("Control+Enter")
    await page.wait_for_selector(".done-box")
    assert keys.count <= 12
    await keys.press("F9")
    await page.wait_for_url("**/hotline/new")
    assert not await page.locator("[data-key=f9]").count()


async def test_the_desk_says_when_a_call_is_answered_and_over_and_any_other_page_that_one_rings(
    hall: Hall, browser: Browser
) -> None:
    page = await signed_in(hall, browser, "operator")
    await page.goto(f"{hall.url}/hotline/tickets")
    ring(hall, "a2")
    await expect(page.locator(".bar nav [role=status]")).to_have_text("正在响铃")
    await page.keyboard.press("F2")
    await page.wait_for_url("**/hotline/new")
    state = page.locator("[data-call]")
    await expect(state).to_have_text("正在响铃")
    ring(hall, "a2", event="answer")
    await expect(state).to_have_text("通话中")
    ring(hall, "a2", event="hangup")
    await expect(state).to_have_text("已挂断")


async def test_a_known_caller_urges_within_three_keys_and_asks_how_it_stands_within_four(
    hall: Hall, browser: Browser
) -> None:
    page = await signed_in(hall, browser, "operator")
    await popped(hall, page, "b1")
    assert await page.evaluate("document.activeElement.matches('[data-row]')"), "the open ticket has the focus"
    keys = Counted(page)
    await answer(page, keys)
    await page.wait_for_selector("[data-row]:focus")
    await keys.press("u")
    await keys.press("Control+Enter")
    await page.wait_for_load_state()
    assert keys.count <= 3
    await expect(page.locator("[data-row]:first-child")).to_contain_text("已催办 1 次")

    keys = Counted(page)
    await answer(page, keys)
    await page.wait_for_selector("[data-row]:focus")
    await keys.press("ArrowDown", "Space")
    await expect(page.get_by_text("应于").first).to_be_visible()
    await keys.press("F9")
    await page.wait_for_url("**/hotline/new")
    assert keys.count <= 4


async def test_a_duplicate_is_joined_within_six_keys(hall: Hall, browser: Browser) -> None:
    page = await signed_in(hall, browser, "operator")
    await popped(hall, page, "c1")
    keys = Counted(page)
    await answer(page, keys)
    await page.wait_for_selector("[data-row]:focus")
    await keys.press("n")
    await page.keyboard.type("云谷家园又停水了，请尽快恢复供水。")
    await page.wait_for_selector("#dups button")
    await keys.press("Alt+d", "1", "Control+Enter")
    await page.wait_for_selector(".done-box")
    assert "已并单" in await page.inner_text(".done-box")
    assert keys.count <= 6


async def test_a_consult_is_answered_from_the_knowledge_base_within_seven_keys(hall: Hall, browser: Browser) -> None:
    page = await signed_in(hall, browser, "operator")
    await popped(hall, page, "d1", "13900002297")
    found = (await page.request.get(f"{hall.url}/api/v1/knowledge?q=yajzz&limit=1")).ok
    assert found
    keys = Counted(page)
    await answer(page, keys)
    await page.keyboard.type("请问水费突然变高了怎么查，怎样申请校验水表？")
    await expect(page.locator("#title")).not_to_have_value("")
    await keys.press("Alt+/")
    for letter in "sft":
        await keys.press(letter)
    await page.wait_for_selector("#articles .top")
    await keys.press("Enter")
    await expect(page.locator("#answer")).not_to_have_value("")
    assert "@" in await page.input_value("[name=article]")
    await keys.press("Control+Enter")
    await page.wait_for_selector(".done-box")
    assert "已办结" in await page.inner_text(".done-box")
    assert keys.count <= 7


async def test_an_emergency_is_handed_over_with_two_keys_from_the_middle_of_a_word(
    hall: Hall, browser: Browser
) -> None:
    page = await signed_in(hall, browser, "operator")
    await page.goto(f"{hall.url}/hotline/new?phone=13900002296")
    await page.fill("#content", "楼道里有")
    await page.focus("#content")
    keys = Counted(page)
    await keys.press("F8", "2")
    await page.wait_for_selector(".done-box")
    assert keys.count == 2
    await page.click(".done-box a")
    await page.wait_for_load_state()
    assert "楼道里有" in await page.inner_text("main")


async def test_while_a_word_is_being_composed_no_key_does_anything(hall: Hall, browser: Browser) -> None:
    """Chromium's own input method events, not made ones: the keys of a composition carry code 229."""
    page = await signed_in(hall, browser, "operator")
    await page.goto(f"{hall.url}/hotline/new?phone=13900002295")
    await page.focus("#content")
    wire = await page.context.new_cdp_session(page)
    await page.evaluate("""() => { window.fired = [];
      for (const one of document.querySelectorAll('[data-key]')) one.addEventListener('click', e => {
        fired.push(one.dataset.key); e.preventDefault() });
      document.getElementById('call').addEventListener('submit', e => { fired.push('submit'); e.preventDefault() });
    }""")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await wire.send("Input.imeSetComposition", {"text": "ting shui", "selectionStart": 9, "selectionEnd": 9})
    for key, code, modifiers in (("1", 49, 1), ("F8", 119, 0), ("Enter", 13, 2), ("Enter", 13, 0), ("/", 191, 1)):
        told = {"type": "rawKeyDown", "key": key, "modifiers": modifiers, "windowsVirtualKeyCode": 229}
        await wire.send("Input.dispatchKeyEvent", told | {"nativeVirtualKeyCode": code})
    assert await page.evaluate("fired") == []
    assert await page.evaluate("document.activeElement.id") == "content", "not even the focus moves"
    assert not [url for url in asked if "/suggest" in url or "/elements" in url], "nothing is asked about half a word"
    async with page.expect_request("**/api/v1/suggest"):
        await wire.send("Input.insertText", {"text": "停水了"})
    assert await page.input_value("#content") == "停水了"
    await page.keyboard.press("Control+Enter")
    assert await page.evaluate("fired") == ["submit"]


async def test_single_letters_act_outside_text_only_and_no_key_is_the_browsers_own(
    hall: Hall, browser: Browser
) -> None:
    page = await signed_in(hall, browser, "operator")
    await page.goto(f"{hall.url}/hotline/new?phone=13900002299")
    await page.focus("#content")
    await page.keyboard.type("u w n + / 1 2 3")
    assert await page.input_value("#content") == "u w n + / 1 2 3"
    await page.keyboard.press("Control+a")
    await page.keyboard.type("x")
    assert await page.input_value("#content") == "x", "in a text it selects the text"
    owned = {"ctrl+t", "ctrl+w", "ctrl+n", "ctrl+r", "ctrl+l", "ctrl+p", "ctrl+s", "f3", "f5", "f6", "f7", "f10", "f11"}
    used = await page.evaluate("[...document.querySelectorAll('[data-key]')].map(e => e.dataset.key)")
    assert not owned & {*used, "f12", "alt+f4", "alt+arrowleft"} & {*used}
    unseen = await page.evaluate("""[...document.querySelectorAll('[data-key]')].filter(e => {
      const shut = e.closest('details:not([open])'); if (shut && e.tagName !== 'SUMMARY') return false;
      return !e.checkVisibility() && !e.closest('[hidden], template') }).map(e => e.outerHTML.slice(0, 80))""")
    assert unseen == [], "every key has a button that is seen"


async def test_what_is_typed_survives_a_lost_network_and_a_call_that_rings_meanwhile(
    hall: Hall, browser: Browser
) -> None:
    page: Page = await signed_in(hall, browser, "operator")
    await page.goto(f"{hall.url}/hotline/new?phone=13900002298")
    await page.fill("#content", WORDS)
    await expect(page.locator("[data-saved]")).to_contain_text("已保存")
    await page.context.set_offline(True)
    await page.focus("#content")
    await page.keyboard.press("End")
    await page.keyboard.type("家里有老人。")
    await expect(page.locator("[data-saved]")).to_contain_text("内容留在这台电脑")
    assert WORDS in json.dumps(await page.evaluate("({...localStorage})"), ensure_ascii=False)
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("[data-saved]")).to_contain_text("还没有登记")
    assert await page.input_value("#content") == WORDS + "家里有老人。", "the page stays, and what is attached to it"
    await page.context.set_offline(False)
    await expect(page.locator("[data-saved]")).to_contain_text("已保存")
    assert await page.evaluate("localStorage.length") == 0, "what the hall has doesn't stay in the browser"
    ring(hall, "e1")
    await page.wait_for_selector("[data-pop]:not([hidden])")
    assert await page.input_value("#content") == WORDS + "家里有老人。"
    ring(hall, "e1", event="hangup")
    await page.reload()
    assert await page.input_value("#content") == WORDS + "家里有老人。"


async def test_a_browser_that_dies_loses_nothing_and_another_desk_goes_on(hall: Hall, browser: Browser) -> None:
    first = await signed_in(hall, browser, "shiftlead")
    await first.goto(f"{hall.url}/hotline/new")
    await first.fill("#content", "电就在这时断了，写到一半的话不能丢。")
    await expect(first.locator("[data-saved]")).to_contain_text("已保存")
    await first.context.close()

    other = await signed_in(hall, browser, "shiftlead")
    await other.goto(f"{hall.url}/hotline/new")
    assert await other.input_value("#content") == "电就在这时断了，写到一半的话不能丢。"
    await other.fill("#title", "断电以后接着登记")
    await other.fill("#address", "江北区云谷路 66 号")
    await other.press("#address", "Control+Enter")
    await other.wait_for_selector(".done-box")
    await other.goto(f"{hall.url}/hotline/new")
    assert await other.input_value("#content") == ""


async def test_two_people_at_one_ticket_see_each_other(hall: Hall, browser: Browser) -> None:
    operator, dispatcher = await signed_in(hall, browser, "operator"), await signed_in(hall, browser, "dispatcher")
    await dispatcher.goto(f"{hall.url}/hotline/dispatch")
    await dispatcher.click("#one h2 a")
    await dispatcher.wait_for_selector(".g-tick")
    await operator.goto(dispatcher.url)
    await expect(operator.locator("[data-present]")).to_contain_text("正在看")
    await expect(dispatcher.locator("[data-present]")).to_contain_text("正在看", timeout=12_000)
