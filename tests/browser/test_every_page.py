"""Every page of the route table, in a real browser: on a telephone, for a keyboard, for those who don't see."""

from collections.abc import Iterator

import httpx
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, ConsoleMessage, Page
from starlette.routing import BaseRoute, Mount, Route

from portal.app import routes
from tests.browsing import signed_in
from tests.halls import Hall

PHONE = 390
SWEEP_WAIT_S = 90
NOT_PAGES = {"/healthz", "/readyz", "/metrics", "/static/{name}", "/api/openapi.json", "/lists/{name}.{ending}"} | {
    "/hotline/sla/{month}.csv", "/hotline/sla/recompute.py", "/hotline/wall/live",
    "/search.rss", "/me/searches/{id:int}",
    "/oversight/reports/{no}/{edition:int}.{ending}",
    "/files/{no}", "/notices/{id}/pdf", "/sign-in/provider", "/sign-in/provider/back", "/me/identity/link",
}  # fmt: skip
ANSWERS_ONLY = ("/api/", "/open311/v2/")
# route → (who, the address of one such page; {no} is the newest ticket that this person has in hand)
VISITS: dict[str, tuple[tuple[str, str], ...]] = {
    "/": (("", "/"), ("citizen", "/")),
    "/_gallery": (("", "/_gallery"),),
    "/about/accessibility": (("", "/about/accessibility"),),
    "/about/api": (("", "/about/api"),),
    "/about/personal-data": (("", "/about/personal-data"),),
    "/admin/accounts": (("admin", "/admin/accounts"), ("security", "/admin/accounts")),
    "/admin/accounts/{username}": (
        ("admin", "/admin/accounts/operator"), ("security", "/admin/accounts/operator"),
    ),
    "/admin/accounts/{username}/sessions": (("security", "/admin/accounts/operator/sessions"),),
    "/admin/grants": (("security", "/admin/grants"),),
    "/admin/roles": (("security", "/admin/roles"),),
    "/admin/bets": (("editor", "/admin/bets"), ("manager", "/admin/bets")),
    "/admin/bets/new": (("editor", "/admin/bets/new?document=faq:53-1"),),
    "/admin/bets/{no}": (("editor", "{bet}"), ("manager", "{bet}")),
    "/admin/calendar": (("admin", "/admin/calendar"), ("manager", "/admin/calendar?year=2028")),
    "/admin/calendar/new": (("admin", "/admin/calendar/new?year=2027"),),
    "/admin/calendar/notices/{no}": (("admin", "{calendar_notice}"), ("security", "{calendar_notice}")),
    "/admin/deliveries": (("admin", "/admin/deliveries"),),
    "/admin/events": (("auditor", "/admin/events"),),
    "/admin/journal": (("auditor", "/admin/journal"),),
    "/admin/leaving": (("security", "/admin/leaving"),),
    "/admin/views": (("auditor", "/admin/views"),),
    "/seen/{kind}/{no:path}": (("leader", "/seen/ticket/{no}"),),
    "/admin/vocabulary": (("editor", "/admin/vocabulary"), ("admin", "/admin/vocabulary")),
    "/admin/vocabulary/new": (("editor", "/admin/vocabulary/new"),),
    "/admin/vocabulary/{no}": (("editor", "{vocabulary}"), ("manager", "{vocabulary}")),
    "/desk/posts": (("leader", "/desk/posts"), ("manager", "/desk/posts")),
    "/disclosure": (("editor", "/disclosure"), ("catalog", "/disclosure?state=submitted")),
    "/disclosure/new": (("editor", "/disclosure/new"),),
    "/disclosure/{no}": (("catalog", "/disclosure/{waiting_policy}"), ("catalog", "/disclosure/{desk_policy}")),
    "/disclosure/{no}/edit": (("editor", "/disclosure/{waiting_policy}/edit"),),
    "/help": (("", "/help"),),
    "/me/delegations": (("leader", "/me/delegations"), ("handler", "/me/delegations")),
    "/admin/messages": (("admin", "/admin/messages"), ("security", "/admin/messages")),
    "/admin/messages/{code}": (("admin", "/admin/messages/kernel.told"), ("security", "/admin/messages/kernel.legal")),
    "/admin/notice-templates": (("editor", "/admin/notice-templates"),),
    "/admin/notice-templates/{code}/{version:int}": (("editor", "/admin/notice-templates/hotline_reply/1"),),
    "/admin/opening": (("admin", "/admin/opening"),),
    "/admin/retention": (("security", "/admin/retention"),),
    "/admin/running": (("admin", "/admin/running"),),
    "/admin/search": (("admin", "/admin/search"), ("security", "/admin/search")),
    "/admin/settings": (("admin", "/admin/settings"),),
    "/exports": (("manager", "/exports"), ("manager", "/exports?listing=tickets&query=state%3D")),
    "/hotline/": (("", "/hotline/"),),
    "/hotline/agency": (("agency", "/hotline/agency"), ("agency", "/hotline/agency?show=replied")),
    "/hotline/answers": (("", "/hotline/answers"), ("", "/hotline/answers?q=没有这样的答复")),
    "/hotline/sla": (("", "/hotline/sla"),),
    "/hotline/answers/{no}": (("", "/hotline/answers/{answer}"),),
    "/hotline/articles": (
        ("operator", "/hotline/articles"), ("editor", "/hotline/articles?state=draft"),
        ("operator", "/hotline/articles?q=没有这样的知识"),
    ),
    "/hotline/articles/new": (("editor", "/hotline/articles/new"),),
    "/hotline/articles/queues/{queue}": (
        ("editor", "/hotline/articles/queues/feedback"), ("editor", "/hotline/articles/queues/unanswered"),
        ("editor", "/hotline/articles/queues/wrong"), ("editor", "/hotline/articles/queues/proposals"),
    ),
    "/hotline/articles/{no}": (
        ("operator", "/hotline/articles/{article}"), ("editor", "/hotline/articles/{article}"),
        ("editor", "/hotline/articles/{drafted_article}"), ("manager", "/hotline/articles/{submitted_article}"),
    ),
    "/hotline/articles/{no}/edit": (("editor", "/hotline/articles/{drafted_article}/edit"),),
    "/hotline/articles/{no}/editions/{number:int}": (("operator", "/hotline/articles/{article}/editions/1"),),
    "/hotline/chart/{kind}": (("", "/hotline/chart/ticket"), ("", "/hotline/chart/assignment")),
    "/hotline/clusters": (("dispatcher", "/hotline/clusters"), ("dispatcher", "/hotline/clusters?q=停水")),
    "/hotline/clusters/{no}": (("dispatcher", "{cluster}"),),
    "/hotline/dispatch": (("dispatcher", "/hotline/dispatch"), ("dispatcher", "/hotline/dispatch?show=late")),
    "/hotline/file": (("", "/hotline/file"), ("citizen", "/hotline/file")),
    "/hotline/knowledge": (("", "/hotline/knowledge"), ("", "/hotline/knowledge?q=没有这样的知识")),
    "/hotline/knowledge/{no}": (("", "/hotline/knowledge/{public_article}"),),
    "/hotline/clients": (("manager", "/hotline/clients"),),
    "/hotline/flags": (("shiftlead", "/hotline/flags"), ("manager", "/hotline/flags")),
    "/hotline/kpi": (("manager", "/hotline/kpi"), ("supervisor", "/hotline/kpi?from=昨天&to=2026-03-31")),
    "/hotline/kpi/units": (("manager", "/hotline/kpi/units"), ("supervisor", "/hotline/kpi/units?code=three_rates")),
    "/hotline/kpi/{code}": (
        ("manager", "/hotline/kpi/on_time"), ("manager", "/hotline/kpi/hands"), ("manager", "/hotline/kpi/three_rates"),
        ("manager", "/hotline/kpi/rated_matter"), ("manager", "/hotline/kpi/after_call"),
    ),
    "/hotline/missed": (("operator", "/hotline/missed"),),
    "/hotline/new": (("operator", "/hotline/new"), ("operator", "/hotline/new?phone=13900002206")),
    "/hotline/policies": (("manager", "/hotline/policies"), ("supervisor", "/hotline/policies")),
    "/hotline/policies/new": (("manager", "/hotline/policies/new?base=lvliang"),),
    "/hotline/policies/{no}": (
        ("manager", "/hotline/policies/default-v1"), ("manager", "{drafted_policy}"),
        ("supervisor", "{drafted_policy}"),
    ),
    "/hotline/policies/{no}/edit": (("manager", "{drafted_policy}/edit"),),
    "/hotline/policies/{no}/trials/{number:int}": (("manager", "{trial}"),),
    "/hotline/refusing": (("shiftlead", "/hotline/refusing"), ("shiftlead", "/hotline/refusing?show=late")),
    "/hotline/review": (("reviewer", "/hotline/review"),),
    "/hotline/ruling": (("dispatcher", "/hotline/ruling"), ("adjudicator", "/hotline/ruling?show=urgent")),
    "/hotline/rules": (
        ("dispatcher", "/hotline/rules?category=01&agency=SW"), ("manager", "/hotline/rules?show=proposed"),
    ),
    "/hotline/rules/{no}": (("manager", "{rule}"),),
    "/hotline/shift": (("shiftlead", "/hotline/shift"),),
    "/hotline/surges": (("supervisor", "/hotline/surges"), ("dispatcher", "/hotline/surges?show=closed")),
    "/hotline/surges/{no}": (("supervisor", "{surge}"),),
    "/hotline/tickets": (("operator", "/hotline/tickets"), ("agency", "/hotline/tickets?state=hand")),
    "/hotline/tickets/{no}": (
        ("operator", "/hotline/tickets/{no}"), ("dispatcher", "/hotline/tickets/{no}"),
        ("agency", "/hotline/tickets/{no}"), ("citizen", "/hotline/tickets/{no}"),
    ),
    "/hotline/track": (("", "/hotline/track"),),
    "/hotline/wall": (("manager", "/hotline/wall"), ("supervisor", "/hotline/wall")),
    "/hotline/visit": (("visitor", "/hotline/visit"),),
    "/inbox": (("agency", "/inbox"), ("citizen", "/inbox"), ("citizen", "/inbox?show=unread&sort=news")),
    "/look": (("", "/look"), ("citizen", "/look?back=/me")),
    "/me": (("citizen", "/me"),),
    "/me/companies": (("citizen", "/me/companies"), ("citizen2", "/me/companies")),
    "/me/companies/join": (("citizen", "/me/companies/join"),),
    "/me/companies/new": (("citizen", "/me/companies/new"),),
    "/me/companies/{id:int}": (("citizen", "/me/companies/1"),),
    "/me/contact": (("citizen", "/me/contact"), ("operator", "/me/contact")),
    "/me/data": (("citizen", "/me/data"),),
    "/me/data/close": (("citizen", "/me/data/close"),),
    "/me/data/erase": (("citizen", "/me/data/erase"),),
    "/me/data/looks": (("citizen", "/me/data/looks"),),
    "/me/data/requests/{no}": (("citizen2", "{request}"), ("privacy", "{request}")),
    "/me/email/{token}": (("citizen", "/me/email/of-nobody"),),
    "/me/real-name": (("citizen", "/me/real-name"),),
    "/me/phone": (("citizen", "/me/phone"),),
    "/me/security": (("citizen", "/me/security"), ("company1", "/me/security")),
    "/me/password": (("citizen", "/me/password"), ("operator", "/me/password")),
    "/me/searches": (("citizen", "/me/searches"),),
    "/me/sessions": (("operator", "/me/sessions"),),
    "/me/second-factor": (("operator", "/me/second-factor"),),
    "/notices": (("visitor", "/notices"), ("clerk", "/notices")),
    "/notices/new": (("visitor", "/notices/new?template=hotline_reply&about=ticket:{ended}"),),
    "/notices/{id}": (("visitor", "{drafted}"), ("visitor", "{issued}"), ("manager", "{issued}")),
    "/ratings": (("visitor", "/ratings"),),
    "/oversight/cards": (("supervisor", "/oversight/cards"), ("leader", "/oversight/cards?level=red")),
    "/oversight/cards/{no}": (("supervisor", "{card}"), ("leader", "{card}")),
    "/oversight/reports": (
        ("manager", "/oversight/reports"), ("supervisor", "/oversight/reports?series=hotline_monthly"),
    ),
    "/oversight/reports/{no}": (("manager", "{report}"),),
    "/oversight/rules": (("supervisor", "/oversight/rules"),),
    "/policies": (("", "/policies"), ("", "/policies?year=1990"), ("citizen", "/policies?theme=city")),
    "/policies/{no}": (("", "/policies/{public_policy}"), ("", "/policies/{repealed_policy}")),
    "/privacy/requests": (("privacy", "/privacy/requests"),),
    "/recover": (("", "/recover"),),
    "/register": (("", "/register"),),
    "/search": (
        ("", "/search"), ("operator", "/search?q=停水"), ("", "/search?q=没有这样的事情"),
        ("editor", "/search?q=养犬怎么办"),
    ),
    "/seals": (("manager", "/seals"), ("issuer", "/seals"), ("supervisor", "/seals")),
    "/sign-in": (("", "/sign-in"),),
    "/sign-in/code": (("", "/sign-in/code"),),
    "/sign-in/second-step": (("operator", "/sign-in/second-step"),),
    "/step-up": (("operator", "/step-up"),),
    "/warrants": (
        ("auditor", "/warrants"), ("agency", "/warrants"), ("security", "/warrants"), ("manager", "/warrants"),
    ),
    "/verify/notice/{id}": (("visitor", "/verify{issued}"),),
    "/window/citizens": (("clerk", "/window/citizens"),),
    "/window/companies": (("clerk", "/window/companies"),),
    "/window/lost-phone": (("clerk", "/window/lost-phone"),),
}  # fmt: skip
PEOPLE = sorted({who for visits in VISITS.values() for who, _ in visits})
FOCUS = """() => {
  const look = e => { const s = getComputedStyle(e);
    return [s.outlineStyle, s.outlineWidth, s.outlineColor, s.boxShadow, s.backgroundColor, s.borderColor].join() };
  const near = e => [e, e.closest('label'), e.parentElement, e.labels && e.labels[0]];
  const around = e => near(e).filter(Boolean).map(look).join();
  const all = [...document.querySelectorAll('a[href],button,input:not([type=hidden]),select,textarea,summary')];
  const seen = all.filter(e => e.checkVisibility() && !e.disabled && e.tabIndex >= 0 && !e.dataset.state);
  return seen.filter(e => { document.activeElement.blur(); const before = around(e);
    e.focus({preventScroll: true}); return document.activeElement === e && around(e) === before })
    .map(e => e.outerHTML.slice(0, 120)) }"""
