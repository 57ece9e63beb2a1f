"""A folder and a bucket keep files alike: the same sentences hold for both, the bucket being a real server's."""

import asyncio
import hashlib
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import obstore
import pytest
from pydantic import ValidationError

from kernel.errors import Degraded
from kernel.files import store
from kernel.settings import Settings, settings
from tests.servers import S3

LARGE = 20 * 2**20
AWAY_S_MAX = 30
_buckets = count(1)


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(settings(), "home", tmp_path)
    if request.param == "s3":
        request.getfixturevalue("bucket")
    return str(request.param)


@pytest.fixture
def bucket(s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    monkeypatch.setattr(settings(), "home", tmp_path)
    for name, value in s3.bucket(f"hall-{next(_buckets)}").items():
        monkeypatch.setattr(settings(), name, value)
    yield s3
    if s3.server.process is None:
        s3.server.start()


async def sent(data: bytes, block: int = 256 * 1024) -> AsyncIterator[bytes]:
    for start in range(0, len(data), block):
        yield data[start : start + block]


async def read(sha256: str, *places: int) -> bytes:
    return b"".join([piece async for piece in store.opened(sha256, *places)])


async def listed() -> list[str]:
    return [name async for name in store.names()]


async def lying() -> list[str]:
    """Every object, what is arriving among them."""
    return [one["path"] async for found in obstore.list(store.store()) for one in found]


async def sealed_form(name: str) -> bytes:
    return b"".join([block async for block in store.sealed(name)])


@pytest.mark.parametrize("size", [0, 5, store.ONE_REQUEST_MAX, LARGE])
async def test_bytes_come_back_as_they_were_and_nothing_else_lies_there(place: str, size: int) -> None:
    data = os.urandom(size)
    kept = await store.put(sent(data))
    assert (kept.sha256, kept.size) == (hashlib.sha256(data).hexdigest(), size)
    assert await read(kept.sha256) == data
    assert await lying() == await listed() == [store.name_of(kept.sha256)]


async def test_a_range_is_that_part(place: str) -> None:
    data = os.urandom(3 * 2**20 + 17)
    sha256 = (await store.put(sent(data))).sha256
    for start, end in [(0, 1), (2**20 - 1, 2**20 + 1), (2**20, 3 * 2**20), (3 * 2**20, len(data)), (5, len(data) + 9)]:
        assert await read(sha256, start, end) == data[start:end], (start, end)


@pytest.mark.parametrize("size", [100_000, LARGE])
async def test_the_same_bytes_are_kept_once_and_what_lies_there_is_not_touched(place: str, size: int) -> None:
    data = os.urandom(size)
    name = store.name_of((await store.put(sent(data))).sha256)
    before = await sealed_form(name)
    await store.put(sent(data))
    assert await listed() == [name]
    assert await sealed_form(name) == before


@pytest.mark.parametrize("size", [100_000, LARGE])
async def test_of_several_who_put_the_same_at_once_one_wins_and_who_reads_goes_on(place: str, size: int) -> None:
    data = os.urandom(size)
    first = asyncio.create_task(store.put(sent(data)))
    others = [asyncio.create_task(store.put(sent(data))) for _ in range(3)]
    sha256 = (await first).sha256
    assert await read(sha256) == data  # while the others are still putting
    assert {kept.sha256 for kept in await asyncio.gather(*others)} == {sha256}
    assert await read(sha256) == data
    assert await lying() == [store.name_of(sha256)]


async def test_more_names_than_one_answer_holds_are_all_listed(place: str) -> None:
    names = {f"{number:04x}"[:2] + f"/{number:04x}" for number in range(1_003)}
    await asyncio.gather(*(obstore.put_async(store.store(), name, b"x") for name in names))
    found = await listed()
    assert len(found) == len(names)
    assert set(found) == names


async def test_what_was_never_put_or_was_removed_is_missing(place: str) -> None:
    with pytest.raises(store.Missing):
        await read("0" * 64)
    sha256 = (await store.put(sent(b"gone"))).sha256
    await store.remove(store.name_of(sha256))
    with pytest.raises(store.Missing, match=sha256):
        await read(sha256)
    assert await listed() == []


@pytest.mark.parametrize("size", [1_000, LARGE])
async def test_what_has_rotted_is_named_and_the_next_who_puts_it_mends_it(place: str, size: int) -> None:
    data = os.urandom(size)
    sha256 = (await store.put(sent(data))).sha256
    rotten = bytearray(await sealed_form(store.name_of(sha256)))
    rotten[-3] ^= 1
    await obstore.put_async(store.store(), store.name_of(sha256), bytes(rotten))
    with pytest.raises(store.Damaged, match=sha256):
        await read(sha256)
    await store.put(sent(data))
    assert await read(sha256) == data


async def test_what_is_still_arriving_after_a_day_is_swept_and_what_arrives_now_is_not(place: str) -> None:
    await obstore.put_async(store.store(), f"{store.SPOOL}/left.sealed", b"half")
    now = datetime.now(UTC)
    assert await store.sweep_spool(now - timedelta(days=1)) == 0
    assert await store.sweep_spool(now + timedelta(minutes=1)) == 1
    assert await lying() == []


async def test_while_s3_is_away_it_is_said_so_and_it_needs_no_restart(bucket: S3) -> None:
    data = os.urandom(LARGE)
    sha256 = (await store.put(sent(data))).sha256
    bucket.server.stop(signal.SIGKILL)
    for act in (store.put(sent(b"now")), store.put(sent(os.urandom(LARGE))), read(sha256), listed(), store.remove("x")):
        begun = time.monotonic()
        with pytest.raises(Degraded, match="文件存储暂时不可用，请稍后重新提交") as refused:
            await act
        assert refused.value.status == 503
        assert time.monotonic() - begun < AWAY_S_MAX
    assert list((settings().home / "files" / store.SPOOL).iterdir()) == []
    bucket.server.start()
    assert await read(sha256) == data
    assert (await store.put(sent(b"now"))).size == 3
    assert len(await listed()) == 2


async def test_a_server_that_no_longer_answers_keeps_nobody_waiting_for_long(bucket: S3) -> None:
    sha256 = (await store.put(sent(b"x"))).sha256
    assert bucket.server.process
    bucket.server.process.send_signal(signal.SIGSTOP)
    begun = time.monotonic()
    try:
        with pytest.raises(Degraded):
            await read(sha256)
    finally:
        bucket.server.process.send_signal(signal.SIGCONT)
    assert time.monotonic() - begun < AWAY_S_MAX


@pytest.mark.parametrize("key", ["not the key", None])
async def test_a_wrong_or_lost_key_is_an_outage_not_a_missing_file(
    bucket: S3, key: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256 = (await store.put(sent(b"x"))).sha256
    wrong = settings().home / "wrong"
    if key is not None:
        wrong.write_text(key)
    monkeypatch.setattr(settings(), "files_secret_file", wrong)
    with pytest.raises(Degraded):
        await read(sha256)


async def test_the_clients_own_environment_leads_nowhere_else(bucket: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name, value in {"AWS_ACCESS_KEY_ID": "x", "AWS_SESSION_TOKEN": "x", "AWS_SKIP_SIGNATURE": "true"}.items():
        monkeypatch.setenv(name, value)
    assert (await store.put(sent(b"here"))).size == 4
    assert os.environ["AWS_SESSION_TOKEN"] == "x"  # noqa: S105


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("s3://hall?endpoint=https://s3.example.gov.cn", True),
        ("s3://hall?endpoint=https://hall.s3.example.gov.cn&region=cn-east&style=host", True),
        ("s3://hall?endpoint=http://127.0.0.1:9000", True),
        ("s3://hall?endpoint=http://[::1]:9000", True),
        ("s3://hall?endpoint=http://s3.example.gov.cn", False),
        ("s3://hall?endpoint=http://127.0.0.1.example.com", False),
        ("s3://hall", False),
        ("s3://hall?endpoint=ftp://127.0.0.1", False),
        ("s3://hall?endpoint=https://s3.example.gov.cn&allow_http=true", False),
    ],
)
def test_only_a_bucket_that_is_named_in_full_and_reached_over_tls_is_taken(url: str, fits: bool) -> None:
    keys = {"files_key_id_file": Path("id"), "files_secret_file": Path("secret")}
    if fits:
        assert Settings(files_url=url, **keys).files_url == url  # type: ignore[arg-type]
    else:
        with pytest.raises(ValidationError, match="endpoint"):
            Settings(files_url=url, **keys)  # type: ignore[arg-type]


def test_a_bucket_without_keys_is_not_asked_of_the_clouds_metadata() -> None:
    with pytest.raises(ValidationError, match="SUNHALL_FILES_KEY_ID_FILE"):
        Settings(files_url="s3://hall?endpoint=https://s3.example.gov.cn")
