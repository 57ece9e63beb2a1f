"""A disk that refuses to sync, and one that gives back another bit than it got. Kits I3, I9 of the reference."""

import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.calling import CALL, kept
from tests.faults import disks
from tests.halls import Hall, a_hall

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    with a_hall(tmp_path_factory.mktemp("laptop") / "home", demo=True) as hall:
        yield hall


def call(hall: Hall, headers: dict[str, str]) -> httpx.Response:
    return httpx.post(f"{hall.url}/api/v1/tickets", json=CALL, headers=headers, timeout=20)


def test_after_a_sync_that_failed_nothing_is_acknowledged_until_the_process_is_started_anew(
    hall: Hall, tmp_path: Path
) -> None:
    trip = tmp_path / "trip"
    hall.more |= {"LD_PRELOAD": str(disks.compiled(tmp_path)), "DISK_TRIP": str(trip)}
    hall.serve()
    hall.settle()
    headers = hall.token("operator")
    told = [call(hall, headers).json()["no"] for _ in range(3)]
    trip.touch()
    first = call(hall, headers)
    trip.unlink()  # the disk is well again; what the system has forgotten meanwhile, nobody knows
    after = [call(hall, headers) for _ in range(3)]
    assert {answer.status_code for answer in (first, *after)} == {503}, [answer.text for answer in (first, *after)]
    assert first.headers["retry-after"]
    assert httpx.get(f"{hall.url}/readyz", timeout=20).status_code == 503
    assert httpx.get(f"{hall.url}/healthz", timeout=20).status_code == 200
    assert httpx.get(f"{hall.url}/", timeout=20).status_code == 200, "reading goes on"

    hall.kill(signal.SIGTERM)
    del hall.more["LD_PRELOAD"], hall.more["DISK_TRIP"]
    hall.serve()
    assert call(hall, headers).status_code == 201
    assert kept(hall, told) == told
    hall.settle()
    hall.kill(signal.SIGTERM)
    hall.verify()


@pytest.mark.parametrize(
    ("table", "column"), [("kernel_entry", "facts"), ("kernel_entry", "hash"), ("kernel_sealed_text", "ciphertext")]
)
def test_one_bit_that_turned_on_the_disk_is_found_by_verify_although_sqlite_calls_the_file_whole(
    hall: Hall, table: str, column: str
) -> None:
    file = hall.home / "hall.db"
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (stored,) = database.execute(
            f"SELECT {column} FROM {table} WHERE subject LIKE 'ticket:%' "  # noqa: S608
            f"AND length({column}) BETWEEN 20 AND 400 LIMIT 1"
        ).fetchone()
    stored = stored.encode() if isinstance(stored, str) else stored
    whole = file.read_bytes()
    place = whole.index(stored)
    try:
        turn(file, place + len(stored) - 4)
        with closing(sqlite3.connect(file)) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        found = hall.run("verify", "--full", check=False)
        assert found.returncode == 1, found.stdout
        assert "ticket" in found.stdout + found.stderr
    finally:
        file.write_bytes(whole)
    hall.verify()


def turn(file: Path, at: int) -> None:
    with file.open("r+b") as there:
        there.seek(at)
        (before,) = there.read(1)
        there.seek(at)
        there.write(bytes([before ^ 1]))