UNGUARDED = """() => [...document.querySelectorAll('form[method=post]')]
  .filter(f => !f.querySelector('input[name=_csrf]')).map(f => f.action)"""
TOO_WIDE = """() => { const w = document.documentElement; if (w.scrollWidth <= w.clientWidth) return [];
  const held = e => { for (let p = e.parentElement; p && p !== document.body; p = p.parentElement)
    if (getComputedStyle(p).overflowX !== 'visible') return true; return false };
  return [`${w.scrollWidth} px`, ...[...document.querySelectorAll('body *')]
    .filter(e => e.getBoundingClientRect().right > w.clientWidth + 1 && !held(e)).slice(0, 5)
    .map(e => e.outerHTML.slice(0, 160))] }"""


def pages(found: list[BaseRoute] | None = None, above: str = "") -> Iterator[str]:
    for route in routes() if found is None else found:
        if isinstance(route, Mount):
            yield from pages(list(route.routes), above + route.path)
        elif isinstance(route, Route) and "GET" in (route.methods or ()):
            yield above + route.path


def test_no_page_of_the_route_table_is_forgotten() -> None:
    assert {path for path in pages() if not path.startswith(ANSWERS_ONLY)} - NOT_PAGES == set(VISITS)


@pytest.mark.parametrize("who", PEOPLE, ids=[who or "nobody" for who in PEOPLE])
async def test_every_page_fits_a_telephone_shows_the_focus_and_is_accessible(
    hall: Hall, browser: Browser, who: str
) -> None:
    page = await signed_in(hall, browser, who, width=PHONE)
    wrong: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            wrong.append(f"{page.url}: the console says {message.text}")

    page.on("console", said)
    page.on("pageerror", lambda problem: wrong.append(f"{page.url}: {problem}"))
    for path in [path for visits in VISITS.values() for name, path in visits if name == who]:
        await page.goto(hall.url + await concrete(hall, page, path, who))
        wrong += [f"{path}: {problem}" for problem in await problems(page)]

    assert not wrong, "\n".join(wrong)


