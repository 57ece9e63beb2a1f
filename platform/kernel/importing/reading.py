"""Reading tables: whatever encoding and shape a clerk has at hand, or a sentence about what to change."""

import codecs
import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kernel.errors import Refusal
from kernel.forms import unfit
from kernel.importing.running import Importer, Row

FILE_BYTES_MAX, FIELD_CHARS_MAX, ROWS_MAX = 200 * 2**20, 200_000, 2_000_000
CHILD_S = 25
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
KEYS_TRIMMED = " \t\u3000\u00a0\ufeff"


class UnreadableFile(Refusal):
    status, code, text = 422, "unreadable_file", "读不了 {file}：{problem}"


def read(path: Path, importer: Importer) -> Iterator[tuple[int, Row]]:
    """(line, field → text) of every row, columns found by their headings. Raises UnreadableFile."""
    ending = path.suffix.lower().lstrip(".")
    if not path.is_file():
        raise UnreadableFile(file=path.name, problem="没有这个文件，请核对路径。")
    if path.stat().st_size > FILE_BYTES_MAX:
        raise UnreadableFile(file=path.name, problem=f"文件超过 {FILE_BYTES_MAX // 2**20} MiB，请拆成几份。")
    if ending == "xlsx":
        table = _xlsx(path)
    elif ending in {"json", "jsonl", "ndjson"}:
        yield from _objects(path, importer, lines=ending != "json")
        return
    elif ending in {"csv", "tsv", "txt"}:
        table = _csv(path, "\t" if ending == "tsv" else ",")
    else:
        raise UnreadableFile(file=path.name, problem="只认识 CSV、TSV、XLSX、JSON 和 JSONL，请另存为其中一种。")
    yield from _mapped(path, table, importer)


def text_of(path: Path) -> str:
    """UTF-8 or UTF-16 with or without a mark, else GB 18030."""
    raw = path.read_bytes()
    for mark, encoding in BOMS:
        if raw.startswith(mark):
            return _decoded(raw, encoding, path)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return _decoded(raw, "gb18030", path)


def _decoded(raw: bytes, encoding: str, path: Path) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as wrong:
        problem = f"第 {raw[: wrong.start].count(10) + 1} 行的文字既不是 UTF-8 也不是 GB 18030，请另存为 UTF-8。"
        raise UnreadableFile(file=path.name, problem=problem) from wrong


def _csv(path: Path, separator: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(FIELD_CHARS_MAX)
    text = text_of(path)
    if "\x00" in text:
        line = text[: text.index("\x00")].count("\n") + 1
        raise UnreadableFile(file=path.name, problem=f"第 {line} 行含有空字符，这不是一份完好的表格，请重新导出。")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=False)
    begins = 1
    try:
        for row in reader:
            yield begins, row
            begins = reader.line_num + 1
    except csv.Error as wrong:
        problem = f"第 {begins} 行起的引号没有配对，或一格超过 {FIELD_CHARS_MAX} 字，请检查后重新导出。"
        raise UnreadableFile(file=path.name, problem=problem) from wrong


def _xlsx(path: Path) -> Iterator[tuple[int, list[str]]]:
    """In a child with limits: a spreadsheet is a ZIP of XML that somebody else has made."""
    command = [sys.executable, "-m", "kernel.importing.spreadsheet", str(path)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=CHILD_S, check=False)  # noqa: S603 (our own module)
    except subprocess.TimeoutExpired:
        raise UnreadableFile(file=path.name, problem="打开它太久，请拆小或另存为 CSV。") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        problem = said[-1] if done.returncode == 1 and said else "它太大或已损坏，请拆小或另存为 CSV。"
        raise UnreadableFile(file=path.name, problem=problem)
    for line, row in enumerate(done.stdout.decode().splitlines(), start=1):
        yield line, json.loads(row)


def _objects(path: Path, importer: Importer, *, lines: bool) -> Iterator[tuple[int, Row]]:
    text = text_of(path)
    for line, sent in enumerate(_parsed(path, text, lines=lines), start=1):
        if not isinstance(sent, dict):
            raise UnreadableFile(file=path.name, problem=f"第 {line} 条不是 {{…}} 这样的对象。")
        names = _columns(path, [str(name) for name in sent], importer)
        values = list(sent.values())
        yield line, {field: _text(values[place]) for field, place in names.items()}


def _parsed(path: Path, text: str, *, lines: bool) -> Iterator[Any]:
    try:
        if lines:
            yield from (json.loads(line) for line in text.splitlines() if line.strip())
            return
        whole = json.loads(text)
    except (ValueError, RecursionError) as wrong:
        raise UnreadableFile(file=path.name, problem=f"不是完好的 JSON（{wrong}）。") from wrong
    yield from whole if isinstance(whole, list) else [whole]


def _mapped(path: Path, table: Iterator[tuple[int, list[str]]], importer: Importer) -> Iterator[tuple[int, Row]]:
    places: Mapping[str, int] | None = None
    for line, row in table:
        if not any(cell.strip(KEYS_TRIMMED) for cell in row):
            continue
        if places is None:
            places = _columns(path, row, importer)
            continue
        if line > ROWS_MAX:
            raise UnreadableFile(file=path.name, problem=f"超过 {ROWS_MAX} 行，请拆成几份。")
        yield line, {field: _clean(row[place]) if place < len(row) else "" for field, place in places.items()}
    if places is None:
        raise UnreadableFile(file=path.name, problem="里面一行也没有。")


def _columns(path: Path, headings: list[str], importer: Importer) -> dict[str, int]:
    """Field → place, by any of its headings."""
    plain = [heading.strip(KEYS_TRIMMED).lower() for heading in headings]
    found = {
        field: next((plain.index(name.lower()) for name in names if name.lower() in plain), -1)
        for field, names in importer.headings.items()
    }
    for field in importer.needed:
        if found[field] < 0:
            wanted = "”或“".join(importer.headings[field][:3])
            raise UnreadableFile(file=path.name, problem=f"没有“{wanted}”这一列，请核对表头。")
    return {field: place for field, place in found.items() if place >= 0}


def _clean(cell: str) -> str:
    """Text stays as it is; only what no database holds goes."""
    return "".join(sign for sign in cell.replace("\r\n", "\n").replace("\r", "\n") if not unfit(sign)).strip(KEYS_TRIMMED)


def _text(value: Any) -> str:
    return "" if value is None else _clean(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
