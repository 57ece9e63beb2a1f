"""The data is gone: disk, folder, server. What was acknowledged comes back to the last write, on both databases."""

import json
import shutil
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from portal.city.ports import free_port
from tests import servers
from tests.calling import CALL, AtWork, archived, kept
from tests.halls import Hall, a_hall
from tests.servers import Server

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo city with its change log from the first page on, stopped: a copy of it is ready in no time."""
    place = tmp_path_factory.mktemp("settled")
    with a_hall(place / "home", demo=True, SUNHALL_CHANGES_DIR=str(place / "second" / "changes")) as hall:
        hall.serve()
        hall.settle()
        hall.kill(signal.SIGTERM)
    return place


@pytest.fixture
def laptop(settled: Path, tmp_path: Path) -> Iterator[Hall]:
    shutil.copytree(settled, tmp_path, dirs_exist_ok=True)
    hall = Hall(tmp_path / "home", free_port(), {"SUNHALL_CHANGES_DIR": str(tmp_path / "second" / "changes")})
    hall.serve()
    yield hall
    hall.kill()


def test_a_laptops_disk_is_destroyed_under_load_and_every_acknowledged_call_comes_back(
    laptop: Hall, tmp_path: Path
) -> None:
    calls = AtWork(laptop)
    calls.until(20)
    saved = json.loads(laptop.run("backup", str(tmp_path / "second"), "--json").stdout)
    calls.until(len(calls.told) + 40)
    laptop.run("user", "add", "other.process", "--name", "别的进程", "--org", "SWJT")
    calls.until(len(calls.told) + 20)
    laptop.kill(signal.SIGKILL)
    calls.end()
    key = (laptop.home / "keys.json").read_bytes()
    shutil.rmtree(laptop.home)

    laptop.home.mkdir(mode=0o700)
    (laptop.home / "keys.json").write_bytes(key)
    (laptop.home / "keys.json").chmod(0o600)
    done = json.loads(laptop.run("restore", str(tmp_path / "second"), "--json").stdout)
    assert done["commits"] > 60
    assert done["mode"] == "read_only"
    assert saved["bytes"] > 1_000_000
    laptop.run("reindex")
    laptop.run("verify", "--full")
    laptop.serve()
    assert sorted(kept(laptop, calls.told)) == sorted(calls.told)

    headers = laptop.token("operator")
    refused = httpx.post(f"{laptop.url}/api/v1/tickets", json=CALL, headers=headers)
    assert refused.status_code == 503
    assert "刚从备份恢复" in refused.json()["error"]["text"]
    laptop.run("restore", str(tmp_path / "second"), "--yes")
    time.sleep(1.2)
    assert httpx.post(f"{laptop.url}/api/v1/tickets", json=CALL, headers=headers).status_code == 201


def test_killed_again_and_again_the_backup_and_its_changes_stay_the_living_database(
    laptop: Hall, tmp_path: Path
) -> None:
    laptop.run("backup", str(tmp_path / "second"))
    for _ in range(4):
        calls = AtWork(laptop)
        calls.until(15)
        laptop.kill(signal.SIGKILL)
        calls.end()
        laptop.serve()
    laptop.kill(signal.SIGTERM)
    again = {"SUNHALL_CHANGES_DIR": laptop.more["SUNHALL_CHANGES_DIR"]}
    other = Hall(tmp_path / "other", free_port(), again)
    other.home.mkdir(mode=0o700)
    shutil.copy(laptop.home / "keys.json", other.home / "keys.json")
    before = dump(laptop.home / "hall.db")
    other.run("restore", str(tmp_path / "second"), "--yes")
    assert dump(other.home / "hall.db") == before


def dump(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as database:
        return list(database.iterdump())


def test_a_change_log_that_was_cut_ends_there_and_one_that_was_altered_or_has_a_gap_is_refused(
    laptop: Hall, tmp_path: Path
) -> None:
    laptop.run("backup", str(tmp_path / "second"))
    calls = AtWork(laptop)
    calls.until(10)
    laptop.kill(signal.SIGKILL)
    calls.end()
    (log,) = sorted((tmp_path / "second" / "changes").glob("*.log"))[-1:]
    whole, target = log.read_bytes(), laptop.home / "hall.db"
    for file in laptop.home.glob("hall.db*"):
        file.unlink()

    log.write_bytes(whole[:-7])
    laptop.run("restore", str(tmp_path / "second"), "--yes")
    target.unlink()

    middle = len(whole) // 2
    log.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    refused = laptop.run("restore", str(tmp_path / "second"), "--yes", check=False)
    assert refused.returncode == 1
    assert "被改动或已损坏" in refused.stderr or "不接上一条" in refused.stderr
    assert not target.exists(), "nothing half restored"

    log.rename(log.with_name("00000099.log"))
    refused = laptop.run("restore", str(tmp_path / "second"), "--yes", check=False)
    assert "缺少" in refused.stderr


def test_what_stands_is_never_written_over_and_a_backup_for_another_key_says_so(laptop: Hall, tmp_path: Path) -> None:
    laptop.run("backup", str(tmp_path / "second"))
    laptop.kill()
    refused = laptop.run("restore", str(tmp_path / "second"), check=False)
    assert refused.returncode == 1
    assert "已有数据" in refused.stderr
    stranger = Hall(tmp_path / "stranger", free_port(), {})
    stranger.run("init")
    for file in stranger.home.glob("hall.db*"):
        file.unlink()
    refused = stranger.run("restore", str(tmp_path / "second"), check=False)
    assert "另一把密钥" in refused.stderr


def test_ke08_a_backup_for_a_key_that_is_not_on_the_machine_opens_only_with_it(tmp_path: Path) -> None:
    private = tmp_path / "vault" / "backup.pem"
    private.parent.mkdir()
    with a_hall(tmp_path / "home", demo=False) as hall:
        hall.run("backup-key", str(private))
        hall.more["SUNHALL_BACKUP_KEY"] = str(private) + ".pub"
        hall.run("backup", str(tmp_path / "b"))
        (hall.home / "hall.db").unlink()
        refused = hall.run("restore", str(tmp_path / "b"), check=False)
        assert "--key" in refused.stderr
        hall.run("restore", str(tmp_path / "b"), "--yes", "--key", str(private))
        hall.run("reindex")
        hall.run("verify")


def test_the_drill_restores_with_a_key_that_was_rotated_meanwhile(laptop: Hall, tmp_path: Path) -> None:
    """The copy is from before the rotation, the changes since are under both keys."""
    laptop.run("backup", str(tmp_path / "second"))
    calls = AtWork(laptop)
    calls.until(5)
    laptop.run("rekey")
    calls.until(len(calls.told) + 5)
    calls.end()
    laptop.kill(signal.SIGKILL)
    for file in laptop.home.glob("hall.db*"):
        file.unlink()
    laptop.run("restore", str(tmp_path / "second"), "--yes")
    laptop.run("reindex")
    laptop.run("verify", "--full")
    laptop.serve()
    assert sorted(kept(laptop, calls.told)) == sorted(calls.told)


def test_the_second_path_full_or_gone_stops_writing_and_nothing_else(laptop: Hall, tmp_path: Path) -> None:
    log = tmp_path / "second" / "changes"
    headers = laptop.token("operator")
    numbers = httpx.get(f"{laptop.url}/api/v1/tickets?limit=1", headers=headers).json()["items"]
    log.rename(tmp_path / "gone")  # at one stroke: the hall may be writing
    log.touch()  # a file stands where the folder should be
    assert httpx.post(f"{laptop.url}/api/v1/tickets", json=CALL, headers=headers).status_code == 503
    read = httpx.get(f"{laptop.url}/search?q=停水")
    assert read.status_code == 200
    assert numbers


@pytest.fixture
def server() -> Iterator[Server]:
    with servers.postgres(durable=True) as server:
        yield server


def test_a_citys_database_server_is_destroyed_under_load_and_every_acknowledged_call_comes_back(
    server: Server, tmp_path: Path
) -> None:
    url = server.create("hall")
    second = tmp_path / "second"
    more = {"SUNHALL_DATABASE_URL": url, "SUNHALL_CHANGES_DIR": str(second / "wal")}
    with a_hall(tmp_path / "home", demo=True, **more) as hall:
        receiver = hall.begin("archive")
        try:
            archived(server, True)
            hall.serve()
            calls = AtWork(hall)
            calls.until(10)
            hall.run("backup", str(second))
            calls.until(len(calls.told) + 40)
            server.stop(signal.SIGKILL)
            hall.kill(signal.SIGKILL)
            calls.end()
        finally:
            receiver.terminate()
            receiver.wait(20)
        data = Path(server.command[server.command.index("-D") + 1])
        shutil.rmtree(data)

        hall.run("restore", str(second), "--data", str(tmp_path / "pg"))
        shutil.move(tmp_path / "pg", data)
        shutil.rmtree(tmp_path / "pg", ignore_errors=True)
        (data / "postgresql.auto.conf").write_text(
            (data / "postgresql.auto.conf").read_text().replace(str(tmp_path / "pg"), str(data))
        )
        servers.give_to_nobody(data)
        server.start()
        archived(server, False)
        hall.serve()
        assert sorted(kept(hall, calls.told)) == sorted(calls.told)
        headers = hall.token("operator")
        assert httpx.post(f"{hall.url}/api/v1/tickets", json=CALL, headers=headers).status_code == 503
        hall.run("restore", str(second), "--yes")
        hall.run("reindex")
        hall.run("verify", "--full")
        time.sleep(1.2)
        assert httpx.post(f"{hall.url}/api/v1/tickets", json=CALL, headers=headers).status_code == 201