async def problems(page: Page) -> list[str]:
    found = [f"wider than the screen: {part}" for part in await page.evaluate(TOO_WIDE)]
    found += [f"a form without its token: {action}" for action in await page.evaluate(UNGUARDED)]
    await page.keyboard.press("Tab")  # from now on the browser shows where a keyboard would be
    found += [f"focus is not to be seen: {part}" for part in await page.evaluate(FOCUS)]
    results = await Axe().run(page)
    for violation in results.response["violations"]:
        node = violation["nodes"][0]
        found.append(f"axe {violation['id']}: {violation['help']}: {node['html'][:160]} {node['failureSummary'][:200]}")
    return found


async def a_request(hall: Hall, page: Page, who: str) -> str:
    """One that its asker sees, and one that waits for the officer."""
    if who != "privacy":
        await page.goto(f"{hall.url}/me/data")
        await page.fill("#text", "姓名写错了一个字，请更正。")
        async with page.expect_navigation():
            await page.click("form[action='/me/data/ask'] button")
        return page.url.removeprefix(hall.url)
    await page.goto(f"{hall.url}/privacy/requests")
    link = await page.locator("main a[href^='/me/data/requests/']").first.get_attribute("href")
    assert link
    return link


# what stands for the first of a list, and where that list is
LISTED = {
    "{answer}": "/hotline/answers", "{article}": "/hotline/articles", "{public_article}": "/hotline/knowledge",
    "{drafted_article}": "/hotline/articles?state=draft", "{submitted_article}": "/hotline/articles?state=submitted",
    "{public_policy}": "/policies", "{repealed_policy}": "/policies?state=repealed",
    "{desk_policy}": "/disclosure?state=in_force", "{waiting_policy}": "/disclosure?state=submitted",
}  # fmt: skip


