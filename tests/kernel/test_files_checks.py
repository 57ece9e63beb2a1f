"""The doctor uses bucket and scanner as the hall does and names what is wrong with the step that mends it."""

import asyncio
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import obstore
import pytest

from kernel.declaration import KERNEL
from kernel.files import checks, store
from kernel.settings import settings
from portal.city.ports import free_port
from tests import servers
from tests.servers import S3, Clamd


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings(), "home", tmp_path)
    monkeypatch.setattr(settings(), "files_url", "")
    monkeypatch.setattr(settings(), "scanner_url", "")
    return tmp_path


@pytest.fixture(scope="module")
def versioned() -> Iterator[S3]:
    with servers.s3(versions=True) as gateway:
        yield gateway


def use(gateway: S3, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in gateway.bucket(bucket).items():
        monkeypatch.setattr(settings(), name, value)


async def left() -> list[str]:
    return [one["path"] async for found in obstore.list(store.store()) for one in found]


def test_the_doctor_looks_at_both() -> None:
    assert {check.name for check in checks.CHECKS} <= {check.name for check in KERNEL.checks}


async def test_a_folder_of_our_own_is_well_and_an_open_one_is_not(home: Path) -> None:
    assert await checks.place_of_files() is None
    (home / "files").chmod(0o755)
    problem = await checks.place_of_files()
    assert problem
    assert problem[1] == f"chmod 700 {home / 'files'}"
    assert stat.S_IMODE((home / "files").stat().st_mode) == 0o755, "the doctor changes nothing"


async def test_a_bucket_that_can_be_used_is_well_and_nothing_is_left_there(
    s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(s3, "doctored", monkeypatch)
    assert await checks.place_of_files() is None
    assert await left() == []


async def test_a_bucket_that_is_away_or_not_ours_is_named_with_the_reason(
    s3: S3, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(s3, "named", monkeypatch)
    url = settings().files_url
    monkeypatch.setattr(settings(), "files_url", url.replace("named", "nowhere"))
    assert "NoSuchBucket" in str(await checks.place_of_files())
    monkeypatch.setattr(settings(), "files_url", f"s3://named?endpoint=http://127.0.0.1:{free_port()}")
    assert "不能读写" in str(await checks.place_of_files())
    monkeypatch.setattr(settings(), "files_url", url)
    (home / "wrong").write_text("wrong")
    monkeypatch.setattr(settings(), "files_secret_file", home / "wrong")
    assert "SignatureDoesNotMatch" in str(await checks.place_of_files())
    monkeypatch.setattr(settings(), "files_secret_file", home / "not there")
    assert "密钥文件读不出" in str(await checks.place_of_files())


async def test_a_bucket_that_keeps_what_was_removed_is_named(versioned: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    use(versioned, "kept", monkeypatch)
    assert await checks.place_of_files() is None
    versioned.keep_versions("kept")
    assert "版本控制" in str(await checks.place_of_files())
    assert await left() == []


async def test_a_hall_without_a_scanner_has_nothing_to_mend() -> None:
    assert await checks.scanner() is None


async def test_a_scanner_that_works_is_well_and_one_with_a_smaller_limit_is_named(
    clamd: Clamd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "scanner_url", clamd.server.url)
    monkeypatch.setattr(settings(), "upload_bytes_max", clamd.bytes_max)
    assert await checks.scanner() is None
    monkeypatch.setattr(settings(), "upload_bytes_max", clamd.bytes_max + 1)
    assert f"{clamd.bytes_max + 1} 以上" in str(await checks.scanner())


@pytest.mark.parametrize("alert", ["no", "yes"])
async def test_a_scanner_that_silently_passes_what_is_long_is_named(
    alert: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with servers.clamd(MaxFileSize=2**20, AlertExceedsMax=alert) as scanner:
        monkeypatch.setattr(settings(), "scanner_url", scanner.server.url)
        monkeypatch.setattr(settings(), "upload_bytes_max", scanner.bytes_max)
        assert "较大的附件没有查毒" in str(await checks.scanner())


async def test_a_scanner_that_is_away_or_knows_nothing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "scanner_url", f"tcp://127.0.0.1:{free_port()}")
    assert "启动 clamd" in str(await checks.scanner())

    async def blind(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A double, not clamd: everything is clean to it."""
        asked = await reader.readuntil(b"\0")
        if asked != b"zVERSION\0":
            await reader.readuntil(b"\0\0\0\0")
        writer.write(b"ClamAV 1.4.6\0" if asked == b"zVERSION\0" else b"stream: OK\0")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(blind, "127.0.0.1", 0) as server:
        monkeypatch.setattr(settings(), "scanner_url", f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        assert "EICAR" in str(await checks.scanner())


@pytest.mark.parametrize(("days", "old"), [(0, False), (7, False), (8, True), (400, True)])
def test_signatures_of_last_week_are_too_old(days: int, old: bool) -> None:
    at = datetime(2026, 11, 25, 12, tzinfo=UTC)
    version = f"ClamAV 1.4.6/27830/{at - timedelta(days=days):%a %b %d %H:%M:%S %Y}"
    assert (checks._out_of_date(version, at) is not None) == old
    assert checks._out_of_date("ClamAV 1.4.6", at) is None
