"""The answer that goes on: events as they come, until the watcher leaves, signs out, or the process ends."""

import asyncio
import secrets as entropy
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from kernel.edge import rates
from kernel.errors import Malformed, TooMany
from kernel.failures import is_outage
from kernel.permissions import Actor
from kernel.settings import settings
from kernel.streams.channels import BEHIND_MAX, channel, wake_all
from kernel.streams.source import Source

HEARTBEAT_S, CHECK_S, SEND_S = 15.0, 2.0, 20.0
RETRY_MS, SPREAD_MS = 2_000, 3_000  # all who were cut off at once don't come back at once
FULL_S = 10
HEADERS = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_people: Counter[str] = Counter()
_addresses: Counter[str] = Counter()
_ending: list[bool] = []


def end_all() -> None:
    """This process goes: every stream ends now, whoever watches comes back to another one."""
    if not _ending:
        _ending.append(True)
        wake_all()


class Live(Response):
    """`still`: whether who is behind it may go on watching; None: anybody may watch."""

    def __init__(self, request: Request, source: Source, *, still: Callable[[Actor], bool] | None) -> None:
        super().__init__()
        self.request, self.source, self.still = request, source, still
        self.place = asked_place(request)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["goes_on"] = True
        with _room(self.request):
            watched = channel(self.source)
            await watched.join()
            try:
                await self._begin(send)
                if scope["method"] == "HEAD":
                    return await _end(send)
                gone = asyncio.create_task(_gone(receive))
                try:
                    await self._go_on(send, gone)
                finally:
                    gone.cancel()
            finally:
                await asyncio.shield(watched.leave())

    async def _begin(self, send: Send) -> None:
        newest = channel(self.source).newest
        behind = newest if self.place is None else self.place
        if behind > newest:  # another process may have read further
            newest = await self.source.newest()
        again = b""
        if behind > newest or newest - behind > BEHIND_MAX:  # of another database, or from last year
            behind, again = newest, b"id: %d\nevent: anew\ndata: {}\n\n" % newest
        self.place = behind
        retry = RETRY_MS + entropy.randbelow(SPREAD_MS)
        raw = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        await _say(send, b"retry: %d\n\n" % retry + again)

    async def _go_on(self, send: Send, gone: asyncio.Task[None]) -> None:
        try:
            if await self._tell(send, gone) and not gone.done():
                await _end(send)
        except BaseException as problem:
            if not is_outage(problem):
                raise
            await _end(send)  # the database is away: whoever watches comes again

    async def _tell(self, send: Send, gone: asyncio.Task[None]) -> bool:
        """Until one of the reasons to end; False: nobody takes what is said."""
        watched, loop = channel(self.source), asyncio.get_running_loop()
        place, said_at, asked_at = self.place or 0, loop.time(), loop.time()
        while not (gone.done() or _ending or watched.broken):
            if loop.time() - asked_at >= CHECK_S:
                asked_at = loop.time()
                if not await self._may_go_on():
                    return await _say(send, b"event: over\ndata: {}\n\n")
            news = watched.news
            place, lines = await watched.after(place)
            if not lines and loop.time() - said_at >= HEARTBEAT_S:
                lines = b":\n\n"
            if not lines:
                waiting = asyncio.create_task(news.wait())
                await asyncio.wait({waiting, gone}, timeout=CHECK_S, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
            elif await _say(send, lines):
                said_at = loop.time()
            else:
                return False
        return True

    async def _may_go_on(self) -> bool:
        if self.still is None:
            return True
        session = await self.request.scope["again"]()
        return session is not None and not session.needs and not session.must_change and self.still(session.actor)


def asked_place(request: Request) -> int | None:
    """Where this watcher is: what its browser kept, or what the page said. Raises Malformed."""
    given = request.headers.get("last-event-id") or request.query_params.get("after", "")
    if given and not (given.isascii() and given.isdecimal() and len(given) < 19):
        raise Malformed(what="Last-Event-ID 应为数字")
    return int(given) if given else None


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _end(send: Send) -> None:
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _say(send: Send, lines: bytes) -> bool:
    """Whether it was taken; who takes nothing for so long is cut off and comes back for the rest."""
    try:
        async with asyncio.timeout(SEND_S):
            await send({"type": "http.response.body", "body": lines, "more_body": True})
    except TimeoutError:
        return False
    return True


@contextmanager
def _room(request: Request) -> Iterator[None]:
    """One person, one house and one process have so many at a time. Raises TooMany."""
    limits, address = settings(), rates.address_of(request)
    person = "" if request.user.anonymous else str(request.user.id)
    full = (
        (person and _people[person] >= limits.streams_per_person)
        or _addresses[address] >= limits.streams_per_address * rates.factor_of(request)
        or _addresses.total() >= limits.streams_max
    )
    if full:
        raise TooMany(retry_after_s=FULL_S)
    counted = [(_people, person)] if person else []
    counted.append((_addresses, address))
    for counter, key in counted:
        counter[key] += 1
    try:
        yield
    finally:
        for counter, key in counted:
            counter[key] -= 1
            if not counter[key]:
                del counter[key]


async def figures() -> dict[str, int]:
    """For the metrics: how many streams of this process go on."""
    return {"open": _addresses.total()}
