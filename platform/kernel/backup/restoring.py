"""`sunhall restore`: the database of the last acknowledged write, from a backup and the changes since."""

import os
import shutil
import sqlite3
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, cast

from kernel.backup import changes, files, manifest
from kernel.backup.manifest import Manifest
from kernel.errors import Refusal
from kernel.secrets import envelope
from kernel.settings import settings

Progress = Callable[[int, int], None]
RECOVERY = """
# 由 sunhall restore 写入：先重放归档，再对外服务
restore_command = 'cp "{archive}/%f" "%p"'
recovery_target_timeline = 'latest'
"""


class Occupied(Refusal):
    code, text = "occupied", "{place} 里已有数据，恢复只写入空的地方：请先把它移走。"


class Damaged(Refusal):
    status, code, text = 503, "damaged", "恢复出来的数据库不完整：{why}。"


@dataclass(frozen=True, slots=True)
class Restored:
    """`commits`: how many commits the change log added to the copy (SQLite)."""

    manifest: Manifest
    commits: int
    seconds: float
    where: Path


def restore(folder: Path, *, private: Path | None, data: Path | None, progress: Progress) -> Restored:
    """Into an empty place; whole or not at all. For PostgreSQL a data folder that its server then recovers."""
    begun, told = monotonic(), manifest.read(folder)
    plain = _Opened(folder / told.file, private, told.bytes, progress)
    _must_be_empty(told, data)
    if (count := files.bring_back(folder)) != told.files:
        raise Damaged(why=f"备份中应有 {told.files} 个附件，只有 {count} 个")
    if told.engine == "sqlite":
        where, commits = _sqlite(told, plain)
    else:
        where, commits = _postgres(_postgres_folder(data), plain), 0
    return Restored(told, commits, round(monotonic() - begun, 2), where)


def _must_be_empty(told: Manifest, data: Path | None) -> None:
    """Before anything is written, also of the files."""
    target, folder = _sqlite_file(), _postgres_folder(data)
    if told.engine == "sqlite" and any(Path(f"{target}{end}").exists() for end in ("", "-wal", "-shm")):
        raise Occupied(place=target)
    if told.engine != "sqlite" and folder.exists() and any(folder.iterdir()):
        raise Occupied(place=folder)


def _sqlite_file() -> Path:
    return Path(settings().database_url.split("://", 1)[1].split("?")[0])


def _postgres_folder(data: Path | None) -> Path:
    return data or settings().home / "postgres"


class _Opened:
    """A sealed file as a stream to be read once."""

    def __init__(self, path: Path, private: Path | None, size: int, progress: Progress) -> None:
        self.path, self.private, self.size, self.progress = path, private, size, progress

    def __iter__(self) -> Iterator[bytes]:
        done = 0
        with self.path.open("rb") as file:
            for piece in envelope.pieces(file, self.private):
                done += len(piece)
                self.progress(min(done, self.size), self.size)
                yield piece


def _sqlite(told: Manifest, plain: _Opened) -> tuple[Path, int]:
    target = _sqlite_file()
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    building = target.with_name(f".{target.name}.restoring")
    building.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(building, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            for piece in plain:
                out.write(piece)
            out.flush()
            os.fsync(out.fileno())
        log = settings().changes_dir
        commits = changes.replay(building, log, told.changes_from) if log and told.changes_from else 0
        _sound(building)
        building.replace(target)
    except BaseException:
        for end in ("", "-wal", "-shm"):
            Path(f"{building}{end}").unlink(missing_ok=True)
        raise
    return target, commits


def _sound(file: Path) -> None:
    database = sqlite3.connect(file)
    try:
        problems = [str(row[0]) for row in database.execute("PRAGMA integrity_check(3)") if row[0] != "ok"]
        problems += [f"{row[0]} 有行没有上级" for row in database.execute("PRAGMA foreign_key_check").fetchmany(3)]
    except sqlite3.DatabaseError as wrong:
        problems = [str(wrong)]
    finally:
        database.close()
    if problems:
        raise Damaged(why="；".join(problems))


def _postgres(data: Path, plain: _Opened) -> Path:
    """A server started on this folder replays the archive to its end and then takes writes again."""
    building = data.with_name(f".{data.name}.restoring")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True, mode=0o700)
    try:
        with tarfile.open(fileobj=cast(Any, _Pipe(iter(plain))), mode="r|") as tar:
            tar.extractall(building, filter="tar")
        archive = building / "sunhall_archive"
        archive.mkdir(mode=0o700)
        _collect(archive)
        with (building / "postgresql.auto.conf").open("a", encoding="utf-8") as config:
            config.write(RECOVERY.format(archive=data.resolve() / archive.name))
        (building / "recovery.signal").touch(mode=0o600)
        building.chmod(0o700)
        if data.exists():
            data.rmdir()
        building.replace(data)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    return data


def _collect(archive: Path) -> None:
    """What the receiver wrote; the segment that was still being filled counts, too: the server stops where it ends."""
    log = settings().changes_dir
    if log is None or not log.exists():
        return
    for file in sorted(log.iterdir()):
        if len(file.name.split(".")[0]) == 24 or file.suffix == ".history":
            target = archive / file.name.removesuffix(".partial")
            if file.suffix != ".partial" or not (log / target.name).exists():
                shutil.copyfile(file, target)


class _Pipe:
    """What tarfile wants of a file: `read`."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self.parts, self.rest = parts, b""

    def read(self, count: int) -> bytes:
        while len(self.rest) < count:
            part = next(self.parts, b"")
            if not part:
                break
            self.rest += part
        given, self.rest = self.rest[:count], self.rest[count:]
        return given
