"""Where what was learned lies: arrays and a description in the folder `models` of the hall's home.

The description holds the arrays' SHA-256 and is itself proved by a key of the hall, so nobody who can only write
there can make the desk suggest what they like. Whatever doesn't fit is refused, and the hall suggests by its rules."""

import hmac
import json
import logging
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from hotline.suggestions import learning
from hotline.suggestions.learning import Learned
from kernel import secrets
from kernel.labels import Labelled
from kernel.settings import settings

log = logging.getLogger(__name__)


class Subject(Labelled):
    """What is learned of a text."""

    CATEGORY = "category", "诉求分类"
    AGENCY = "agency", "主办单位"


@dataclass(frozen=True, slots=True)
class Description:
    """`precision` and `rules`: how often the model's first opinion, and the rules', were right on the same `rows`
    texts while these were held out."""

    version: str
    rows: int
    precision: float
    rules: float
    sha256: str

    @property
    def better(self) -> bool:
        return self.precision > self.rules


@dataclass(frozen=True, slots=True)
class Kept:
    description: Description
    model: Learned


_read: dict[Path, tuple[tuple[int, int], Kept | None]] = {}


def keep(subject: Subject, model: Learned, *, rows: int, precision: float, rules: float, at: datetime) -> Description:
    """In place of the one before; `at` is its version."""
    stored, sha256 = model.stored()
    told = Description(at.isoformat(timespec="seconds"), rows, round(precision, 4), round(rules, 4), sha256)
    description = _description(subject)
    description.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    arrays = _arrays(subject, sha256)
    _replace(arrays, stored)
    _replace(description, json.dumps(asdict(told) | {"proof": _proof(subject, told)}).encode())
    for older in description.parent.glob(f"{subject}-*.npz"):
        if older != arrays:
            older.unlink()
    return told


async def kept(subject: Subject) -> Kept | None:
    """None when nothing was learned yet, or when what lies there isn't what was."""
    path = _description(subject)
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    seen = found.st_mtime_ns, found.st_ino
    if path not in _read or _read[path][0] != seen:
        _read[path] = seen, await run_in_threadpool(_load, subject)
    return _read[path][1]


def _load(subject: Subject) -> Kept | None:
    try:
        return _proved(subject)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        log.exception("the learned model of %s is refused, suggestions follow the rules", subject)
        return None


def _proved(subject: Subject) -> Kept:
    written = json.loads(_description(subject).read_bytes())
    proof = str(written.pop("proof"))
    told = Description(**written)
    if not hmac.compare_digest(proof, _proof(subject, told)):
        raise ValueError("the description of the learned model was not written by this hall")
    return Kept(told, learning.read(_arrays(subject, told.sha256).read_bytes(), told.sha256))


def _proof(subject: Subject, told: Description) -> str:
    return secrets.blind_index("model", json.dumps({"subject": subject} | asdict(told), sort_keys=True)).hex()


def _description(subject: Subject) -> Path:
    return settings().home / "models" / f"{subject}.json"


def _arrays(subject: Subject, sha256: str) -> Path:
    return settings().home / "models" / f"{subject}-{sha256[:16]}.npz"


def _replace(path: Path, content: bytes) -> None:
    """Whole or not at all, whenever the machine stops."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
