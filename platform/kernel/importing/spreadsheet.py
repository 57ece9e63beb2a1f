"""`python -m kernel.importing.spreadsheet FILE`: rows of the first sheet as JSON lines, in a process with limits."""

import json
import resource
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

ADDRESS_BYTES_MAX, CPU_S = 512 * 2**20, 20
UNPACKED_MAX, ENTRIES_MAX, ROWS_MAX = 50 * 2**20, 1_000, 50_000
CELLS_MAX, COLUMNS_MAX = 500_000, 200  # more cells than this hold a processor for longer than a person waits
OUTPUT_CHARS_MAX = 100 * 2**20  # one shared text may stand in every cell
BLOCK = 2**20
SENTENCE = 3  # exit code: the last line of standard error is for the person
OLE = b"\xd0\xcf\x11\xe0"
SAVE_AS_CSV = "请拆小或另存为 CSV。"


class TooMuch(Exception):  # noqa: N818 (the sentence that the parent passes on)
    """What is wrong with the file, and what to do."""


def main(path: Path) -> int:
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    sys.stderr.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_BYTES_MAX, ADDRESS_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        written = 0
        for row in _rows(path, formulas=_looked_through(path)):
            line = json.dumps(row, ensure_ascii=False)
            written += len(line)
            if written > OUTPUT_CHARS_MAX:
                raise TooMuch(f"文字超过 {OUTPUT_CHARS_MAX // 2**20} MiB，{SAVE_AS_CSV}")  # noqa: TRY301
            sys.stdout.write(line + "\n")
    except TooMuch as wrong:
        print(wrong, file=sys.stderr)
        return SENTENCE
    return 0


def _looked_through(path: Path) -> bool:
    """Before any XML is parsed: the directory says how large everything is, a count of tags how much work it is.

    Gives whether there are formulas."""
    with path.open("rb") as file:
        if file.read(4) == OLE:
            raise TooMuch("它加了密码，或是旧版的 .xls，请另存为没有密码的 .xlsx。")
    with zipfile.ZipFile(path) as packed:
        entries = packed.infolist()
        if len(entries) > ENTRIES_MAX or sum(entry.file_size for entry in entries) > UNPACKED_MAX:
            raise TooMuch(f"解开后超过 {UNPACKED_MAX // 2**20} MiB 或 {ENTRIES_MAX} 个部分，{SAVE_AS_CSV}")
        rows = cells = formulas = 0
        for block in _sheet_blocks(packed, entries):
            rows += block.count(b"<row")
            cells += block.count(b"<c ") + block.count(b"<c>")
            formulas += block.count(b"<f>") + block.count(b"<f ")
            if rows > ROWS_MAX or cells > CELLS_MAX:
                raise TooMuch(f"超过 {ROWS_MAX} 行或 {CELLS_MAX} 格，{SAVE_AS_CSV}")
    return formulas > 0


def _sheet_blocks(packed: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> Iterator[bytes]:
    for entry in entries:
        if entry.filename.startswith("xl/worksheets/") and entry.filename.endswith(".xml"):
            with packed.open(entry) as part:
                while block := part.read(BLOCK):
                    yield block


def _rows(path: Path, *, formulas: bool) -> Iterator[list[str]]:
    """The values as the sheet shows them; a formula that was never computed stands as its text. Macros never run."""
    values = _sheet(path, values=True)
    texts = _sheet(path, values=False) if formulas else None
    for number, row in enumerate(values, start=1):
        if number > ROWS_MAX:
            raise TooMuch(f"超过 {ROWS_MAX} 行，{SAVE_AS_CSV}")
        written = next(texts, ()) if texts else ()
        yield [_text(cell) or _text(written[place] if place < len(written) else None) for place, cell in enumerate(row)]


def _sheet(path: Path, *, values: bool) -> Iterator[tuple[Any, ...]]:
    import openpyxl

    sheet = openpyxl.load_workbook(path, read_only=True, data_only=values).worksheets[0]
    sheet.reset_dimensions()  # programs write wrong ones, and columns would be lost
    yield from sheet.iter_rows(max_col=COLUMNS_MAX, values_only=True)


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
    sys.exit(main(Path(sys.argv[1])))
