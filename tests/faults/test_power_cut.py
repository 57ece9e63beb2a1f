"""The power goes: what was synced is there, each other write is there, torn or missing. Kit I2 of the reference."""

import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.faults import disks
from tests.faults.disks import Happened, Image

TICKETS, CRASHES = 30, 80
FULL, NORMAL = "2", "1"
Run = Callable[[str], tuple[list[Happened], bytes]]


@pytest.fixture
def run(tmp_path: Path, sqlite_template: Path) -> Run:
    library = disks.compiled(tmp_path)

    def work(synchronous: str) -> tuple[list[Happened], bytes]:
        """Everything that went to the disk while tickets were registered, and the file as it was before."""
        home, log = tmp_path / f"home-{synchronous}", tmp_path / f"log-{synchronous}"
        home.mkdir()
        shutil.copy(sqlite_template, home / "hall.db")
        before = (home / "hall.db").read_bytes()
        seen = {"LD_PRELOAD": str(library), "DISK_ROOT": str(home), "DISK_LOG": str(log)}
        words = [str(home / "hall.db"), str(home / "acks"), str(TICKETS), synchronous]
        env = os.environ | seen | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'platform'}"}
        command = [sys.executable, "-m", "tests.faults.registering", *words]
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return list(disks.read(log)), before

    return work


def lost(happened: list[Happened], before: bytes, folder: Path, seed: int) -> tuple[int, set[str]]:
    """How many were acknowledged before this cut of the power, and which of them are gone or unreadable after it."""
    luck = random.Random(seed)  # noqa: S311 (a seed that fails can be run again)
    told: set[str] = set()
    images = {"hall.db": Image(bytearray(before)), "hall.db-wal": Image(bytearray())}
    for one in happened[: luck.randrange(len(happened))]:
        if one.file.name == "acks":
            told |= set(one.data.decode().split())
        elif one.file.name in images:
            images[one.file.name].take(one)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, image in images.items():
        (folder / name).write_bytes(image.after_the_cut(luck))
    try:
        with closing(sqlite3.connect(folder / "hall.db")) as database:
            there = {no for (no,) in database.execute("SELECT no FROM hotline_ticket")}
            whole = database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    except sqlite3.DatabaseError:
        return len(told), told
    return len(told), told - there if whole else told


@pytest.mark.timeout(400)
def test_whenever_the_power_goes_every_acknowledged_ticket_is_there(run: Run, tmp_path: Path) -> None:
    happened, before = run(FULL)
    found = [lost(happened, before, tmp_path / "after", seed) for seed in range(CRASHES)]
    assert sum(told > 0 for told, _ in found) >= 60, "cuts after the first acknowledgement"
    assert [(seed, gone) for seed, (_, gone) in enumerate(found) if gone] == []


@pytest.mark.timeout(400)
def test_with_less_syncing_the_same_cuts_do_lose_some_so_this_can_fail(run: Run, tmp_path: Path) -> None:
    happened, before = run(NORMAL)
    found = [lost(happened, before, tmp_path / "after", seed) for seed in range(CRASHES)]
    assert sum(bool(gone) for _, gone in found) > CRASHES // 4
