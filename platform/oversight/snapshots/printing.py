"""One frozen edition as page, workbook and paper: the same numbers, for nothing is counted again."""

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from kernel.citytime import CITY
from kernel.importing.writing import Sheet, book
from kernel.notices import rendering
from kernel.settings import settings
from kernel.ui import figures
from kernel.ui.figures import Figure, Point
from oversight.snapshots import queries
from oversight.snapshots.models import Report, Snapshot

BAR = 1_000  # parts of the longest bar


def charts(body: dict[str, Any]) -> dict[str, Figure]:
    """Code of a table → its drawing, where it has one; the table stands beside it."""
    return {
        table["code"]: figures.across(table["title"], [*map(_point, table["rows"])], unit=table["unit"])
        for table in body["tables"]
        if table.get("chart") and table["rows"]
    }


def _point(row: dict[str, Any]) -> Point:
    return Point(str(row["cells"][0]), int(row["cells"][1]), url=row.get("url", ""))


def workbook(path: Path, report: Report, snapshot: Snapshot) -> None:
    """A sheet for each table, and one that says which edition this is and how to prove it."""
    body = queries.said(snapshot)
    about = [("报表", str(body["title"])), *_facts(report, snapshot)]
    about += [(str(one["title"]), str(one["note"])) for one in body["tables"] if one["note"]]
    about += [(one["name"], f"{one['base']}（第 {one['version']} 版）") for one in body["definitions"]]
    sheets = [Sheet("说明", ("项目", "内容"), about)]
    sheets += [Sheet(one["title"], one["columns"], [row["cells"] for row in one["rows"]]) for one in body["tables"]]
    book(path, sheets)


async def pdf(report: Report, snapshot: Snapshot) -> bytes:
    """Raises NoFont."""
    body, local = queries.said(snapshot), snapshot.at.astimezone(CITY)
    told = {
        "title": body["title"], "org": settings().hall_name, "day": [local.year, local.month, local.day],
        "facts": [[name, value] for name, value in _facts(report, snapshot)],
        "tables": [_table(one) for one in body["tables"]],
        "definitions": [[one["name"], f"{one['base']}（第 {one['version']} 版）"] for one in body["definitions"]],
    }  # fmt: skip
    return await rendering.typeset(_source(), told)


def _facts(report: Report, snapshot: Snapshot) -> list[tuple[str, str]]:
    state = report.state.label if snapshot.edition == report.edition else "已有更正的新版"
    return [
        ("编号", f"{report.no} 第 {snapshot.edition} 版（{state}）"),
        ("期间", f"{report.since} 至 {report.until}"),
        ("计数时间", f"{snapshot.at.astimezone(CITY):%Y-%m-%d %H:%M}"),
        ("指纹（SHA-256）", snapshot.sha256),
        ("签名（HMAC-SHA-256）", snapshot.signature),
    ]


def _table(table: dict[str, Any]) -> dict[str, Any]:
    rows = [[str(cell) for cell in row["cells"]] for row in table["rows"]]
    bars: list[int] = []
    if table.get("chart"):
        values = [int(row["cells"][1]) for row in table["rows"]]
        longest = max([*values, 1])
        bars = [value * BAR // longest for value in values]
    return {"title": table["title"], "note": table["note"], "columns": table["columns"], "rows": rows, "bars": bars}


@cache
def _source() -> bytes:
    return (files("oversight.snapshots") / "report.typ").read_bytes()
