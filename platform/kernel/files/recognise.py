"""What a file is by its bytes: they, its extension and the list of the slot must agree, else it is refused.

A file that could be read as two types (a PDF with a ZIP behind it, a script in a picture) is refused, too: what one
program shows as a picture another would run."""

import subprocess
import sys
import unicodedata
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from kernel.errors import UnsupportedType
from kernel.files.inspecting import SENTENCE
from kernel.forms import unfit

NAME_CHARS_MAX, WAIT_S = 120, 5
TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "txt": "text/plain; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
}
ALIASES = {"jpeg": "jpg"}
DOCUMENTS = frozenset({"pdf", "png", "jpg", "webp", "docx", "xlsx", "txt", "csv"})
PICTURES = frozenset({"png", "jpg", "webp"})
RECORDINGS = frozenset({"mp3", "wav"})
INLINE = PICTURES  # what a browser may show by itself; all else is saved


class NotAccepted(UnsupportedType):
    code, text = "file_not_accepted", "“{name}”没有被接受：{why}。"


def shown_name(sent: str) -> str:
    """Of a file, for people only; no path is ever made from it. At most 120 characters, with its extension."""
    clean = "".join(
        sign for sign in unicodedata.normalize("NFC", sent) if not unfit(sign) and sign not in "\t\n\u2028\u2029"
    )
    base = PurePosixPath(clean.replace("\\", "/")).name.strip(" .")
    stem, dot, ending = base.rpartition(".")
    if not dot:
        return base[:NAME_CHARS_MAX] or "未命名"
    return stem[: max(NAME_CHARS_MAX - len(ending) - 1, 1)] + "." + ending[:20]


def must_fit(name: str, allowed: frozenset[str]) -> str:
    """The type that its extension claims. Raises NotAccepted."""
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    claimed = ALIASES.get(ending, ending)
    if claimed not in allowed:
        raise NotAccepted(name=name, why=f"这里只收 {'、'.join(sorted(allowed))}")
    return claimed


def recognise(file: Path | BinaryIO, name: str, allowed: frozenset[str]) -> str:
    """Its type, a key of TYPES. `file` is looked through by a child process with limits, for at most 5 s; one without
    a name is handed to it open.

    Raises NotAccepted."""
    name = shown_name(name)
    claimed = must_fit(name, allowed)
    path = str(file) if isinstance(file, Path) else "/dev/stdin"
    command = [sys.executable, "-m", "kernel.files.inspecting", path, claimed]
    given = subprocess.DEVNULL if isinstance(file, Path) else file
    try:
        done = subprocess.run(  # noqa: S603 (our own program; the path is ours, the type one of our words)
            command, stdin=given, capture_output=True, text=True, timeout=WAIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise NotAccepted(name=name, why="检查它用时过长") from None
    if done.returncode:
        told = done.stderr.strip().rpartition("\n")[2] if done.returncode == SENTENCE else "它已损坏，或解开后过大"
        raise NotAccepted(name=name, why=told)
    return claimed