async def asked_once(hall: Hall, page: Page, form: str, action: str, filled: dict[str, str]) -> str:
    """What a form of that page leads to: the address of what it made."""
    await page.goto(hall.url + form)
    for name, text in filled.items():
        await page.fill(f"[id='{name}']", text)
    async with page.expect_navigation():
        await page.click(f"form[action='{action}'] button")
    return page.url.removeprefix(hall.url)


async def a_calendar_notice(hall: Hall, page: Page, who: str) -> str:
    """One that its author sees, and the one that waits for the other."""
    if who == "admin":
        filled = {"year": "2027", "document": "国办发明电〔2026〕7号", "days": "2027-01-01 休 元旦"}
        return await asked_once(hall, page, "/admin/calendar/new?year=2027", "/admin/calendar/new", filled)
    await page.goto(f"{hall.url}/admin/calendar")
    return str(await page.locator("main a[href^='/admin/calendar/notices/']").first.get_attribute("href"))


async def a_drafted_policy(hall: Hall, page: Page, who: str) -> str:
    await page.goto(f"{hall.url}/hotline/policies")
    links = page.locator("main a[href='/hotline/policies/city-2027']")
    if who == "manager" and not await links.count():
        new, filled = "/hotline/policies/new", {"no": "city-2027", "title": "明年的时限"}
        await asked_once(hall, page, f"{new}?base=beijing", new, filled)
    return "/hotline/policies/city-2027"


