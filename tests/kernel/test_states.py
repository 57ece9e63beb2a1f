"""States that nobody plans for: what happened, what became of yours, what now."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from httpx import ASGITransport, AsyncClient
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kernel import errors
from kernel.citytime import CITY
from kernel.pages import posted, public
from kernel.people import sessions
from kernel.ui.traditional import convert
from portal.app import create

pytestmark = pytest.mark.usefixtures("database")
WORDS = "管道已经抢修完毕，二十分钟前恢复供水，请物业转告各位住户。"


@public
async def late(request: Request) -> Response:
    await posted(request)
    raise errors.StaleVersion(thing="工单", move="答复")


@public
async def often(request: Request) -> Response:
    raise errors.TooMany(retry_after_s=40)


@pytest.fixture
async def browser(database: str) -> AsyncIterator[AsyncClient]:
    sessions.forget()
    app = create()
    app.router.routes.insert(0, Route("/late", late, methods=["POST"]))
    app.router.routes.insert(0, Route("/often", often))
    transport = ASGITransport(app=app, client=("203.0.113.41", 50_000))
    async with AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


async def token(browser: AsyncClient) -> str:
    found = re.search(r'name="_csrf" value="([^"]+)"', (await browser.get("/look")).text)
    assert found
    return found[1]


async def test_who_comes_too_late_gets_their_own_words_back_and_learns_what_to_look_at(browser: AsyncClient) -> None:
    answer = await browser.post("/late", data={"_csrf": await token(browser), "body": WORDS, "password": WORDS[::-1]})
    assert answer.status_code == 409
    assert f">{WORDS}</textarea>" in answer.text
    assert WORDS[::-1] not in answer.text
    assert "刚被他人更新" in answer.text
    assert "没有被覆盖" in answer.text


async def test_who_was_too_often_here_learns_the_second_when_it_opens(browser: AsyncClient) -> None:
    before = datetime.now(UTC)
    answer = await browser.get("/often")
    assert answer.status_code == 429
    told = re.search(r'<time datetime="([^"]+)">[^<]*\d\d:\d\d:\d\d</time> 后可以再试', answer.text)
    assert told
    wait = datetime.fromisoformat(told[1]) - before.astimezone(CITY)
    assert 38 <= wait.total_seconds() <= 60


async def test_a_look_that_is_no_look_changes_nothing_and_a_form_from_elsewhere_is_refused(
    browser: AsyncClient,
) -> None:
    sent = {"_csrf": await token(browser), "theme": "pink", "mode": "elder", "back": "//elsewhere.example/"}
    answer = await browser.post("/look", data=sent)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/")
    assert not answer.headers["location"].startswith("//")
    assert "auto.normal.elder.hans" in answer.headers["set-cookie"]
    assert (await browser.post("/look", data={"mode": "elder"})).status_code == 403


def test_the_traditional_view_touches_text_and_neither_forms_nor_names_nor_what_people_wrote() -> None:
    page = (
        '<html lang="zh-CN"><title>办事</title><h1>办事 &amp; 后台</h1>'
        "<form><p>办事</p><div>发布</div></form><p>发布</p>"
        '<p class="said sm">头发干净</p><span translate="no">陈发</span><div class="doc"><p>台账</p><div>里</div></div>'
        '<input value="办"><a title="办">里面</a><svg><path d="M0"/></svg><p>长江</p></html>'
    )
    told = convert(page)
    assert 'lang="zh-Hant"' in told
    assert "<h1>辦事 &amp; 後臺</h1>" in told or "<h1>辦事 &amp; 後台</h1>" in told
    assert "<form><p>办事</p><div>发布</div></form><p>發佈</p>" in told
    assert "头发干净" in told
    assert "陈发" in told
    assert "<p>台账</p><div>里</div>" in told
    assert '<input value="办"><a title="办">裡面</a>' in told
    assert told.endswith("<p>長江</p></html>")
    assert len(convert(page + "一" * 900)) == len(page) + 900 + 2  # the longer language tag
