"""How many are at work at once: a short queue, a no at once beyond it, and no place that gets lost."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from httpx import ASGITransport, AsyncClient, Response
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.responses import Response as Answer
from starlette.routing import Route
from starlette.types import Message

from kernel.pages import public
from kernel.people import sessions
from kernel.settings import settings
from portal.app import create

pytestmark = pytest.mark.usefixtures("database")
PLACES, QUEUE = 2, 3
WITHIN_S = 20


@dataclass
class Work:
    """Requests that go on until they are told to end."""

    end: asyncio.Event = field(default_factory=asyncio.Event)
    at_work: int = 0
    most: int = 0
    begun: list[str] = field(default_factory=list)
    ended: int = 0
    steps: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    async def slow(self, request: Request) -> Answer:
        self.at_work += 1
        self.most = max(self.most, self.at_work)
        self.begun.append(request.query_params.get("n", ""))
        try:
            if "stepwise" in request.query_params:
                await self.steps.acquire()
            else:
                await self.end.wait()
        finally:
            self.at_work -= 1
        self.ended += 1
        return PlainTextResponse("done")

    async def quick(self, request: Request) -> Answer:
        await request.body()
        return PlainTextResponse("done")

    async def wrong(self, request: Request) -> Answer:
        raise ZeroDivisionError

    async def stream(self, request: Request) -> Answer:
        async def lines() -> AsyncIterator[bytes]:
            yield b"first\n"
            await self.end.wait()

        return StreamingResponse(lines())

    async def live(self, request: Request) -> Answer:
        await self.end.wait()
        return PlainTextResponse("over")


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def app(database: str, work: Work, monkeypatch: pytest.MonkeyPatch) -> Starlette:
    sessions.forget()
    for name, value in (("at_work_max", PLACES), ("queue_max", QUEUE), ("queue_wait_s", WITHIN_S)):
        monkeypatch.setattr(settings(), name, value)
    app = create()
    for path, handler in (
        ("/slow", work.slow), ("/api/slow", work.slow), ("/quick", work.quick), ("/wrong", work.wrong),
        ("/stream", work.stream), ("/test/live", work.live),
    ):  # fmt: skip
        app.router.routes.insert(0, Route(path, public(handler), methods=["GET", "POST"]))
    return app


@pytest.fixture
async def browser(app: Starlette) -> AsyncIterator[AsyncClient]:
    transport = ASGITransport(app=app, client=("127.0.0.1", 50_000), raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


async def figures(browser: AsyncClient) -> dict[str, int]:
    told = (await browser.get("/metrics")).text
    found = {}
    for name in ("at_work", "waiting", "refused"):
        found[name] = int(float(told.partition(f'sunhall_door{{what="{name}"}} ')[2].partition("\n")[0]))
    return found


async def until(browser: AsyncClient, **wanted: int) -> None:
    async with asyncio.timeout(WITHIN_S):
        while {name: (await figures(browser))[name] for name in wanted} != wanted:
            await asyncio.sleep(0.01)


async def filled(browser: AsyncClient, **asked: str) -> list[asyncio.Task[Response]]:
    """Every place and the whole queue, in the order of their numbers."""
    tasks = []
    for n in range(PLACES + QUEUE):
        tasks.append(asyncio.create_task(browser.get("/slow", params={"n": str(n), **asked})))
        await until(browser, at_work=min(n + 1, PLACES), waiting=max(n + 1 - PLACES, 0))
    return tasks


async def test_places_and_queue_are_bounded_and_served_in_the_order_of_coming(browser: AsyncClient, work: Work) -> None:
    tasks = await filled(browser, stepwise="1")
    refused = await asyncio.gather(*[browser.get("/slow") for _ in range(30)])
    assert [answer.status_code for answer in refused] == [503] * 30
    for left in reversed(range(len(tasks))):
        work.steps.release()
        await until(browser, at_work=min(left, PLACES), waiting=max(left - PLACES, 0))
    assert [answer.status_code for answer in await asyncio.gather(*tasks)] == [200] * len(tasks)
    assert work.most == PLACES
    assert work.begun[PLACES:] == [str(n) for n in range(PLACES, PLACES + QUEUE)]
    assert await figures(browser) == {"at_work": 0, "waiting": 0, "refused": 30}


async def test_who_is_refused_is_told_in_words_and_when_to_come_again(browser: AsyncClient, work: Work) -> None:
    tasks = await filled(browser)
    typed = "物业不通知就停水，家里有老人，请帮忙问一问什么时候能恢复供水。" * 3
    page, form = await browser.get("/slow"), await browser.post("/slow", data={"content": typed, "_csrf": "x"})
    for answer in (page, form):
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert "人太多" in answer.text
        assert settings().hotline_phone in answer.text
        assert "没有提交" in answer.text
    assert typed in form.text, "what was typed is there to be copied"
    program = await browser.get("/api/slow")
    assert program.status_code == 503
    assert program.json()["error"]["code"] == "degraded"
    assert int(program.headers["retry-after"]) > 0
    work.end.set()
    await asyncio.gather(*tasks)


async def test_health_metrics_assets_and_streams_get_in_while_it_is_full(browser: AsyncClient, work: Work) -> None:
    tasks = await filled(browser)
    for path in ("/healthz", "/readyz", "/metrics"):
        assert (await browser.get(path)).status_code == 200
    assert (await browser.get("/static/none.css")).status_code == 404
    watchers = [asyncio.create_task(browser.get("/test/live")) for _ in range(20)]
    await asyncio.sleep(0.05)
    assert not any(watcher.done() for watcher in watchers)
    work.end.set()
    assert {answer.status_code for answer in await asyncio.gather(*tasks, *watchers)} == {200}


async def test_streams_take_no_place(browser: AsyncClient, work: Work) -> None:
    watchers = [asyncio.create_task(browser.get("/test/live")) for _ in range(PLACES + QUEUE + 1)]
    readers = [asyncio.create_task(browser.get("/stream")) for _ in range(PLACES)]
    await asyncio.sleep(0.05)
    await until(browser, at_work=0, waiting=0)
    assert (await browser.get("/quick")).status_code == 200
    work.end.set()
    assert {answer.status_code for answer in await asyncio.gather(*watchers, *readers)} == {200}


async def test_nobody_stands_in_the_queue_longer_than_the_bound(
    browser: AsyncClient, work: Work, app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "queue_wait_s", 0.05)
    shorter = create()
    shorter.router.routes.insert(0, Route("/slow", public(work.slow)))
    transport = ASGITransport(app=shorter, client=("127.0.0.1", 50_000))
    async with AsyncClient(transport=transport, base_url="http://localhost") as client:
        inside = [asyncio.create_task(client.get("/slow")) for _ in range(PLACES)]
        await until(client, at_work=PLACES)
        assert (await client.get("/slow")).status_code == 503
        assert await figures(client) == {"at_work": PLACES, "waiting": 0, "refused": 1}
        work.end.set()
        await asyncio.gather(*inside)


async def test_no_place_is_lost_by_requests_that_fail_or_are_cancelled(browser: AsyncClient, work: Work) -> None:
    for _ in range(3 * PLACES):
        assert (await browser.get("/wrong")).status_code == 500
    for which in ("at work", "waiting", "all at once"):
        tasks = await filled(browser)
        gone = {"at work": tasks[:PLACES], "waiting": tasks[PLACES:], "all at once": tasks}[which]
        for task in gone:
            task.cancel()
        await asyncio.wait(gone)
        work.end.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        work.end.clear()
        assert {**await figures(browser), "refused": 0} == {"at_work": 0, "waiting": 0, "refused": 0}, which
    assert (await browser.get("/quick")).status_code == 200


async def test_a_place_given_to_a_request_cancelled_in_that_moment_goes_on_to_the_next(
    browser: AsyncClient, work: Work
) -> None:
    tasks = await filled(browser)
    work.end.set()
    while not work.ended:  # its place has just been handed to the first of the queue
        await asyncio.sleep(0)
    for task in tasks[PLACES : PLACES + 2]:
        task.cancel()
    await asyncio.wait(tasks)
    assert await figures(browser) == {"at_work": 0, "waiting": 0, "refused": 0}


async def test_who_sends_a_body_slowly_keeps_nobody_out(app: Starlette, browser: AsyncClient) -> None:
    """As many as there are places send half of a body and then nothing for a while."""
    rest, answers = asyncio.Event(), list[Message]()
    halves = iter("ab" * PLACES)

    async def sent(part: str) -> None:
        parts = iter([{"type": "http.request", "body": part.encode(), "more_body": True}])

        async def receive() -> Message:
            first = next(parts, None)
            if first is None:
                await rest.wait()
            return first or {"type": "http.request", "body": b"end", "more_body": False}

        async def send(message: Message) -> None:
            answers.append(message)

        scope = {
            "type": "http", "method": "POST", "path": "/quick", "raw_path": b"/quick", "query_string": b"",
            "root_path": "", "scheme": "http", "http_version": "1.1", "server": ("localhost", 80),
            "client": ("127.0.0.1", 50_001), "headers": [(b"host", b"localhost"), (b"transfer-encoding", b"chunked")],
        }  # fmt: skip
        await app(scope, receive, send)

    slow = [asyncio.create_task(sent(next(halves))) for _ in range(2 * PLACES)]
    await until(browser, at_work=0, waiting=0)
    assert not any(task.done() for task in slow)
    assert (await browser.get("/quick")).status_code == 200
    rest.set()
    await asyncio.gather(*slow)
    statuses = [message["status"] for message in answers if message["type"] == "http.response.start"]
    assert statuses == [200] * len(slow)
    assert await figures(browser) == {"at_work": 0, "waiting": 0, "refused": 0}
