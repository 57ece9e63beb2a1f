"""Writing tables: what a spreadsheet would take for a formula stays text."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

from kernel.importing.reading import FORMULA_SIGNS, UnreadableFile
from kernel.importing.running import Exporter

CELL_CHARS_MAX = 32_767  # of a spreadsheet


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


async def _xlsx(exporter: Exporter, path: Path, progress: Callable[[int], None]) -> int:
    import openpyxl
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(exporter.label)
    sheet.append(list(exporter.columns))
    count = 0
    async for row in exporter.rows():
        cells = []
        for value in row:
            text = ILLEGAL_CHARACTERS_RE.sub("", "" if value is None else str(value))
            cell = WriteOnlyCell(sheet, value=text[:CELL_CHARS_MAX])
            cell.data_type = "s"  # a text that begins with “=” stays a text
            cells.append(cell)
        sheet.append(cells)
        count += 1
        progress(1)
    book.save(path)
    return count


def _harmless(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.lstrip("'").startswith(FORMULA_SIGNS) else text
