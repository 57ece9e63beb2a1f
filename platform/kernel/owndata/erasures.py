"""What was erased stays erased after a restore (PR05): a list of numbers outside the database, played again.

Append-only, beside the change log or in the home; each line is sealed and bound to its place. A line names an account
by number and by the instant it was opened, so that another account that gets the number later is left alone."""

import base64
import fcntl
import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from kernel.errors import Degraded, Refusal
from kernel.owndata.forms import Right
from kernel.secrets.envelope import InvalidTag, Records
from kernel.settings import settings

NAME = "erasures.log"


class ListBroken(Refusal):
    status, code, text = 503, "erasures_broken", "删除清单第 {line} 行被改动或已损坏，请从另一份取回 {file}。"


@dataclass(frozen=True, slots=True)
class Erased:
    """Whose, whether the account was closed, when; instants in ISO 8601."""

    account: int
    opened: str
    right: Right
    at: str


def place() -> Path:
    return (settings().changes_dir or settings().home) / NAME


def note(account: int, opened: datetime, right: Right, *, at: datetime) -> None:
    """On the disk when it returns, before the erasure is committed: none is without its line. Raises Degraded."""
    line = Erased(account, opened.isoformat(), right, at.isoformat())
    try:
        place().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(place(), os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            records, sealed = _records(file), _whole(file)
            body = records.sealed(len(sealed), json.dumps(asdict(line)).encode(), b"")
            file.write(base64.b64encode(body) + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as wrong:
        raise Degraded(what="删除清单") from wrong


def listed() -> list[Erased]:
    """Oldest first. Raises ListBroken at a line that isn't ours or doesn't stand where it was written."""
    if not place().exists() or not place().stat().st_size:
        return []
    with place().open("rb") as file:
        records, found = Records.of(file), list[Erased]()
        for number, line in enumerate(_lines(file)):
            try:
                told = json.loads(records.opened(number, base64.b64decode(line), b""))
            except (InvalidTag, ValueError):
                raise ListBroken(line=number + 2, file=NAME) from None
            found.append(Erased(told["account"], told["opened"], Right(told["right"]), told["at"]))
    return found


def _records(file: BinaryIO) -> Records:
    """Those of the file; a new one begins with its head."""
    if os.fstat(file.fileno()).st_size:
        return Records.of(file)
    records = Records.begin()
    file.write(records.head + b"\n")
    return records


def _whole(file: BinaryIO) -> list[bytes]:
    """The lines that stand; what a crash tore off at the end goes, its erasure was never acknowledged."""
    begin, lines = file.tell(), _lines(file)
    file.seek(begin + sum(len(line) + 1 for line in lines))
    file.truncate()
    return lines


def _lines(file: BinaryIO) -> list[bytes]:
    return file.read().split(b"\n")[:-1]
