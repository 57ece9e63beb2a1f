"""Every page of the route table, in a real browser: on a telephone, for a keyboard, for those who don't see."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, ConsoleMessage, Page
from starlette.routing import BaseRoute, Mount, Route

from portal.app import routes
from tests.browsing import signed_in
from tests.halls import Hall

PHONE = 390
NOT_PAGES = {"/healthz", "/readyz", "/metrics", "/static/{name}", "/api/openapi.json", "/look"}
ANSWERS_ONLY = "/api/"
# route → (who, the address of one such page; {no} is the newest ticket that this person has in hand)
VISITS: dict[str, tuple[tuple[str, str], ...]] = {
    "/": (("", "/"), ("citizen", "/")),
    "/_gallery": (("", "/_gallery"),),
    "/about/accessibility": (("", "/about/accessibility"),),
    "/about/api": (("", "/about/api"),),
    "/admin/accounts": (("admin", "/admin/accounts"), ("security", "/admin/accounts")),
    "/admin/deliveries": (("admin", "/admin/deliveries"),),
    "/admin/events": (("auditor", "/admin/events"),),
    "/hotline/": (("", "/hotline/"),),
    "/hotline/agency": (("agency", "/hotline/agency"), ("agency", "/hotline/agency?show=replied")),
    "/hotline/answers": (("", "/hotline/answers"), ("", "/hotline/answers?q=没有这样的答复")),
    "/hotline/answers/{no}": (("", "/hotline/answers/{answer}"),),
    "/hotline/chart/{kind}": (("", "/hotline/chart/ticket"), ("", "/hotline/chart/assignment")),
    "/hotline/dispatch": (("dispatcher", "/hotline/dispatch"), ("dispatcher", "/hotline/dispatch?show=late")),
    "/hotline/file": (("", "/hotline/file"), ("citizen", "/hotline/file")),
    "/hotline/new": (("operator", "/hotline/new"), ("operator", "/hotline/new?phone=13900002206")),
    "/hotline/review": (("reviewer", "/hotline/review"),),
    "/hotline/tickets": (("operator", "/hotline/tickets"), ("agency", "/hotline/tickets?state=hand")),
    "/hotline/tickets/{no}": (
        ("operator", "/hotline/tickets/{no}"), ("dispatcher", "/hotline/tickets/{no}"),
        ("agency", "/hotline/tickets/{no}"), ("citizen", "/hotline/tickets/{no}"),
    ),
    "/hotline/track": (("", "/hotline/track"),),
    "/hotline/visit": (("visitor", "/hotline/visit"),),
    "/inbox": (("agency", "/inbox"), ("citizen", "/inbox")),
    "/me": (("citizen", "/me"),),
    "/me/password": (("citizen", "/me/password"), ("operator", "/me/password")),
    "/me/sessions": (("operator", "/me/sessions"),),
    "/search": (("", "/search"), ("operator", "/search?q=停水"), ("", "/search?q=没有这样的事情")),
    "/sign-in": (("", "/sign-in"),),
}  # fmt: skip
PEOPLE = sorted({who for visits in VISITS.values() for who, _ in visits})
FOCUS = """() => {
  const look = e => { const s = getComputedStyle(e);
    return [s.outlineStyle, s.outlineWidth, s.outlineColor, s.boxShadow, s.backgroundColor, s.borderColor].join() };
  const near = e => [e, e.closest('label'), e.parentElement, e.labels && e.labels[0]];
  const around = e => near(e).filter(Boolean).map(look).join();
  const all = [...document.querySelectorAll('a[href],button,input:not([type=hidden]),select,textarea,summary')];
  const seen = all.filter(e => e.checkVisibility() && !e.disabled && e.tabIndex >= 0);
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


async def concrete(hall: Hall, page: Page, path: str, who: str) -> str:
    if "{no}" in path:
        await page.goto(hall.url + ("/me" if who == "citizen" else "/hotline/tickets"))
        link = await page.locator("main a[href^='/hotline/tickets/']").first.get_attribute("href")
        assert link
        return link
    if "{answer}" in path:
        await page.goto(f"{hall.url}/hotline/answers")
        link = await page.locator("main a[href^='/hotline/answers/']").first.get_attribute("href")
        assert link
        return link
    return path
