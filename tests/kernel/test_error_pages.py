"""Whatever goes wrong, a page says in Chinese what happened and what to do next; a program gets one envelope."""

from collections.abc import AsyncIterator

import pytest
from httpx import ASGITransport, AsyncClient, Response
from starlette.requests import Request
from starlette.responses import Response as Answer
from starlette.routing import Route
from tortoise.exceptions import DBConnectionError

from kernel import errors
from kernel.pages import public
from kernel.people import sessions
from kernel.settings import settings
from portal.app import create

pytestmark = pytest.mark.usefixtures("database")
SENTENCES = {403: "不能", 404: "没有", 409: "更新", 413: "超过", 422: "修改", 429: "频繁", 500: "出错", 503: "暂时"}


@public
async def refuse(request: Request) -> Answer:
    match request.path_params["status"]:
        case 403:
            raise errors.NotAllowed(permission="派发工单")
        case 404:
            raise errors.NotFound(what="该工单")
        case 409:
            raise errors.StaleVersion(thing="工单", move="派单")
        case 413:
            raise errors.TooLarge(mib="0.25")
        case 422:
            raise errors.FormRejected({"title": "请填写标题。"})
        case 429:
            raise errors.TooMany(retry_after_s=40)
        case 503:
            raise DBConnectionError("away")
    raise ZeroDivisionError("a secret of the inside")


@pytest.fixture
async def browser(database: str) -> AsyncIterator[AsyncClient]:
    sessions.forget()
    app = create()
    for path in ("/wrong/{status:int}", "/api/wrong/{status:int}"):
        app.router.routes.insert(0, Route(path, refuse))
    transport = ASGITransport(app=app, client=("203.0.113.40", 50_000), raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


@pytest.mark.parametrize("status", SENTENCES)
async def test_every_error_page_helps(browser: AsyncClient, status: int) -> None:
    answer = await browser.get(f"/wrong/{status}")
    assert answer.status_code == status
    said = words(answer)
    assert SENTENCES[status] in said
    assert settings().hotline_phone in said, "somebody to call"
    assert "<title>" in answer.text
    assert 'lang="zh-CN"' in answer.text
    for inside in ("ZeroDivision", "secret of the inside", "DBConnection", "Traceback", "kernel/"):
        assert inside not in answer.text
    if status == 500:
        assert answer.headers["x-request-id"] in answer.text, "to be named on the telephone"
    if status in (429, 503):
        assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("status", SENTENCES)
async def test_every_error_of_the_api_has_code_and_sentence(browser: AsyncClient, status: int) -> None:
    answer = await browser.get(f"/api/wrong/{status}")
    assert answer.status_code == status
    error = answer.json()["error"]
    assert error["code"].isidentifier()
    assert any("\u4e00" <= sign <= "\u9fff" for sign in error["text"])
    assert "inside" not in answer.text


async def test_a_form_that_is_too_large_is_told_so(browser: AsyncClient) -> None:
    answer = await browser.post("/hotline/file", data={"content": "水" * settings().body_bytes_max})
    assert answer.status_code == 413


def words(answer: Response) -> str:
    return answer.text.partition("<body")[2]
