"""The change log (变更记录) of SQLite: every commit's pages on a second path before the commit is acknowledged.

What SQLite writes ahead (its WAL) is copied, sealed and synced by whoever has just committed, while a lock keeps all
other writers out. A copy of the database plus the pages logged since is the database of the last acknowledged write.
Segments are numbered files, sealed for the key ring; a backup begins a new one and says which."""

import fcntl
import os
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from kernel.errors import Degraded, Refusal
from kernel.secrets.envelope import InvalidTag, Records

RECORD = struct.Struct(">I8sII")  # sealed bytes, salts of the WAL, first and last frame
FRAME_HEAD, WAL_HEAD, INDEX_HEAD = 24, 32, 48
FRAMES_MAX = 512  # in one record
POLL_S = 0.005
SEGMENT = "{number:08d}.log"
_indexes: dict[tuple[int, int], int] = {}


class LogBroken(Refusal):
    status, code, text = 503, "change_log_broken", "变更记录 {segment} 的第 {record} 条{why}。"


@dataclass(frozen=True, slots=True)
class Wal:
    """What SQLite says of its write-ahead log: which it is (salts), the last committed frame, the size of a page."""

    salts: bytes
    last: int
    page: int


class ChangeLog:
    """One process's hand on the log of one database. Not for two threads at once."""

    def __init__(self, database: Path, folder: Path) -> None:
        self.database, self.folder = database, folder
        self.lock: int | None = None
        self.number, self.size, self.count = 0, 0, 0
        self.salts, self.last = b"", 0
        self.records: Records | None = None
        self.broken = ""

    def hold(self, wait_s: float) -> None:
        """Keep every other writer out until `release`. Raises TimeoutError, or Degraded after the disk failed."""
        if self.broken:
            raise Degraded(what=f"变更记录（{self.broken}）")
        if self.lock is None:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        until = time.monotonic() + wait_s
        while True:
            try:
                return fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > until:
                    raise TimeoutError("another process holds the change log") from None
                time.sleep(POLL_S)

    def release(self) -> None:
        if self.lock is not None:
            fcntl.flock(self.lock, fcntl.LOCK_UN)

    def ship(self) -> None:
        """What was committed since: sealed, appended, synced. Under the lock. After an error of the disk this process
        writes no more: its pages may be gone from the cache, a second sync that succeeds would prove nothing."""
        try:
            self._catch_up()
            wal = _wal(self.database)
            if wal is None or (wal.salts == self.salts and wal.last <= self.last):
                return
            first = self.last + 1 if wal.salts == self.salts else 1
            with self._segment().open("ab") as out, Path(f"{self.database}-wal").open("rb") as source:
                for begin in range(first, wal.last + 1, FRAMES_MAX):
                    end = min(begin + FRAMES_MAX - 1, wal.last)
                    self._append(out, wal.salts, begin, end, _frames(source, wal, begin, end))
                out.flush()
                os.fsync(out.fileno())
        except OSError as wrong:
            self.broken = os.strerror(wrong.errno or 0)
            raise Degraded(what=f"变更记录（{self.broken}）") from wrong

    def rotate(self) -> int:
        """A new segment, for a backup that begins now; its number. Under the lock."""
        self.ship()
        self._begin(self.number + 1)
        return self.number

    def _catch_up(self) -> None:
        """What other processes have appended, and what one of them left half written: that was never acknowledged."""
        numbers = segments(self.folder)
        if not numbers:
            self._begin(1)
            return
        if self.number != numbers[-1]:
            self.number, self.size, self.count, self.records = numbers[-1], 0, 0, None
        whole = self._segment().stat().st_size
        if self.records is not None and whole == self.size:
            return
        with self._segment().open("r+b") as file:
            if self.records is None:
                self.records = Records.of(file)
                self.size = file.tell()
            file.seek(self.size)
            for salts, first, last, _, end in _heads(file):
                assert first <= last + 1
                self.salts, self.last, self.size, self.count = salts, last, end, self.count + 1
            file.truncate(self.size)

    def _begin(self, number: int) -> None:
        self.records = Records.begin()
        path = self.folder / SEGMENT.format(number=number)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(self.records.head + b"\n")
            self.number, self.size, self.count = number, out.tell(), 0
            self._append(out, self.salts or bytes(8), self.last + 1, self.last, b"")  # where the one before ended
            out.flush()
            os.fsync(out.fileno())
        folder = os.open(self.folder, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def _append(self, out: BinaryIO, salts: bytes, first: int, last: int, frames: bytes) -> None:
        assert self.records is not None
        clear = RECORD.pack(0, salts, first, last)
        sealed = self.records.sealed(self.count, frames, clear)
        out.write(RECORD.pack(len(sealed), salts, first, last) + sealed)
        self.count, self.salts, self.last = self.count + 1, salts, last
        self.size += RECORD.size + len(sealed)

    def _segment(self) -> Path:
        return self.folder / SEGMENT.format(number=self.number)


def segments(folder: Path) -> list[int]:
    return sorted(int(path.stem) for path in folder.glob("*.log") if path.stem.isdecimal())


def replay(database: Path, folder: Path, begin: int) -> int:
    """Write into a copy of the database what was logged from that segment on; how many commits' pages that were.

    Raises LogBroken where a record is missing or was changed; what comes after it can't be trusted either."""
    numbers = [number for number in segments(folder) if number >= begin]
    if numbers != list(range(begin, begin + len(numbers))):
        raise LogBroken(segment=folder.name, record=0, why=f"缺少从 {begin} 起的一段")
    applied, waiting = 0, list[bytes]()
    with database.open("r+b") as file:
        salts, last = b"", -1
        for number in numbers:
            for record, (of, first, to, frames) in enumerate(_records(folder / SEGMENT.format(number=number))):
                follows = first == (last + 1 if of == salts else 1) or (record == 0 and not frames) or last == -1
                if not follows:
                    raise LogBroken(segment=SEGMENT.format(number=number), record=record + 1, why="不接上一条")
                salts, last = of, to
                if frames:
                    waiting.append(frames)
                    applied += _apply(file, waiting, to - first + 1)
        file.flush()
        os.fsync(file.fileno())
    return applied


def _records(path: Path) -> Iterator[tuple[bytes, int, int, bytes]]:
    with path.open("rb") as file:
        opened = Records.of(file)
        for number, (salts, first, last, sealed, _) in enumerate(_heads(file)):
            try:
                frames = opened.opened(number, sealed, RECORD.pack(0, salts, first, last))
            except InvalidTag:
                raise LogBroken(segment=path.name, record=number + 1, why="被改动或已损坏") from None
            yield salts, first, last, frames


def _heads(file: BinaryIO) -> Iterator[tuple[bytes, int, int, bytes, int]]:
    """Every whole record from here on: salts, first and last frame, what is sealed, where it ends."""
    while len(head := file.read(RECORD.size)) == RECORD.size:
        length, salts, first, last = RECORD.unpack(head)
        sealed = file.read(length)
        if len(sealed) < length:
            return
        yield salts, first, last, sealed, file.tell()


def _apply(file: BinaryIO, waiting: list[bytes], count: int) -> int:
    """Pages go to their places when a commit is whole: its last frame says how large the database is then."""
    page = len(waiting[-1]) // count - FRAME_HEAD
    size = FRAME_HEAD + page
    *_, (_, pages) = struct.iter_unpack(">II", waiting[-1][-size : -size + 8])
    if not pages:
        return 0
    for frames in waiting:
        for begin in range(0, len(frames), size):
            (number,) = struct.unpack_from(">I", frames, begin)
            file.seek((number - 1) * page)
            file.write(frames[begin + FRAME_HEAD : begin + size])
    file.truncate(pages * page)
    waiting.clear()
    return 1


def _wal(database: Path) -> Wal | None:
    """From the index that all connections share: only what is committed counts."""
    index = _index(Path(f"{database}-shm"))
    if index is None:
        return None
    head, copy = os.pread(index, INDEX_HEAD, 0), os.pread(index, INDEX_HEAD, INDEX_HEAD)
    if len(copy) < INDEX_HEAD or head != copy or not head[12]:
        return None
    (page,), (last,) = struct.unpack_from("=H", head, 14), struct.unpack_from("=I", head, 16)
    return Wal(head[32:40], last, 65_536 if page == 1 else page) if last else None


def _index(path: Path) -> int | None:
    """An open file that is never closed: closing any of them would drop the locks that SQLite holds in this process
    (POSIX), and the next process to come would cut the index off under us."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    key = (found.st_dev, found.st_ino)
    if key not in _indexes:
        _indexes[key] = os.open(path, os.O_RDONLY)
    return _indexes[key]


def _frames(source: BinaryIO, wal: Wal, first: int, last: int) -> bytes:
    size = FRAME_HEAD + wal.page
    source.seek(WAL_HEAD + (first - 1) * size)
    frames = source.read((last - first + 1) * size)
    ours = all(frames[at + 8 : at + 16] == wal.salts for at in range(0, len(frames), size))
    if len(frames) != (last - first + 1) * size or not ours:
        raise Degraded(what="变更记录（数据库的写前日志已换，请停止别的程序对数据库的访问）")
    return frames