async def a_vocabulary(hall: Hall, page: Page, who: str) -> str:
    if who == "editor":
        filled = {"note": "群众的说法", "lines": "同义 水管没水 > 停水"}
        return await written(hall, page, "/admin/vocabulary/new", filled)
    await page.goto(f"{hall.url}/admin/vocabulary")
    found = str(await page.locator("main tbody a").first.get_attribute("href"))
    return f"{found}?q=停水怎么办"


async def a_bet(hall: Hall, page: Page, who: str) -> str:
    """On an article of the demo that everybody may read."""
    if who == "editor":
        no = (await from_list(hall, page, "/hotline/knowledge/{public_article}", "{public_article}")).rpartition("/")[2]
        filled = {"query": "停水", "document": f"faq:{no}", "reason": "停水期间先看这一条", "last_day": "2099-12-31"}
        return await written(hall, page, "/admin/bets/new", filled)
    await page.goto(f"{hall.url}/admin/bets")
    return str(await page.locator("main tbody a").first.get_attribute("href"))


async def written(hall: Hall, page: Page, form: str, filled: dict[str, str]) -> str:
    """By the one filled button, which need not be the first."""
    await page.goto(hall.url + form)
    for name, text in filled.items():
        await page.fill(f"[id='{name}']", text)
    async with page.expect_navigation():
        await page.click("button[data-submit]")
    return page.url.removeprefix(hall.url)


