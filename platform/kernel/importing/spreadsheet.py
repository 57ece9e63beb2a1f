"""`python -m kernel.importing.spreadsheet FILE`: rows of the first sheet as JSON lines, in a process with limits."""

import json
import resource
import sys
import zipfile
from datetime import date, datetime
from typing import Any

ADDRESS_BYTES_MAX, CPU_S = 512 * 2**20, 20
UNPACKED_MAX, ENTRIES_MAX, ROWS_MAX = 50 * 2**20, 1_000, 50_000


def main(path: str) -> int:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_BYTES_MAX, ADDRESS_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if problem := _bomb(path):
        print(problem, file=sys.stderr)
        return 1
    import openpyxl

    sheet = openpyxl.load_workbook(path, read_only=True, data_only=True).worksheets[0]
    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        if number > ROWS_MAX:
            print(f"超过 {ROWS_MAX} 行，请拆成几份或另存为 CSV。", file=sys.stderr)
            return 1
        print(json.dumps([_text(cell) for cell in row], ensure_ascii=False))
    return 0


def _bomb(path: str) -> str:
    """Look before unpacking: the directory says how large everything is."""
    try:
        with zipfile.ZipFile(path) as packed:
            entries = packed.infolist()
    except (zipfile.BadZipFile, OSError):
        return "它不是完好的 XLSX 文件，请重新导出。"
    if len(entries) > ENTRIES_MAX or sum(entry.file_size for entry in entries) > UNPACKED_MAX:
        return f"解开后超过 {UNPACKED_MAX // 2**20} MiB，请拆小或另存为 CSV。"
    return ""


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
