"""Limits on what arrives: its size, its head, its time."""

import asyncio
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kernel.edge.refusing import refuse
from kernel.errors import HeadersTooLarge, Malformed, Refusal, TooLarge, TooSlow, UnsupportedType

HEADER_BYTES_MAX, HEADER_COUNT_MAX = 32_768, 100


class Head:
    """One Host, not both lengths, not too much of anything (smuggling and memory)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (refusal := _unfit(scope["headers"])):
            return await refuse(refusal, scope, receive, send)
        return await self.app(scope, receive, send)


def _unfit(headers: Iterable[tuple[bytes, bytes]]) -> Refusal | None:
    headers = list(headers)
    if len(headers) > HEADER_COUNT_MAX or sum(len(name) + len(value) for name, value in headers) > HEADER_BYTES_MAX:
        return HeadersTooLarge()
    names = [name.lower() for name, _ in headers]
    if names.count(b"host") != 1:
        return Malformed(what="请求须带且只带一个 Host")
    if b"content-length" in names and b"transfer-encoding" in names:
        return Malformed(what="请求长度的写法互相矛盾")
    for single in (b"content-length", b"content-type", b"authorization", b"idempotency-key"):
        if names.count(single) > 1:
            return Malformed(what=f"“{single.decode()}”出现了多次")
    return None


class Body:
    """Count what arrives: Content-Length may be absent or lie, and a form parser spools all before it returns."""

    def __init__(self, app: ASGIApp, *, bytes_max: int, idle_s: float = 15, whole_s: float = 30) -> None:
        self.app, self.bytes_max, self.idle_s, self.whole_s = app, bytes_max, idle_s, whole_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        too_large = TooLarge(mib=f"{self.bytes_max / 2**20:.2g}")
        length = headers.get("content-length", "0")
        if not length.isdecimal():
            return await refuse(Malformed(what="Content-Length 不是数字"), scope, receive, send)
        if int(length) > self.bytes_max:
            return await refuse(too_large, scope, receive, send)
        if headers.get("content-encoding", "identity") != "identity":
            return await refuse(UnsupportedType(what="压缩过的请求内容"), scope, receive, send)
        received, ends_at, complete = 0, asyncio.get_running_loop().time() + self.whole_s, False

        async def counted() -> Message:
            nonlocal received, complete
            if complete:  # afterwards only the end of the connection is awaited, for as long as it takes
                return await receive()
            left = ends_at - asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout(max(min(self.idle_s, left), 0)):
                    message = await receive()
            except TimeoutError:
                raise TooSlow(seconds=int(self.idle_s)) from None
            received += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if received > self.bytes_max:
                raise too_large  # rises through the handler to show_refusal
            return message

        return await self.app(scope, counted, send)