async def a_trial(hall: Hall, page: Page) -> str:
    """Of the version in force over the demo's own months."""
    shown = "/hotline/policies/default-v1"
    return await asked_once(hall, page, shown, f"{shown}/trials", {})


async def from_list(hall: Hall, page: Page, path: str, wanted: str) -> str:
    await page.goto(hall.url + LISTED[wanted])
    whole = path.partition("{")[0]
    links = page.locator(f"main a[href^='{whole}']:not([href$='new']):not([href*='queues'])")
    link = await links.first.get_attribute("href")
    assert link
    return path.replace(wanted, link.rpartition("/")[2])


async def a_card(hall: Hall, page: Page, who: str) -> str:
    """The worker's first sweep brings them: the demo's late matters ring as those of a real city do."""
    links = page.locator("main tbody a[href^='/oversight/cards/']")
    for _ in range(SWEEP_WAIT_S):
        await page.goto(f"{hall.url}/oversight/cards")
        if await links.count():
            break
        await page.wait_for_timeout(1_000)
    return str(await links.first.get_attribute("href"))


async def a_surge(hall: Hall, page: Page, who: str) -> str:
    """A word of the list, in a report that anybody may send, is an alert some seconds later."""
    report = {"service_code": "010101", "description": "停水三天，有人扬言跳楼。", "address_string": "云谷路 66 号"}
    links = page.locator("main tbody a[href^='/hotline/surges/']")
    for waited in range(SWEEP_WAIT_S):
        await page.goto(f"{hall.url}/hotline/surges")
        if await links.count():
            break
        if not waited:
            async with httpx.AsyncClient() as anybody:
                sent = await anybody.post(f"{hall.url}/open311/v2/requests.json", data=report)
            assert sent.status_code < 300, sent.text
        await page.wait_for_timeout(1_000)
    return str(await links.first.get_attribute("href"))


