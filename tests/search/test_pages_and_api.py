"""People and programs get the same answers."""

from collections.abc import Callable
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from httpx import AsyncClient

from kernel.permissions import ANONYMOUS, Actor
from tests.search.memos import Shelf
from tests.search.people import ALL, CITIZEN
from tests.search.test_indexing import changed

Client = Callable[[Actor], AsyncClient]


@pytest.fixture
async def stocked(shelf: Shelf) -> Shelf:
    for number in range(25):
        shelf.put(f"m{number:02d}", f"小区停水{number}", body="昨晚停水，<b>无人</b>通知", agency=f"第{number % 2}局")
    await changed(shelf, "m99", "路灯<script>", answer="停水的公开答复", number=("网挂〔2026〕18号",))
    return shelf


async def test_the_api_keeps_the_contract(stocked: Shelf, signed_in: Client) -> None:
    async with signed_in(ALL) as program:
        answer = (await program.get("/api/v1/search", params={"q": "停水", "count": "1"})).json()

    assert set(answer) == {"items", "facets", "degraded", "took_ms", "next", "count"}
    wanted = {"kind", "no", "url", "title", "snippet", "highlights", "agency", "published_at", "action"}
    assert all(wanted <= set(item) for item in answer["items"])
    assert answer["count"] == {"value": 26, "exact": True}
    assert answer["facets"]["kind"] == [{"value": "memo", "label": "便签", "count": 26}]
    assert answer["degraded"] is False
    first = answer["items"][0]
    assert ["停水", True] in first["highlights"]["snippet"] or first["no"] == "m99"


async def test_a_program_reads_on_by_the_cursor(stocked: Shelf, signed_in: Client) -> None:
    seen: list[str] = []
    async with signed_in(ALL) as program:
        params = {"q": "停水", "limit": "10"}
        while True:
            answer = (await program.get("/api/v1/search", params=params)).json()
            seen += [item["no"] for item in answer["items"]]
            if answer["next"] is None:
                break
            params["cursor"] = answer["next"]
    assert len(seen) == len(set(seen)) == 26


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"q": "水" * 201}, 422),
        ({"q": "停水", "limit": "0"}, 422),
        ({"q": "停水", "limit": "101"}, 422),
        ({"q": "停水", "sort": "price"}, 422),
        ({"q": "停水", "colour": "red"}, 422),
        ({"q": "停水", "cursor": "AAAA"}, 400),
        ({"q": ["停水", "停电"]}, 400),
    ],
)
async def test_what_is_asked_wrongly_is_refused(
    stocked: Shelf, signed_in: Client, params: dict[str, str], status: int
) -> None:
    async with signed_in(ANONYMOUS) as program:
        answer = await program.get("/api/v1/search", params=params)
    assert answer.status_code == status
    assert answer.json()["error"]["text"]


async def test_anonymous_gets_public_answers_only_and_suggestions_come_from_them(
    stocked: Shelf, signed_in: Client
) -> None:
    async with signed_in(ANONYMOUS) as program:
        answer = (await program.get("/api/v1/search", params={"q": "停水"})).json()
        suggested = (await program.get("/api/v1/suggestions", params={"q": "停水"})).json()
        nothing = (await program.get("/api/v1/suggestions", params={"q": "小区停水"})).json()
    assert [item["no"] for item in answer["items"]] == ["m99"]
    assert [item["title"] for item in suggested["items"]] == ["停水的公开答复"]
    assert nothing["items"] == []


async def test_the_page_shows_marks_escapes_texts_and_pages_by_links(stocked: Shelf, signed_in: Client) -> None:
    async with signed_in(ALL) as browser:
        page = await browser.get("/search", params={"q": "停水"})
        assert page.status_code == 200
        assert "<mark>停水</mark>" in page.text
        assert "&lt;b&gt;无人" in page.text
        assert "<b>无人" not in page.text
        following = unescape(page.text.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0])
        assert parse_qs(urlsplit(following).query)["q"] == ["停水"]
        second = await browser.get(following)
        short = (await browser.get("/search", params={"q": "停水", "limit": "3"})).text
        following = unescape(short.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0])
        assert "第 2 页" in (await browser.get(following)).text, "a page of another length leads on, too"
    assert "第 2 页" in second.text
    assert 'rel="prev"' in second.text


async def test_an_exact_number_is_said_to_be_one(stocked: Shelf, signed_in: Client) -> None:
    async with signed_in(ALL) as browser:
        page = await browser.get("/search", params={"q": "网挂[2026]18号"})
    assert "精确匹配" in page.text
    assert "路灯&lt;script&gt;" in page.text


async def test_an_empty_result_helps(stocked: Shelf, signed_in: Client) -> None:
    async with signed_in(ANONYMOUS) as browser:
        page = await browser.get("/search", params={"q": "小区停水", "agency": "第0局", "utm_source": "letter"})
    assert page.status_code == 200
    assert "没有找到" in page.text
    assert "去掉所选条件再搜一次" in page.text
    assert "后才能搜到" in page.text


async def test_a_question_that_is_too_long_is_shown_again_with_the_reason(stocked: Shelf, signed_in: Client) -> None:
    async with signed_in(CITIZEN) as browser:
        page = await browser.get("/search", params={"q": "水" * 201})
    assert page.status_code == 422
    assert "检索词最多 200 个字" in page.text
    assert "水" * 201 in page.text


async def test_restricted_answers_are_never_kept_by_a_cache_between(stocked: Shelf, signed_in: Client) -> None:
    async with signed_in(CITIZEN) as program:
        answer = await program.get("/api/v1/search", params={"q": "停水"})
    assert "no-store" in answer.headers["cache-control"]
