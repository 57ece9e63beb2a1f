"""A small HTTP client on kept connections: a large one would take more of the two cores than what is measured."""

import asyncio
import json
from itertools import cycle
from typing import Any

CLIENTS = 8
SPARE = 8  # connections beyond those in use, so that asking goes round among the tokens


class Line:
    """One kept connection."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        self.port, self.headers = port, headers
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def ask(self, method: str, path: str, sent: object = None) -> tuple[int, bytes]:
        if self.writer is None or (self.reader is not None and self.reader.at_eof()):  # the server ends idle ones
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        assert self.reader is not None
        body = json.dumps(sent).encode() if sent is not None else b""
        lines = [f"{method} {path} HTTP/1.1", f"host: 127.0.0.1:{self.port}", f"content-length: {len(body)}"]
        lines += ["content-type: application/json", *(f"{name}: {value}" for name, value in self.headers.items())]
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        status = int(head[9:12])
        answer = await self._body(head)
        if b"connection: close" in head:
            self.close()
        return status, answer

    async def _body(self, head: bytes) -> bytes:
        assert self.reader is not None
        if b"content-length:" in head:
            size = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
            return await self.reader.readexactly(size)
        pieces = []
        while size := int((await self.reader.readline()).strip(), 16):
            pieces.append(await self.reader.readexactly(size + 2))
        await self.reader.readline()
        return b"".join(piece[:-2] for piece in pieces)

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()
        self.writer = None


class Asking:
    """As many connections as are needed at once, each in the name of one of the tokens and from an address of its own:
    there are rates on both."""

    def __init__(self, port: int, *headers: dict[str, str]) -> None:
        self.port, self.names, self.free = port, cycle(headers or ({},)), list[Line]()
        self.lines = 0

    async def ask(self, method: str, path: str, sent: object = None, *, expected: int = 200) -> bytes:
        line = self.free.pop(0) if len(self.free) > SPARE else self._another()
        status, answer = await line.ask(method, path, sent)
        self.free.append(line)
        assert status == expected, f"{method} {path}: {status} {answer[:300]!r}"
        return answer

    async def json(self, method: str, path: str, sent: object = None, *, expected: int = 200) -> Any:
        return json.loads(await self.ask(method, path, sent, expected=expected))

    def _another(self) -> Line:
        self.lines += 1
        return Line(self.port, next(self.names) | {"x-forwarded-for": f"10.0.{self.lines % 250}.1"})