async def made(hall: Hall, page: Page, path: str, who: str) -> str:
    """What the demo doesn't hold, through the forms that make it."""
    if path in {"{rule}", "{cluster}"}:
        return await (a_rule(hall, page) if path == "{rule}" else a_cluster(hall, page))
    if path.startswith("{drafted_policy}"):
        return path.replace("{drafted_policy}", await a_drafted_policy(hall, page, who))
    return await (a_trial(hall, page) if path == "{trial}" else a_calendar_notice(hall, page, who))


async def a_rule(hall: Hall, page: Page) -> str:
    await page.goto(f"{hall.url}/hotline/rules")
    await page.fill("#category", "01")
    await page.select_option("#agency", index=1)
    await page.fill("#basis", "职责清单第3条")
    async with page.expect_navigation():
        await page.click("form[action='/hotline/rules'][method='post'] button")
    return page.url.removeprefix(hall.url)


async def a_cluster(hall: Hall, page: Page) -> str:
    """Of two tickets that wait for dispatch."""
    await page.goto(f"{hall.url}/hotline/tickets?state=pending")
    links = page.locator("main tbody a[href^='/hotline/tickets/']")
    numbers = [str(await links.nth(n).get_attribute("href")).partition("?")[0].rpartition("/")[2] for n in range(2)]
    await page.goto(f"{hall.url}/hotline/clusters")
    await page.fill("#title", "同一件事的两件工单")
    await page.fill("#tickets", " ".join(numbers))
    async with page.expect_navigation():
        await page.click("form[action='/hotline/clusters'][method='post'] button")
    return page.url.removeprefix(hall.url)


async def a_report(hall: Hall, page: Page, who: str) -> str:
    """Last week's, by hand where the machine hasn't made it yet."""
    await page.goto(f"{hall.url}/oversight/reports?series=hotline_weekly")
    async with page.expect_navigation():
        await page.locator("[data-key=enter]").click()
    return page.url.removeprefix(hall.url)


async def concrete(hall: Hall, page: Page, path: str, who: str) -> str:
    if path.startswith(("{calendar_notice}", "{cluster}", "{drafted_policy}", "{rule}", "{trial}")):
        return await made(hall, page, path, who)
    if path in {"{request}", "{card}", "{report}", "{surge}", "{bet}", "{vocabulary}"}:
        found = {"{request}": a_request, "{card}": a_card, "{report}": a_report, "{surge}": a_surge}
        found |= {"{bet}": a_bet, "{vocabulary}": a_vocabulary}
        return await found[path](hall, page, who)
    if "{ended}" in path:
        await page.goto(f"{hall.url}/hotline/tickets?state=closed")
        link = await page.locator("main a[href^='/hotline/tickets/']").first.get_attribute("href")
        return path.replace("{ended}", str(link).rpartition("/")[2])
    if "{issued}" in path or "{drafted}" in path:
        await page.goto(f"{hall.url}/notices")
        links = page.locator("main a[href^='/notices/']")
        issued = str(await links.last.get_attribute("href"))
        issued = issued.replace("/notices/", "/notice/") if path.startswith("/verify") else issued
        return path.replace("{issued}", issued).replace("{drafted}", str(await links.first.get_attribute("href")))
    if "{no}" in path:
        await page.goto(hall.url + ("/me" if who == "citizen" else "/hotline/tickets"))
        link = await page.locator("main a[href^='/hotline/tickets/']").first.get_attribute("href")
        assert link
        return path.format(no=link.partition("?")[0].rpartition("/")[2])
    wanted = next((name for name in LISTED if name in path), "")
    return await from_list(hall, page, path, wanted) if wanted else path
