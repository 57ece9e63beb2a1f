"""The row FI05 of the specification, against a real clamd that knows one signature; a broken one is played."""

import asyncio
import hashlib
import os
import re
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from kernel.errors import Degraded
from kernel.files import scanning, store
from kernel.files.scanning import NoScanner, NotScanned, ScannerAway, Verdict, scan
from kernel.settings import Settings, settings
from tests.servers import EICAR, Clamd

Played = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "home", tmp_path)
    monkeypatch.setattr(settings(), "scanner_url", "")


@pytest.fixture(params=["tcp", "unix"])
def scanner(request: pytest.FixtureRequest, clamd: Clamd, monkeypatch: pytest.MonkeyPatch) -> Clamd:
    url = clamd.server.url if request.param == "tcp" else f"unix://{clamd.socket}"
    monkeypatch.setattr(settings(), "scanner_url", url)
    return clamd


async def kept(data: bytes) -> str:
    async def sent() -> AsyncIterator[bytes]:
        for start in range(0, len(data), 300_000):
            yield data[start : start + 300_000]

    return (await store.put(sent())).sha256


@pytest.mark.parametrize("before", [0, 1, 2**20 - 20, 3 * 2**20], ids=lambda size: f"after {size} bytes")
async def test_fi05_eicar_is_found_wherever_it_stands(scanner: Clamd, before: int) -> None:
    verdict = await scan(await kept(os.urandom(before) + EICAR))
    assert not verdict.clean
    assert "Eicar" in verdict.found


@pytest.mark.parametrize("size", [0, 1, 2**20, 5 * 2**20])
async def test_fi05_what_holds_nothing_is_clean(scanner: Clamd, size: int) -> None:
    assert await scan(await kept(os.urandom(size))) == Verdict()


@pytest.mark.parametrize("more", [1, 20 * 2**20, 20 * 2**20 + 1, 20 * 2**20 + 2])
async def test_fi05_what_is_too_large_for_the_scanner_is_not_called_clean(scanner: Clamd, more: int) -> None:
    with pytest.raises(NotScanned, match="StreamMaxLength"):
        await scan(await kept(os.urandom(scanner.bytes_max + more)))


async def test_fi05_twenty_files_at_once_are_each_judged_by_themselves(scanner: Clamd) -> None:
    hashes = [await kept(b"%d" % number + (EICAR if number % 3 == 0 else b"")) for number in range(20)]
    verdicts = await asyncio.gather(*(scan(one) for one in hashes))
    assert [verdict.clean for verdict in verdicts] == [number % 3 != 0 for number in range(20)]


async def test_fi05_a_file_that_has_rotted_is_not_called_clean(scanner: Clamd) -> None:
    sha256 = await kept(b"x" * 5_000)
    file = settings().home / "files" / store.name_of(sha256)
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(store.Damaged):
        await scan(sha256)
    with pytest.raises(store.Missing):
        await scan(hashlib.sha256(b"never").hexdigest())


async def test_fi05_while_the_scanner_is_away_it_is_an_outage_and_needs_no_restart(scanner: Clamd) -> None:
    sha256 = await kept(EICAR)
    scanner.server.stop()
    try:
        with pytest.raises(ScannerAway, match="查毒服务暂时不可用，文件还没有查毒") as refused:
            await scan(sha256)
        assert isinstance(refused.value, Degraded)
        assert refused.value.status == 503
    finally:
        scanner.server.start()
    assert not (await scan(sha256)).clean


async def test_fi05_a_hall_without_a_scanner_says_so() -> None:
    assert not scanning.present()
    with pytest.raises(NoScanner, match="未经查毒"):
        await scan(await kept(b"x"))


@asynccontextmanager
async def a_double(answer: Played, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Not clamd: a line that behaves as a broken one would."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await answer(reader, writer)
        writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    monkeypatch.setattr(settings(), "scanner_url", f"tcp://127.0.0.1:{port}")
    async with server:
        yield
        await asyncio.sleep(0.05)  # whoever was asked sees that the other is gone


def says(words: bytes) -> Played:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\0\0\0\0")
        writer.write(words)
        await writer.drain()

    return answer


@pytest.mark.parametrize(
    "words",
    [
        b"", b"stream: OK", b"stream: O\0", b"OK\0", b"stream: OK\n\0", b"\xff\xfe\0", b"FOUND\0", b"x" * 9_000,
        b"UNKNOWN COMMAND\0", b"stream: Can't allocate memory ERROR\0",
    ],
)  # fmt: skip
async def test_fi05_an_answer_that_is_not_understood_never_means_clean(
    words: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_double(says(words), monkeypatch):
        with pytest.raises(ScannerAway):
            await scan(await kept(b"x"))


async def test_fi05_a_file_that_was_looked_through_in_part_only_is_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    words = b"stream: Heuristics.Limits.Exceeded.MaxScanSize FOUND\0"
    async with a_double(says(words), monkeypatch):
        with pytest.raises(NotScanned):
            await scan(await kept(b"x"))


async def test_fi05_a_scanner_that_never_answers_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "WHOLE_S", 0.5)

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with a_double(silent, monkeypatch):
        sha256, begun = await kept(b"x"), time.monotonic()
        with pytest.raises(ScannerAway):
            await scan(sha256)
        assert time.monotonic() - begun < 10


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("", True), ("unix:///run/clamav/clamd.ctl", True), ("tcp://127.0.0.1:3310", True), ("tcp://[::1]:3310", True),
        ("tcp://10.0.0.5:3310", False), ("tcp://127.0.0.1", False), ("unix://run/clamd", False), ("/run/clamd", False),
        ("http://127.0.0.1:3310", False),
    ],
)  # fmt: skip
def test_fi05_files_leave_this_machine_for_no_scanner(url: str, fits: bool) -> None:
    if fits:
        assert Settings(scanner_url=url).scanner_url == url
    else:
        with pytest.raises(ValidationError, match=re.escape("只许在本机")):
            Settings(scanner_url=url)
