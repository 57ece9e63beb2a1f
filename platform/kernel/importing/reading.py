"""Reading tables: whatever encoding and shape a clerk has at hand, or a sentence about what to change."""

import codecs
import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from kernel.errors import Refusal
from kernel.forms import unfit
from kernel.importing.running import Importer, Row, Unreadable
from kernel.importing.spreadsheet import SENTENCE

FILE_BYTES_MAX, FIELD_CHARS_MAX, ROWS_MAX = 200 * 2**20, 200_000, 2_000_000
PAGE_CHARS_MAX = 4_000_000
PAGES = frozenset({"txt", "html", "htm"})
CHILD_S = 25
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
TRIMMED = " \t\n\u3000\u00a0\ufeff"  # around a cell; inside of a text they stay
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would take what begins so for a formula
BROKEN_PER_MILLE_MAX = 20
Line = tuple[int, Row | Unreadable]


class UnreadableFile(Refusal):
    status, code, text = 422, "unreadable_file", "读不了 {file}：{problem}"


def read(path: Path, importer: Importer) -> Iterator[Line]:
    """(line, field → text) of every row, columns found by their headings; or what is wrong with that row alone.

    Raises UnreadableFile when nothing can be taken from the file."""
    ending = path.suffix.lower().lstrip(".")
    if importer.page and ending in PAGES:
        yield 1, {field: _clean(text) for field, text in importer.page(_page(path)).items()}
    elif ending in {"xlsx", "xlsm"}:
        yield from _mapped(path, _xlsx(path), importer, _clean)
    elif ending in {"json", "jsonl", "ndjson"}:
        yield from _objects(path, importer, lines=ending != "json")
    elif ending in {"csv", "tsv", "txt"}:
        yield from _mapped(path, _csv(path), importer, _unquoted)
    else:
        pages = "网页（HTML、TXT，一页一个文件）、" if importer.page else " "
        raise UnreadableFile(file=path.name, problem=f"只认识{pages}CSV、TSV、XLSX、JSON 和 JSONL，请另存为其中一种。")


def document(path: Path) -> Any:
    """A file that is one JSON document."""
    if path.suffix.lower() not in {".json", ".jsonl", ".ndjson"}:
        raise UnreadableFile(file=path.name, problem="这一类数据整份导入，请用 JSON 文件。")
    text = text_of(path)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as wrong:
        where = f"（第 {wrong.lineno} 行）" if isinstance(wrong, json.JSONDecodeError) else ""
        raise UnreadableFile(file=path.name, problem=f"不是完好的 JSON{where}，请改正或重新导出。") from wrong


def text_of(path: Path) -> str:
    """UTF-8 or UTF-16 with a mark, UTF-8 without, else GB 18030."""
    raw = _bytes_of(path)
    for mark, encoding in BOMS:
        if raw.startswith(mark):
            return _decoded(raw, encoding, path)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as wrong:
        if _damaged_utf8(raw):
            raise _undecodable(path, raw, wrong.start) from wrong
        return _decoded(raw, "gb18030", path)


def _bytes_of(path: Path) -> bytes:
    if not path.is_file():
        raise UnreadableFile(file=path.name, problem="没有这个文件，请核对路径。")
    if path.stat().st_size > FILE_BYTES_MAX:
        raise UnreadableFile(file=path.name, problem=f"文件超过 {FILE_BYTES_MAX // 2**20} MiB，请拆成几份。")
    try:
        return path.read_bytes()
    except PermissionError as wrong:
        raise UnreadableFile(file=path.name, problem="没有读取它的权限，请用 chmod 或换一个位置。") from wrong


def _damaged_utf8(raw: bytes) -> bool:
    """Nearly all of it is UTF-8: read as GB 18030, which fits almost any bytes, it would become nonsense."""
    text = raw.decode("utf-8", errors="replace")
    broken, beyond_ascii = text.count("\ufffd"), sum(sign > "\x7f" for sign in text)
    return broken * 1_000 <= beyond_ascii * BROKEN_PER_MILLE_MAX


def _decoded(raw: bytes, encoding: str, path: Path) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as wrong:
        raise _undecodable(path, raw, wrong.start) from wrong


def _undecodable(path: Path, raw: bytes, start: int) -> UnreadableFile:
    line = raw[:start].count(10) + 1
    return UnreadableFile(
        file=path.name, problem=f"第 {line} 行有字节既不是 UTF-8 也不是 GB 18030，请改正这一行，或重新导出为 UTF-8。"
    )


def _page(path: Path) -> str:
    text = text_of(path)
    if len(text) > PAGE_CHARS_MAX:
        raise UnreadableFile(file=path.name, problem=f"一页超过 {PAGE_CHARS_MAX} 字，不像一份文件，请拆开或另存正文。")
    return "".join(sign for sign in text if not unfit(sign) or sign == "\r").replace("\r\n", "\n").replace("\r", "\n")


