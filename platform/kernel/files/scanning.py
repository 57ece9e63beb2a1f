"""Looking for viruses (查毒): clamd is given the bytes over its INSTREAM and says what it found.

clamd speaks without encryption, so it is asked on this machine only: a socket file or a loopback port."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from kernel.errors import Degraded, Refusal
from kernel.files import store
from kernel.settings import settings

CONNECT_S, WHOLE_S = 3, 25  # a delivery is given half its lease of 60 s
BLOCK_BYTES, ANSWER_BYTES_MAX = 65_536, 4_096
LENGTH = struct.Struct(">I")
FOUND, CLEAN, TOO_LONG = " FOUND", "stream: OK", "INSTREAM size limit exceeded"
NOT_LOOKED_THROUGH = "Heuristics.Limits.Exceeded"


class NoScanner(Refusal):
    status, code, text = 503, "no_scanner", "没有设查毒服务（SUNHALL_SCANNER_URL），文件未经查毒。"


class ScannerAway(Degraded):
    """Not there, too slow, or it said what we don't understand. Worth another try later."""

    code, text = "scanner_away", "{what}暂时不可用，文件还没有查毒，请稍后再试。"


class NotScanned(Refusal):
    """Nobody knows whether it is clean, and another try won't tell."""

    status, code, text = 413, "not_scanned", "文件超过查毒服务的上限，没有查毒；请管理员调大 clamd 的 StreamMaxLength。"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`found` is the scanner's name of what is in the file, empty if nothing is."""

    found: str = ""

    @property
    def clean(self) -> bool:
        return not self.found


def present() -> bool:
    """Whether this hall has a scanner; without one a page says 未查毒."""
    return bool(settings().scanner_url)


async def scan(sha256: str) -> Verdict:
    """What is in the file of that hash, streamed from the store; at most 25 s.

    Raises NoScanner, ScannerAway, NotScanned, and what reading it raises (Missing, Damaged, Degraded)."""
    return await look_through(store.opened(sha256))


async def look_through(source: store.Bytes) -> Verdict:
    said = await asked("INSTREAM", source)
    if said == CLEAN:
        return Verdict()
    if said.startswith(TOO_LONG) or NOT_LOOKED_THROUGH in said:
        raise NotScanned
    if said.startswith("stream: ") and said.endswith(FOUND):
        return Verdict(said.removeprefix("stream: ").removesuffix(FOUND))
    raise ScannerAway(what="查毒服务") from ValueError(said)


async def asked(command: str, source: store.Bytes | None = None) -> str:
    """One command, one answer, without its end. Raises NoScanner, ScannerAway."""
    try:
        async with asyncio.timeout(WHOLE_S), _line() as line:
            answer = asyncio.create_task(_answer(line))
            try:
                await _said(line, f"z{command}\0".encode(), source, answer)
                return await answer
            finally:
                answer.cancel()
                await asyncio.wait([answer])  # before its line is closed
    except (OSError, EOFError) as away:
        raise ScannerAway(what="查毒服务") from away


async def _said(
    line: socket.socket, command: bytes, source: store.Bytes | None, answer: "asyncio.Task[str]"
) -> None:  # fmt: skip
    """Until clamd answers: it does so before the end when it is too much, and hangs up."""
    send = asyncio.get_running_loop().sock_sendall
    try:
        await send(line, command)
        if source is None:
            return
        async for piece in source:
            for start in range(0, len(piece), BLOCK_BYTES):
                block = piece[start : start + BLOCK_BYTES]
                await send(line, LENGTH.pack(len(block)) + block)
            if answer.done():
                return
        await send(line, LENGTH.pack(0))
    except ConnectionError:
        return  # what it said before it hung up is still there to be read


async def _answer(line: socket.socket) -> str:
    said = bytearray()
    while not said.endswith(b"\0"):
        block = await asyncio.get_running_loop().sock_recv(line, ANSWER_BYTES_MAX)
        said += block
        if not block or len(said) > ANSWER_BYTES_MAX:
            raise EOFError
    return said[:-1].decode(errors="replace")


@asynccontextmanager
async def _line() -> AsyncIterator[socket.socket]:
    """A socket of our own: asyncio's streams drop what was said when a write fails after it."""
    if not present():
        raise NoScanner
    place = urlsplit(settings().scanner_url)
    tcp = socket.AF_INET6 if ":" in (place.hostname or "") else socket.AF_INET
    with socket.socket(socket.AF_UNIX if place.scheme == "unix" else tcp) as line:
        line.setblocking(False)
        async with asyncio.timeout(CONNECT_S):
            address = place.path if place.scheme == "unix" else (place.hostname, place.port)
            await asyncio.get_running_loop().sock_connect(line, address)
        yield line
