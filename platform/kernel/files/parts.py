"""Parts of an upload (分段), each sealed and named by where it begins; they outlive the process and its kill -9."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from kernel.files import store
from kernel.secrets.envelope import FILES, Unopenable, Writer, pieces

FOLDER = "uploads"


def write(no: str, offset: int, data: bytes) -> None:
    """Durable when it returns."""
    folder = _folder(no)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    part, building = folder / f"{offset:014}.part", folder / f".{offset:014}.{os.getpid()}"
    building.unlink(missing_ok=True)
    try:
        handle = os.open(building, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out, Writer(out, purpose=FILES) as writer:
            writer.write(data)
        building.replace(part)
    finally:
        building.unlink(missing_ok=True)
    for parent in (folder, folder.parent):
        opened = os.open(parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def same(no: str, offset: int, data: bytes) -> bool:
    try:
        return _read(_folder(no) / f"{offset:014}.part") == data
    except (FileNotFoundError, Unopenable):
        return False


async def joined(no: str) -> AsyncIterator[bytes]:
    """Part after part. Raises Unopenable for one that has rotted; one that is gone leaves it too short."""
    expected = 0
    for part in sorted(_folder(no).glob("*.part")):
        if int(part.stem) == expected:
            data = await asyncio.to_thread(_read, part)
            expected += len(data)
            yield data


def forget(no: str) -> None:
    shutil.rmtree(_folder(no), ignore_errors=True)


def all_nos() -> list[tuple[str, float]]:
    """Every upload that has parts here, with when it last got one (seconds since 1970)."""
    folder = store.spool() / FOLDER
    return [(one.name, one.stat().st_mtime) for one in folder.iterdir()] if folder.is_dir() else []


def _read(part: Path) -> bytes:
    with part.open("rb") as file:
        return b"".join(pieces(file, purpose=FILES))


def _folder(no: str) -> Path:
    assert no.isalnum(), "ours: hexadecimal digits"
    return store.spool() / FOLDER / no
