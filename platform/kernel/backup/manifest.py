"""What a backup says of itself, beside the sealed files: when, of what, and from where the changes go on."""

import json
import shutil
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from kernel.errors import Refusal

NAME = "manifest.json"
FORMAT = 1
DAILY, MONTHLY = timedelta(days=35), timedelta(days=366)


class NoBackup(Refusal):
    status, code, text = 404, "no_backup", "{problem}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """`changes_from`: the first segment of SQLite's change log that isn't in the copy; 0 where there is none."""

    format: int
    at: str
    engine: str  # sqlite or postgres
    hall: str
    file: str
    bytes: int
    seconds: float
    changes_from: int
    key: int
    files: int  # of the file store

    @property
    def made(self) -> datetime:
        return datetime.fromisoformat(self.at)


def write(folder: Path, manifest: Manifest) -> None:
    (folder / NAME).write_text(json.dumps(asdict(manifest), ensure_ascii=False, indent=1), encoding="utf-8")


def read(folder: Path) -> Manifest:
    try:
        found = Manifest(**json.loads((folder / NAME).read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise NoBackup(problem=f"{folder} 里没有备份。") from None
    except (TypeError, ValueError):
        raise NoBackup(problem=f"{folder / NAME} 已损坏，请换一份备份。") from None
    if found.format != FORMAT:
        raise NoBackup(problem=f"{folder} 是另一个版本的备份，请用做它的那个版本恢复。")
    return found


def all_in(place: Path) -> list[Path]:
    """Finished backups, oldest first; a place may itself be one."""
    if (place / NAME).exists():
        return [place]
    return sorted(path.parent for path in place.glob(f"*/{NAME}"))


def newest(place: Path) -> Path:
    found = all_in(place)
    if not found:
        raise NoBackup(problem=f"{place} 里没有备份。")
    return found[-1]


def prune(place: Path, *, at: datetime) -> list[Path]:
    """Kept: all of 35 days, then the first of each month for a year. Returns what was removed."""
    months, gone = set[str](), list[Path]()
    for folder in all_in(place)[:-1]:
        made = read(folder).made
        first_of_month = f"{made:%Y-%m}" not in months
        months.add(f"{made:%Y-%m}")
        if at - made > MONTHLY or (at - made > DAILY and not first_of_month):
            shutil.rmtree(folder)
            gone.append(folder)
    return gone
