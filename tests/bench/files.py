"""100 files of 20 MB through the store (looked up, sealed, fsync, linked) against raw obstore in turn, and over HTTP.

obstore's local store neither seals nor syncs; its file is synced here after each put, so that both promise the same."""

import asyncio
import os
import secrets as entropy
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import obstore
from obstore.store import LocalStore

from kernel.files import store
from kernel.settings import settings
from tests.bench.measuring import Figure, Scale, rate_figure
from tests.halls import Hall, a_hall

FILE_BYTES, FILES, BLOCK = 20_000_000, 100, 1 << 20
SMALL = 5  # files, where the scale is small
MULTIPART = {"Content-Type": "multipart/form-data; boundary=hall"}
PART = '--hall\r\nContent-Disposition: form-data; name="file"; filename="{}.txt"\r\n\r\n'
END = b"\r\n--hall--\r\n"
RATIO, THEIRS = 0.5, "obstore 不加密，逐个 fsync"


async def measure(scale: Scale, found: list[Figure]) -> None:
    count = FILES if scale.things > 10_000 else SMALL
    with tempfile.TemporaryDirectory(prefix="sunhall-bench-") as folder:
        os.environ.setdefault("SUNHALL_SECRET", entropy.token_hex(20))
        settings().home = Path(folder)
        ours, theirs = await _in_turn(Path(folder), count)
    found.append(rate_figure(f"文件：{count} 个 20 MB，存入（MB）", ours, theirs, RATIO, THEIRS))
    with tempfile.TemporaryDirectory(prefix="sunhall-bench-") as folder, a_hall(Path(folder), demo=True) as hall:
        await asyncio.to_thread(hall.serve)
        await asyncio.to_thread(hall.settle)
        rates = await asyncio.to_thread(_over_http, hall, count)
    found.append(rate_figure(f"文件：{count} 个 20 MB，经 HTTP 上传（MB）", rates, theirs, RATIO, THEIRS))


async def _in_turn(folder: Path, count: int) -> tuple[list[float], list[float]]:
    """MB per second of each file; its bytes are random, so nothing is kept once for two."""
    raw = LocalStore(folder / "raw", mkdir=True)
    ours, theirs = list[float](), list[float]()
    for number in range(count):
        data = entropy.token_bytes(FILE_BYTES)
        begun = time.perf_counter()
        await store.put(_blocks(data))
        ours.append(FILE_BYTES / 1e6 / (time.perf_counter() - begun))
        begun = time.perf_counter()
        await obstore.put_async(raw, str(number), _blocks(data))
        await asyncio.to_thread(_sync, folder / "raw" / str(number))
        theirs.append(FILE_BYTES / 1e6 / (time.perf_counter() - begun))
    return ours, theirs


async def _blocks(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), BLOCK):
        yield data[start : start + BLOCK]


def _sync(file: Path) -> None:
    handle = os.open(file, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _over_http(hall: Hall, count: int) -> list[float]:
    """From the first byte to the answer: looked through, sealed, synced, its row written."""
    headers, rates = hall.token("operator") | MULTIPART, list[float]()
    with closing(HTTPConnection("127.0.0.1", hall.port, timeout=120)) as line:  # httpx copies what is left at each send
        for number in range(count):
            text = (f"{number} 停水".encode() + b" no water\n" * (FILE_BYTES // 10))[:FILE_BYTES]
            body = PART.format(number).encode() + text + END
            begun = time.perf_counter()
            line.request("POST", "/api/v1/files", body, headers)
            answer = line.getresponse()
            told = answer.read()
            rates.append(FILE_BYTES / 1e6 / (time.perf_counter() - begun))
            assert answer.status == 201, told
    return rates
