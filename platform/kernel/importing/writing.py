"""Writing tables: what a spreadsheet would take for a formula stays text."""

import csv
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernel.importing.reading import FORMULA_SIGNS, UnreadableFile
from kernel.importing.running import Exporter

CELL_CHARS_MAX, SHEET_CHARS_MAX = 32_767, 31  # of a spreadsheet
SHEET_SIGNS = re.compile(r"[\[\]:*?/\\']")


async def write(exporter: Exporter, path: Path, *, progress: Callable[[int], None]) -> int:
    """How many rows; the file appears whole or not at all."""
    ending = path.suffix.lower().lstrip(".")
    if ending not in {"csv", "jsonl", "xlsx"}:
        raise UnreadableFile(file=path.name, problem="导出只写 CSV、JSONL 和 XLSX，请改文件名的后缀。")
    unfinished = path.with_name(path.name + ".part")
    writer = {"csv": _csv, "jsonl": _jsonl, "xlsx": _xlsx}[ending]
    try:
        unfinished.touch(mode=0o600)  # what is exported may be personal
        count = await writer(exporter, unfinished, progress)
        unfinished.replace(path)
    except (FileNotFoundError, PermissionError, IsADirectoryError) as wrong:
        raise UnreadableFile(file=str(path), problem="不能写到这个位置，请核对文件夹是否存在、是否有权限。") from wrong
    finally:
        unfinished.unlink(missing_ok=True)
    return count


async def _csv(exporter: Exporter, path: Path, progress: Callable[[int], None]) -> int:
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(exporter.columns)
        async for row in exporter.rows():
            writer.writerow([_harmless(cell) for cell in row])
            count += 1
            progress(1)
    return count


async def _jsonl(exporter: Exporter, path: Path, progress: Callable[[int], None]) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as file:
        async for row in exporter.rows():
            line = dict(zip(exporter.columns, row, strict=True))
            file.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
            count += 1
            progress(1)
    return count


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a workbook: whole numbers stay numbers, everything else is text."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | int]]


def book(path: Path, sheets: Sequence[Sheet]) -> None:
    """Several small tables in one file; their titles become what a spreadsheet takes for one, each once."""
    import openpyxl

    written, titles = openpyxl.Workbook(write_only=True), set[str]()
    for number, one in enumerate(sheets, 1):
        title = SHEET_SIGNS.sub(" ", one.title)[:SHEET_CHARS_MAX].strip() or f"{number}"
        titles.add(title := title if title not in titles else f"{title[: SHEET_CHARS_MAX - 4]} {number}")
        sheet = written.create_sheet(title)
        for row in (one.columns, *one.rows):
            sheet.append([cell if isinstance(cell, int) else _text(sheet, cell) for cell in row])
    written.save(path)


def _text(sheet: Any, value: object) -> Any:
    """A text that begins with “=” stays a text."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    text = ILLEGAL_CHARACTERS_RE.sub("", "" if value is None else str(value))
    cell = WriteOnlyCell(sheet, value=text[:CELL_CHARS_MAX])
    cell.data_type = "s"
    return cell


async def _xlsx(exporter: Exporter, path: Path, progress: Callable[[int], None]) -> int:
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(exporter.label)
    sheet.append(list(exporter.columns))
    count = 0
    async for row in exporter.rows():
        sheet.append([_text(sheet, value) for value in row])
        count += 1
        progress(1)
    book.save(path)
    return count


def _harmless(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.lstrip("'").startswith(FORMULA_SIGNS) else text
