"""`sunhall backup`: a copy of the database while the hall works, sealed as it is written."""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from time import monotonic
from urllib.parse import unquote, urlsplit

from kernel.backup import files, manifest
from kernel.backup.changes import SEGMENT, ChangeLog, segments
from kernel.backup.manifest import FORMAT, Manifest
from kernel.errors import Refusal
from kernel.secrets import keys
from kernel.secrets.envelope import Writer
from kernel.settings import settings

PIECE_BYTES = 1 << 20
PAGES_AT_ONCE = -1  # one read transaction from the first page to the last: a copy in steps begins anew at every write
HOLD_S = 30
Progress = Callable[[int, int], None]


class Unsaved(Refusal):
    status, code, text = 503, "unsaved", "没有备份成功：{why}。"


def backup(place: Path, *, at: datetime, progress: Progress = lambda done, of: None) -> tuple[Path, Manifest]:
    """A folder named after the time, whole or not at all."""
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = place / f"{at:%Y%m%d-%H%M%S}"
    if folder.exists():
        raise Unsaved(why=f"{folder} 已经存在")
    building = Path(tempfile.mkdtemp(prefix=".building-", dir=place))
    try:
        begun = monotonic()
        copy = _sqlite if settings().on_sqlite else _postgres
        file, changes_from = copy(building, progress)
        earlier = manifest.all_in(place)
        count = files.copy(building, max(earlier, default=None))
        told = Manifest(
            format=FORMAT, at=at.isoformat(), engine="sqlite" if settings().on_sqlite else "postgres",
            hall=settings().hall_name, file=file.name, bytes=file.stat().st_size, seconds=round(monotonic() - begun, 2),
            changes_from=changes_from, key=keys.ring().current, files=count,
        )  # fmt: skip
        manifest.write(building, told)
        building.replace(folder)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    return folder, told


def forget_changes(place: Path) -> int:
    """Segments that no backup here needs any more; how many went."""
    log = settings().changes_dir
    if log is None or not settings().on_sqlite:
        return 0
    needed = min((manifest.read(folder).changes_from for folder in manifest.all_in(place)), default=0)
    old = [number for number in segments(log) if number < needed]
    for number in old:
        (log / SEGMENT.format(number=number)).unlink()
    return len(old)


def _sqlite(building: Path, progress: Progress) -> tuple[Path, int]:
    """The segment begins before the copy does: what is in both is written twice, and lands alike."""
    source = Path(settings().database_url.split("://", 1)[1].split("?")[0])
    begin = _rotated(source)
    plain = building / "plain.db"
    os.close(os.open(plain, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    reader, writer = sqlite3.connect(source), sqlite3.connect(plain)
    try:
        reader.backup(writer, pages=PAGES_AT_ONCE)
    except sqlite3.Error as wrong:
        raise Unsaved(why=str(wrong)) from wrong
    finally:
        writer.close()
        reader.close()
    sealed = building / "hall.db.sealed"
    with plain.open("rb") as file:
        _seal(file.fileno(), sealed, plain.stat().st_size, progress)
    plain.unlink()
    return sealed, begin


def _rotated(source: Path) -> int:
    folder = settings().changes_dir
    if folder is None:
        return 0
    log = ChangeLog(source, folder)
    log.hold(HOLD_S)
    try:
        return log.rotate()
    finally:
        log.release()


def _postgres(building: Path, progress: Progress) -> tuple[Path, int]:
    """pg_basebackup's own stream, sealed as it comes; the WAL that it needs is in it."""
    sealed = building / "base.tar.sealed"
    command = [
        program("pg_basebackup"), "--pgdata=-", "--format=tar", "--wal-method=fetch", "--checkpoint=fast",
        "--no-password", "--label=sunhall",
    ]  # fmt: skip
    with tempfile.TemporaryFile() as said, subprocess.Popen(  # noqa: S603 (PostgreSQL's own program, our own words)
        command, stdout=subprocess.PIPE, stderr=said, env=connection()
    ) as running:  # fmt: skip
        assert running.stdout is not None
        _seal(running.stdout.fileno(), sealed, 0, progress)
        if running.wait():
            said.seek(0)
            raise Unsaved(why=said.read(400).decode(errors="replace").strip().replace("\n", "；"))
    return sealed, 0


def _seal(source: int, target: Path, size: int, progress: Progress) -> None:
    done = 0
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out, Writer(out, settings().backup_key) as writer:
        while piece := os.read(source, PIECE_BYTES):
            writer.write(piece)
            done += len(piece)
            progress(done, max(size, done))


def program(name: str) -> str:
    """PostgreSQL's own programs lie beside the path on Debian. Raises Unsaved with the package."""
    places = os.pathsep.join([os.environ.get("PATH", ""), *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin")))])
    if found := shutil.which(name, path=places):
        return found
    raise Unsaved(why=f"没有 {name}，请安装 postgresql-client（apt-get install postgresql-client）")


def connection() -> dict[str, str]:
    """For PostgreSQL's programs: by environment, so that no password stands in a list of processes."""
    url = urlsplit(
        settings().database_owner_url or settings().database_url
    )  # copying the whole server is no role of the app
    given = {
        "PGHOST": url.hostname, "PGPORT": url.port and str(url.port), "PGUSER": url.username and unquote(url.username),
        "PGPASSWORD": url.password and unquote(url.password), "PGDATABASE": url.path.lstrip("/"),
    }  # fmt: skip
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"} | {name: one for name, one in given.items() if one}
