"""The file store in a backup: every file sealed as it lies, under the same name. They never change, so one that the
backup before has already is linked, not copied. The database is copied first: no row of it is without bytes here."""

import os
import shutil
from pathlib import Path

import obstore
from obstore.store import LocalStore

from kernel.files import store

FOLDER = "files"


def copy(building: Path, before: Path | None) -> int:
    """How many."""
    count = 0
    for found in obstore.list(store.store()):
        for one in found:
            if not one["path"].startswith(f"{store.SPOOL}/"):
                _copy_one(one["path"], one["size"], building / FOLDER, before / FOLDER if before else None)
                count += 1
    return count


def _copy_one(name: str, size: int, place: Path, before: Path | None) -> None:
    target = place / name
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if before is not None and (old := before / name).is_file() and old.stat().st_size == size:
        target.hardlink_to(old)
        return
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        for block in obstore.get(store.store(), name).stream():
            out.write(block)
        out.flush()
        os.fsync(out.fileno())


def bring_back(folder: Path) -> int:
    """Into the store of this hall; what lies there already under its name is replaced. How many."""
    count = 0
    for file in sorted(folder.joinpath(FOLDER).rglob("*")):
        if file.is_file():
            _bring_one(file, file.relative_to(folder / FOLDER).as_posix())
            count += 1
    return count


def _bring_one(file: Path, name: str) -> None:
    if not isinstance(store.store(), LocalStore):
        obstore.put(store.store(), name, file, use_multipart=False)
        return
    spooled = store.spool() / f"{name.replace('/', '')}.sealed"
    with file.open("rb") as source, os.fdopen(os.open(spooled, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as out:
        shutil.copyfileobj(source, out, 1 << 20)
        out.flush()
        os.fsync(out.fileno())
    store.put_in_place(spooled, name)