def _csv(path: Path) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(FIELD_CHARS_MAX)
    text = text_of(path)
    if "\x00" in text:
        line = text[: text.index("\x00")].count("\n") + 1
        problem = f"第 {line} 行含有空字符：不是一份完好的表格，或是没有标记的 UTF-16，请重新导出为 UTF-8。"
        raise UnreadableFile(file=path.name, problem=problem)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(path, text), strict=False)
    begins = 1
    try:
        for row in reader:
            yield begins, row
            begins = reader.line_num + 1
    except csv.Error as wrong:
        problem = f"第 {begins} 行起的引号没有配对，或一格超过 {FIELD_CHARS_MAX} 字，请检查后重新导出。"
        raise UnreadableFile(file=path.name, problem=problem) from wrong


def _separator(path: Path, text: str) -> str:
    """Spreadsheets write tabs or semicolons under the name of CSV, too: the headings' line tells."""
    if path.suffix.lower() == ".tsv":
        return "\t"
    headings = text[: text.find("\n")] if "\n" in text else text
    return max(",\t;", key=headings.count)


def _xlsx(path: Path) -> Iterator[tuple[int, list[str]]]:
    """In a child with limits: a spreadsheet is a ZIP of XML that somebody else has made."""
    _bytes_of(path)
    command = [sys.executable, "-P", "-m", "kernel.importing.spreadsheet", str(path)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=CHILD_S, check=False)  # noqa: S603 (our own module)
    except subprocess.TimeoutExpired:
        raise UnreadableFile(file=path.name, problem="打开它太久，请拆小或另存为 CSV。") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        told = done.returncode == SENTENCE and said
        problem = said[-1] if told else "它太大，或不是完好的 XLSX，请拆小、重新导出或另存为 CSV。"
        raise UnreadableFile(file=path.name, problem=problem)
    for line, row in enumerate(done.stdout.decode().rstrip("\n").split("\n"), start=1):
        if row:
            yield line, json.loads(row)


def _objects(path: Path, importer: Importer, *, lines: bool) -> Iterator[Line]:
    """One row for each object; the number is the line of JSONL, the place in an array."""
    for line, sent in _parsed(path, lines=lines):
        if isinstance(sent, Unreadable):
            yield line, sent
        elif not isinstance(sent, dict):
            yield line, Unreadable("不是 {…} 这样的对象，请改正。")
        else:
            places, values = _found([str(name) for name in sent], importer), list(sent.values())
            yield line, {field: _text(values[place]) for field, place in places.items()}


def _parsed(path: Path, *, lines: bool) -> Iterator[tuple[int, Any]]:
    if lines:
        for line, written in enumerate(text_of(path).split("\n"), start=1):
            if written.strip():
                yield line, _one_object(written)
        return
    whole = document(path)
    yield from enumerate(whole if isinstance(whole, list) else [whole], start=1)


def _one_object(written: str) -> Any:
    try:
        return json.loads(written)
    except (ValueError, RecursionError):
        return Unreadable("不是完好的 JSON，请改正。")


def _mapped(
    path: Path, table: Iterator[tuple[int, list[str]]], importer: Importer, cell: Callable[[str], str]
) -> Iterator[Line]:
    places: Mapping[str, int] | None = None
    width = 0
    for line, row in table:
        if not any(filled.strip(TRIMMED) for filled in row):
            continue
        if places is None:
            places, width = _columns(path, row, importer), len(row)
            continue
        if line > ROWS_MAX:
            raise UnreadableFile(file=path.name, problem=f"超过 {ROWS_MAX} 行，请拆成几份。")
        if any(extra.strip(TRIMMED) for extra in row[width:]):
            yield line, Unreadable(f"有 {len(row)} 格，表头只有 {width} 格：内容里的分隔符要用引号括起来。")
            continue
        yield line, {field: cell(row[place]) if place < len(row) else "" for field, place in places.items()}
    if places is None:
        raise UnreadableFile(file=path.name, problem="里面一行也没有。")


def _columns(path: Path, headings: list[str], importer: Importer) -> dict[str, int]:
    found = _found(headings, importer)
    missing = [field for field in importer.needed if field not in found]
    if missing or not found:
        wanted = "”或“".join(importer.headings[missing[0] if missing else next(iter(importer.headings))][:3])
        seen = "、".join(heading.strip(TRIMMED)[:20] for heading in headings[:12])
        raise UnreadableFile(file=path.name, problem=f"没有“{wanted}”这一列，请核对表头（现在是：{seen}）。")
    return found


def _found(headings: list[str], importer: Importer) -> dict[str, int]:
    """Field → place, by any of its headings; the first of them that is there counts."""
    plain = [heading.strip(TRIMMED).lower() for heading in headings]
    return {
        field: plain.index(known[0])
        for field, names in importer.headings.items()
        if (known := [name.lower() for name in names if name.lower() in plain])
    }


def _unquoted(cell: str) -> str:
    """What our own export put before a text that looks like a formula goes again."""
    return _clean(cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(FORMULA_SIGNS) else cell)


def _clean(cell: str) -> str:
    """Text stays as it is; only what no database holds goes."""
    text = cell.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(sign for sign in text if not unfit(sign)).strip(TRIMMED)


def _text(value: Any) -> str:
    return "" if value is None else _clean(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
