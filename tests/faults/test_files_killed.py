"""Files and faults: the server dies between two parts; the disk is gone; bytes rot or vanish."""

import json
import shutil
import signal
from pathlib import Path

import httpx
import pytest

from tests.halls import Hall, a_hall

pytestmark = pytest.mark.timeout(600)
PART, TEXT = 1_000_000, b"2026-11-19 18:00 no water\n" * 100_000
RAW = {"Content-Type": "application/octet-stream"}


def test_parts_outlive_kill_9_and_files_a_destroyed_disk_and_verify_names_what_is_lost(tmp_path: Path) -> None:
    home, second = tmp_path / "home", tmp_path / "second"
    with a_hall(home, demo=True) as hall:
        hall.serve()
        me = hall.token("operator")
        no = sent_in_parts_with_a_kill(hall, me)
        assert json.loads(hall.run("backup", str(second), "--json").stdout)["files"] == 1
        hall.run("backup", str(second))
        hall.kill(signal.SIGKILL)
        key = (home / "keys.json").read_bytes()
        shutil.rmtree(home)
        home.mkdir(mode=0o700)
        (home / "keys.json").write_bytes(key)
        (home / "keys.json").chmod(0o600)
        hall.run("restore", str(second))
        assert no not in hall.run("verify", "--full", check=False).stdout
        hall.run("restore", str(second), "--yes")
        hall.serve()
        assert httpx.get(f"{hall.url}/files/{no}", headers=hall.token("operator"), timeout=60).content == TEXT
        hall.kill()
        lost(hall, home, no)


def sent_in_parts_with_a_kill(hall: Hall, me: dict[str, str]) -> str:
    wanted = {"name": "a.txt", "size": len(TEXT)}
    base = f"{hall.url}/api/v1/files/uploads"
    at = f"{base}/{httpx.post(base, json=wanted, headers=me, timeout=60).json()['upload']}"
    received = 0
    while received < len(TEXT):
        part = TEXT[received : received + PART]
        answer = httpx.put(f"{at}?offset={received}", content=part, headers=me | RAW, timeout=60).json()
        received = answer["received"]
        if received == PART:
            hall.kill(signal.SIGKILL)
            hall.serve()
        assert httpx.get(at, headers=me, timeout=60).json()["received"] == received
    told = httpx.post(f"{at}/complete", json={}, headers=me, timeout=60)
    assert told.status_code == 201, told.text
    return str(told.json()["file"])


def lost(hall: Hall, home: Path, no: str) -> None:
    kept = next(path for path in (home / "files").rglob("*") if path.is_file())
    data = bytearray(kept.read_bytes())
    data[len(data) // 2] ^= 1
    kept.write_bytes(data)
    assert f"file:{no}" not in hall.run("verify", check=False).stdout, "it is there"
    found = hall.run("verify", "--full", check=False)
    assert (found.returncode, f"file:{no}" in found.stdout) == (1, True), found.stdout
    kept.unlink()
    found = hall.run("verify", check=False)
    assert (found.returncode, f"file:{no}" in found.stdout) == (1, True), found.stdout
