"""Writing tables: what a spreadsheet would take for a formula stays text."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

from kernel.importing.reading import UnreadableFile
from kernel.importing.running import Exporter

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


async def write(exporter: Exporter, path: Path, *, progress: Callable[[int], None]) -> int:
    """How many rows; the file appears whole or not at all."""
    ending = path.suffix.lower().lstrip(".")
    if ending not in {"csv", "jsonl", "xlsx"}:
        raise UnreadableFile(file=path.name, problem="导出只写 CSV、JSONL 和 XLSX，请改文件名的后缀。")
    unfinished = path.with_name(path.name + ".part")
    writer = {"csv": _csv, "jsonl": _jsonl, "xlsx": _xlsx}[ending]
    count = await writer(exporter, unfinished, progress)
    unfinished.replace(path)
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

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(exporter.label)
    sheet.append(list(exporter.columns))
    count = 0
    async for row in exporter.rows():
        cells = []
        for value in row:
            cell = WriteOnlyCell(sheet, value="" if value is None else str(value))
            cell.data_type = "s"  # a text that begins with “=” stays a text
            cells.append(cell)
        sheet.append(cells)
        count += 1
        progress(1)
    book.save(path)
    return count


def _harmless(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(DANGEROUS) else text
