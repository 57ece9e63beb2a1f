"""How many requests are at work in this process at once (容量), a short queue before them, and a no at once beyond it.

Whoever would wait for a database connection in the end and be refused there has been worked for in vain, so the bound
stands before the session is looked up. A place is held from there until the answer begins: whoever sends slowly, reads
slowly or watches a stream takes none from others."""

import asyncio
from collections import deque

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kernel.edge.address import WITHOUT_ANYBODY
from kernel.errors import Degraded

RETRY_S = 3
STREAM = "/live"  # a stream has bounds of its own (see kernel.streams), and a browser that is refused never comes back


class Crowded(Degraded):
    known = "crowded"
    text = "现在使用的人太多，{what}没有受理，请等几秒再试；急事请拨 12345。"

    def __init__(self) -> None:
        super().__init__(what="这一次请求", retry_after_s=RETRY_S)


class Door:
    """So many places, and a queue in the order of coming. Nobody stands in it longer than `wait_s`."""

    def __init__(self, *, places: int, queue_max: int, wait_s: float) -> None:
        self.places, self.queue_max, self.wait_s = places, queue_max, wait_s
        self.free, self.refused = places, 0
        self.queue: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> None:
        """Raises Crowded."""
        if self.free:
            self.free -= 1
        elif len(self.queue) >= self.queue_max:
            self._refuse()
        else:
            turn = asyncio.get_running_loop().create_future()
            self.queue.append(turn)
            try:
                async with asyncio.timeout(self.wait_s):
                    await self._wait(turn)
            except TimeoutError:
                self._refuse()

    async def enter_again(self) -> None:
        """For who was in already and lent the place: before all others, never refused."""
        if self.free:
            self.free -= 1
        else:
            turn = asyncio.get_running_loop().create_future()
            self.queue.appendleft(turn)
            await self._wait(turn)

    def leave(self) -> None:
        while self.queue:
            turn = self.queue.popleft()
            if not turn.done():  # else its request was cancelled in this very moment
                turn.set_result(None)
                return
        self.free += 1
        assert self.free <= self.places

    async def figures(self) -> dict[str, int]:
        """For the metrics."""
        return {"at_work": self.places - self.free, "waiting": len(self.queue), "refused": self.refused}

    async def _wait(self, turn: asyncio.Future[None]) -> None:
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self.leave()  # it was given to a request that ended meanwhile
            elif turn in self.queue:
                self.queue.remove(turn)
            raise

    def _refuse(self) -> None:
        self.refused += 1
        raise Crowded


class Bounded:
    """Every request that works with the database goes through the door."""

    def __init__(self, app: ASGIApp, *, door: Door) -> None:
        self.app, self.door = app, door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or path.startswith(WITHOUT_ANYBODY) or path.endswith(STREAM):
            return await self.app(scope, receive, send)
        await self.door.enter()
        place = _Place(self.door, receive, send)
        try:
            return await self.app(scope, place.receive, place.send)
        finally:
            place.give_back()


class _Place:
    """The place of one request."""

    def __init__(self, door: Door, receive: Receive, send: Send) -> None:
        self.door, self._receive, self._send = door, receive, send
        self.held, self.complete = True, False

    async def receive(self) -> Message:
        """While the rest of a body is on its way its place is lent; what has arrived already comes without a pause."""
        if self.complete:
            return await self._receive()
        lent = asyncio.get_running_loop().call_soon(self.give_back)
        try:
            message = await self._receive()
        finally:
            lent.cancel()
        self.complete = not message.get("more_body", False)
        if not self.held:
            await self.door.enter_again()
            self.held = True
        return message

    async def send(self, message: Message) -> None:
        """Once its answer begins a request no longer counts: how fast it is taken is up to the reader."""
        if message["type"] == "http.response.start":
            self.complete = True
            self.give_back()
        await self._send(message)

    def give_back(self) -> None:
        if self.held:
            self.held = False
            self.door.leave()
