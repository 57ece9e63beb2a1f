"""A disk whose writes are known one by one, and what is on it when the power goes (LD_PRELOAD, disk.c)."""

import random
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers import program

SOURCE = Path(__file__).with_name("disk.c")
HEAD = struct.Struct("<IIQQ")  # as struct record of disk.c


def compiled(folder: Path) -> Path:
    library = folder / "disk.so"
    command = [program("gcc"), "-O1", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True, timeout=60, capture_output=True)
    return library


@dataclass(frozen=True, slots=True)
class Happened:
    """`kind`: w written, t cut to `length`, s synced."""

    kind: str
    file: Path
    offset: int
    length: int
    data: bytes


def read(log: Path) -> Iterator[Happened]:
    told, at = log.read_bytes(), 0
    while at < len(told):
        kind, path, offset, length = HEAD.unpack_from(told, at)
        at += HEAD.size
        file, at = Path(told[at : at + path].decode()), at + path
        data = told[at : at + length] if chr(kind) == "w" else b""
        at += len(data)
        yield Happened(chr(kind), file, offset, length, data)


@dataclass
class Image:
    """One file: what is certainly on the disk, and what the system still held in memory."""

    disk: bytearray
    waiting: list[Happened] = field(default_factory=list)

    def take(self, one: Happened) -> None:
        if one.kind != "s":
            self.waiting.append(one)
            return
        for before in self.waiting:
            put(self.disk, before, len(before.data))
        self.waiting.clear()

    def after_the_cut(self, luck: random.Random) -> bytes:
        """Each write that nobody synced is there or not; of those that are, every fifth is torn."""
        disk = bytearray(self.disk)
        for one in self.waiting:
            if luck.random() < 0.5:
                torn = luck.random() < 0.2
                put(disk, one, luck.randrange(len(one.data) + 1) if torn else len(one.data))
        return bytes(disk)


def put(disk: bytearray, one: Happened, length: int) -> None:
    if one.kind == "t":
        del disk[one.length :]
        disk.extend(bytes(one.length - len(disk)))
        return
    disk.extend(bytes(max(0, one.offset - len(disk))))
    disk[one.offset : one.offset + length] = one.data[:length]
