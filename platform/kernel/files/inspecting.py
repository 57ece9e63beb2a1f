"""`python -m kernel.files.inspecting FILE TYPE`: whether FILE is a TYPE and nothing else, in a process with limits."""

import re
import resource
import struct
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

ADDRESS_BYTES_MAX, CPU_S = 512 * 2**20, 4
PIXELS_MAX = 40_000_000
UNPACKED_MAX, ENTRIES_MAX, RATIO_MAX = 200 * 2**20, 1_000, 200
BLOCK, OVERLAP = 2**20, 32
SENTENCE = 3  # exit code: the last line of standard error is for the person
PICTURES = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP"}
PARTS = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml"}
LONG = (b"<script", b"<!doctype html", b"<iframe", b"javascript:")  # shorter ones stand in large photographs by chance
SCRIPTS = (*LONG, b"<html", b"<svg", b"<?php")
ACTIVE = (b"/javascript", b"/launch", b"/embeddedfile")
RUNS = re.compile(rb"/JS\s*(?:[(<]|\d+\s+\d+\s+R)")  # two letters alone stand in every compressed page by chance
OTHERS = (b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"PK\x03\x04", b"GIF8", b"RIFF", b"\x7fELF", b"MZ")


class Unfit(Exception):  # noqa: N818 (the sentence that the parent passes on)
    """What is wrong with the file."""


def main(path: Path, claimed: str) -> int:
    return within_limits(lambda: _looked_at(path, claimed))


def within_limits(work: Callable[[], None]) -> int:
    """The whole life of such a process: limits, the work, an exit code."""
    sys.stderr.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_BYTES_MAX, ADDRESS_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        work()
    except Unfit as wrong:
        print(wrong, file=sys.stderr)
        return SENTENCE
    return 0


def _looked_at(path: Path, claimed: str) -> None:
    with path.open("rb") as file:
        head = file.read(64)
    if not _begins(head, claimed):
        raise Unfit("内容与扩展名不符")
    if claimed in PICTURES:
        _picture(path, claimed)
    elif claimed in {"docx", "xlsx", "zip"}:
        _archive(path, claimed)
    elif claimed in {"txt", "csv"}:
        _text(path)
    elif claimed == "pdf":
        _pdf(path)
    else:
        _no_archive(path)
        _holds_none(path, LONG)


def _begins(head: bytes, claimed: str) -> bool:
    if claimed == "webp":
        return head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    if claimed == "wav":
        return head[:4] == b"RIFF" and head[8:12] == b"WAVE"
    if claimed == "mp3":
        return head[:3] == b"ID3" or (head[:1] == b"\xff" and len(head) > 1 and head[1] & 0xE6 in (0xE2, 0xE4, 0xE6))
    if claimed in {"txt", "csv"}:
        return not head.startswith(OTHERS)
    starts = {"pdf": b"%PDF-", "png": b"\x89PNG\r\n\x1a\n", "jpg": b"\xff\xd8\xff"}
    return head.startswith(starts.get(claimed, b"PK\x03\x04"))


def _picture(path: Path, claimed: str) -> None:
    """Nothing behind its end, no script in it, and it can be decoded."""
    data = path.read_bytes()
    with path.open("rb") as file, decoding(file, PICTURES[claimed]) as picture:
        picture.load()
    if _end(data, claimed) != len(data):
        raise Unfit("图片后面还藏有别的内容")
    _no_archive(path)
    _holds_none(path, LONG)


@contextmanager
def decoding(file: BinaryIO, *formats: str) -> Iterator["ImageFile"]:
    """A picture of one of these formats (pillow's names), not larger than we decode; what fails meanwhile is Unfit."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = PIXELS_MAX
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        with Image.open(file, formats=formats) as picture:
            if picture.width * picture.height > PIXELS_MAX:
                raise Unfit(f"图片超过 {PIXELS_MAX // 10**6} 百万像素，请缩小后再传")
            yield picture
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise Unfit(f"图片超过 {PIXELS_MAX // 10**6} 百万像素，请缩小后再传") from None
    except (OSError, SyntaxError, ValueError, MemoryError):
        raise Unfit("图片已损坏或不完整") from None


def _end(data: bytes, claimed: str) -> int:
    if claimed == "png":
        return _after_chunks(data)
    if claimed == "jpg":
        return data.rfind(b"\xff\xd9") + 2
    size: int = struct.unpack("<I", data[4:8])[0]
    return 8 + size + size % 2


def _after_chunks(data: bytes) -> int:
    at = 8
    while at + 12 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        at += 12 + int(length)
        if kind == b"IEND":
            return at
    return -1


def _archive(path: Path, claimed: str) -> None:
    """Its directory says how large everything is; nothing is unpacked. Macros, paths outside and other heads: no."""
    try:
        with zipfile.ZipFile(path) as packed:
            entries = packed.infolist()
            start = min((entry.header_offset for entry in entries), default=0)
            comment = packed.comment
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error):
        raise Unfit("压缩包已损坏") from None
    unpacked, packed_size = sum(entry.file_size for entry in entries), path.stat().st_size
    if len(entries) > ENTRIES_MAX or unpacked > UNPACKED_MAX or unpacked > RATIO_MAX * max(packed_size, 2**16):
        raise Unfit(f"解开后超过 {UNPACKED_MAX // 2**20} MiB 或 {ENTRIES_MAX} 个部分，请拆小")
    names = {entry.filename for entry in entries}
    if any(entry.flag_bits & 1 for entry in entries):
        raise Unfit("它加了密码，请去掉密码后再传")
    if start or comment or any(name.startswith("/") or ".." in name.split("/") for name in names):
        raise Unfit("压缩包的结构不正常")
    if claimed in PARTS and (PARTS[claimed] not in names or "[Content_Types].xml" not in names):
        raise Unfit("内容与扩展名不符")
    if any(name.lower().endswith(("vbaproject.bin", ".exe", ".js", ".html", ".svg")) for name in names):
        raise Unfit("它带有宏或程序，请去掉后再传")


def _text(path: Path) -> None:
    """Text that a browser or spreadsheet would take for a page is none."""
    for block in _blocks(path):
        if b"\0" in block:
            raise Unfit("它不是文本")
    _holds_none(path, SCRIPTS)


def _pdf(path: Path) -> None:
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - 1024, 0))
        tail = file.read()
    if b"%%EOF" not in tail or tail.rpartition(b"%%EOF")[2].strip(b"\r\n\0 "):
        raise Unfit("PDF 不完整，或后面还藏有别的内容")
    _no_archive(path)
    _holds_none(path, (*LONG, *ACTIVE))
    if any(RUNS.search(block) for block in _blocks(path)):
        raise Unfit("它带有脚本或别的格式的内容")


def _no_archive(path: Path) -> None:
    """A ZIP is found from its end, whatever stands before it."""
    if zipfile.is_zipfile(path):
        raise Unfit("它同时是一个压缩包")


def _holds_none(path: Path, marks: tuple[bytes, ...]) -> None:
    for block in _blocks(path):
        small = block.lower()
        if any(mark[:1] in small and mark in small for mark in marks):  # one sign is looked for ten times as fast
            raise Unfit("它带有脚本或别的格式的内容")


def _blocks(path: Path) -> Iterator[bytes]:
    """Each with the end of the one before it: a mark may lie across."""
    before = b""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield before + block
            before = block[-OVERLAP:]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
