"""What goes out with every answer, and what never gets in."""

import json
from collections.abc import AsyncIterator, Iterator

import pytest
from httpx import ASGITransport, AsyncClient, Response
from starlette.routing import BaseRoute, Mount, Route

from kernel.edge.headers import CSP
from kernel.edge.limits import HEADER_COUNT_MAX
from kernel.people import sessions
from kernel.people.pages import safe_path
from kernel.permissions import Actor
from kernel.settings import settings
from portal.app import create, routes
from tests import factories as f
from tests.conftest import Client
from tests.hotline.test_api import NEW

pytestmark = pytest.mark.usefixtures("database")
EVERYWHERE = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
PUBLIC = ("/static/", "/api/openapi.json", "/api/v1/suggestions", "/api/v1/categories")  # the same for everybody
NUMBERS = {"no": "12345-20260302-000001-9", "kind": "ticket", "name": "base.css", "username": "zhou", "move": "sign"}


def addresses(found: list[BaseRoute] | None = None, above: str = "") -> Iterator[tuple[str, str]]:
    for route in routes() if found is None else found:
        if isinstance(route, Mount):
            yield from addresses(list(route.routes), above + route.path)
        elif isinstance(route, Route):
            path = above + route.path.replace("{id:int}", "1").replace("{to}", "enable")
            for name, value in NUMBERS.items():
                path = path.replace(f"{{{name}}}", value)
            for method in sorted(route.methods or ()):
                yield method, path


