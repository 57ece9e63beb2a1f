"""Limits on what arrives: its size, its head, its time."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kernel.edge.refusing import refuse
from kernel.errors import HeadersTooLarge, Malformed, Refusal, TooLarge, TooSlow, UnsupportedType

HEADER_BYTES_MAX, HEADER_COUNT_MAX = 32_768, 100
TAIL_BYTES = 300  # a boundary has 70 at most


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


@dataclass
class Room:
    """How much one request may bring and how long it may take; a route that takes files widens it before it reads."""

    bytes_max: int
    whole_s: float


class Body:
    """Count what arrives: Content-Length may be absent or lie, and a form parser spools all before it returns."""

    def __init__(
        self, app: ASGIApp, *, bytes_max: int, files_bytes_max: int = 0, idle_s: float = 15, whole_s: float = 30
    ) -> None:
        self.app, self.bytes_max, self.idle_s, self.whole_s = app, bytes_max, idle_s, whole_s
        self.files_bytes_max = max(files_bytes_max, bytes_max)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        room = scope["room"] = Room(self.bytes_max, self.whole_s)
        length = headers.get("content-length", "0")
        if not length.isdecimal():
            return await refuse(Malformed(what="Content-Length 不是数字"), scope, receive, send)
        if int(length) > (self.files_bytes_max if brings_files(headers) else self.bytes_max):
            return await refuse(_too_large(room), scope, receive, send)
        if headers.get("content-encoding", "identity") != "identity":
            return await refuse(UnsupportedType(what="压缩过的请求内容"), scope, receive, send)
        received, began_at, complete = 0, asyncio.get_running_loop().time(), False

        async def counted() -> Message:
            nonlocal received, complete
            if complete:  # afterwards only the end of the connection is awaited, for as long as it takes
                return await receive()
            if int(length) > room.bytes_max:
                raise _too_large(room)  # rises through the handler to show_refusal
            left = began_at + room.whole_s - asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout(max(min(self.idle_s, left), 0)):
                    message = await receive()
            except TimeoutError:
                raise TooSlow(seconds=int(self.idle_s)) from None
            received += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if received > room.bytes_max:
                raise _too_large(room)
            return message

        return await self.app(scope, counted, send)


def brings_files(headers: Headers) -> bool:
    """Only such a request may be let in before its route has said how large it may be."""
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    return media in {"multipart/form-data", "application/octet-stream"}


def _too_large(room: Room) -> TooLarge:
    return TooLarge(mib=f"{room.bytes_max / 2**20:.4g}")