@pytest.fixture
async def stranger(database: str) -> AsyncIterator[AsyncClient]:
    sessions.forget()
    transport = ASGITransport(app=create(), client=("203.0.113.20", 50_000), raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


def wrong_headers(answer: Response) -> list[str]:
    wrong = [name for name, value in EVERYWHERE.items() if answer.headers.get(name) != value]
    html = answer.headers.get("content-type", "").startswith("text/html")
    if html and answer.headers.get("x-frame-options") != "DENY":
        wrong.append("x-frame-options")
    if html and "geolocation=(self)" not in answer.headers.get("permissions-policy", ""):
        wrong.append("permissions-policy")
    if "cookie" not in answer.headers.get("vary", "").lower():
        wrong.append("vary")
    if len(answer.headers.get("x-request-id", "")) != 16:
        wrong.append("x-request-id")
    return wrong + [told for told in ("server", "x-powered-by") if told in answer.headers]


@pytest.mark.parametrize("who", [f.NOBODY, f.OPERATOR, f.CITIZEN], ids=lambda who: who.name)
async def test_ou05_ou07_every_route_answers_with_all_the_headers_whoever_asks(signed_in: Client, who: Actor) -> None:
    await f.a_ticket()
    client, found = signed_in(who), []
    for method, path in addresses():
        answer = await client.request(method, path)
        assert answer.status_code < 500, (method, path, answer.text[:200])
        found += [f"{method} {path} {answer.status_code}: {name}" for name in wrong_headers(answer)]
        private = not who.anonymous and not path.startswith(PUBLIC)
        if private and "no-store" not in answer.headers.get("cache-control", ""):
            found.append(f"{method} {path}: {answer.headers.get('cache-control')}")
        if "set-cookie" in answer.headers and "public" in answer.headers.get("cache-control", ""):
            found.append(f"{method} {path}: a cookie that others would get")
    assert found == []


async def test_ou08_an_answer_never_says_what_is_inside(stranger: AsyncClient) -> None:
    for path in ("/nowhere", "/hotline/answers/%00", "/static/../../etc/passwd", "/api/v1/nowhere"):
        told = (await stranger.get(path)).text.lower()
        for inside in ("traceback", "sqlite", "asyncpg", "/usr/", "tortoise", "starlette", "python"):
            assert inside not in told, (path, inside)


async def test_cs07_a_strange_host_is_not_ours(stranger: AsyncClient) -> None:
    answer = await stranger.get("/", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert "evil.example" not in answer.text


async def test_do02_too_many_or_too_long_headers_are_refused(stranger: AsyncClient) -> None:
    many = {f"x-{number}": "1" for number in range(HEADER_COUNT_MAX)}
    assert (await stranger.get("/", headers=many)).status_code == 431
    assert (await stranger.get("/", headers={"x-long": "a" * 40_000})).status_code == 431


BODIES: dict[str, tuple[bytes, int]] = {
    "no json": (b"{", 400),
    "very deep": (b"[" * 200_000, 400),
    "a number of five thousand digits": (b'{"version": ' + b"9" * 5_000 + b"}", 400),
    "not a number": (b'{"type": NaN}', 400),
    "bad utf-8": (b'{"type": "\xff"}', 400),
    "a lone surrogate": (b'{"type": "\\ud800"}', 400),
    "a key twice": (b'{"type": "help", "type": "consult"}', 400),
    "a list": (b"[]", 422),
    "nul": (json.dumps(NEW | {"title": "停水\x00两天了"}).encode(), 422),
    "a bell": (json.dumps(NEW | {"title": "停水\x07两天了"}).encode(), 422),
    "writing turned round": (json.dumps(NEW | {"title": "停水\u202e两天了"}).encode(), 422),
    "a field nobody asked for": (json.dumps(NEW | {"admin": True}).encode(), 422),
    "a title too long": (json.dumps(NEW | {"title": "水" * 101}).encode(), 422),
    "a text too long": (json.dumps(NEW | {"content": "水" * 20_001}).encode(), 422),
    "a number for a word": (json.dumps(NEW | {"title": 12345}).encode(), 422),
    "no such type": (json.dumps(NEW | {"type": "wish"}).encode(), 422),
}


@pytest.mark.parametrize("name", BODIES)
async def test_in02_in03_a_body_that_is_no_request_is_refused_with_a_sentence(signed_in: Client, name: str) -> None:
    body, expected = BODIES[name]
    answer = await signed_in(f.OPERATOR).post(
        "/api/v1/tickets", content=body, headers={"content-type": "application/json"}
    )
    told = answer.json()["error"]
    assert (answer.status_code, bool(told["text"])) == (expected, True), told
    assert any("\u4e00" <= sign <= "\u9fff" for sign in told["text"]), "in Chinese"


async def test_ap04_what_is_too_large_is_refused_before_it_is_read(stranger: AsyncClient) -> None:
    limit = settings().body_bytes_max
    headers = {"content-length": str(2**30), "content-type": "application/json"}
    said = await stranger.post("/api/v1/tickets", content=b"x", headers=headers)
    assert (said.status_code, said.json()["error"]["code"]) == (413, "too_large")

    async def without_a_length() -> AsyncIterator[bytes]:
        for _ in range(limit // 1_000 + 2):
            yield b" " * 1_000

    streamed = await stranger.post(
        "/api/v1/tickets", content=without_a_length(), headers={"content-type": "application/json"}
    )
    assert (streamed.status_code, streamed.json()["error"]["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
async def test_cs02_programs_send_json_and_nothing_that_a_form_of_another_site_could_send(
    signed_in: Client, kind: str
) -> None:
    headers = {"content-type": kind} if kind else {}
    answer = await signed_in(f.OPERATOR).post("/api/v1/tickets", content=json.dumps(NEW).encode(), headers=headers)
    assert answer.status_code == 415


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost.evil.example", "http://localhost:1"]
)
async def test_cs01_a_post_from_another_site_is_refused(signed_in: Client, origin: str) -> None:
    answer = await signed_in(f.OPERATOR).post("/hotline/new", data={"title": "x"}, headers={"origin": origin})
    assert answer.status_code == 403


TARGETS = [
    "//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "javascript:alert(1)",
    "/\t/evil.example",
    "/%09/evil.example\n", "evil.example", "", " /", "/\x00", "///evil.example", "/ok\r\nSet-Cookie: a=b",
]  # fmt: skip


@pytest.mark.parametrize("target", TARGETS)
def test_cs05_after_signing_in_nobody_is_led_elsewhere(target: str) -> None:
    led = safe_path(target)
    assert led.startswith("/")
    assert led[1:2] not in {"/", "\\"}
    assert led.isprintable()
