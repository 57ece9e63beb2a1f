"""`make bench`: every figure with what it is held against, measured in the same run.

ONLY=name runs the rows of one file; BENCH_SCALE=small is for a look, its figures are not to be quoted."""

import asyncio
import importlib
import json
import os
import platform
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from tests.bench.measuring import Figure, Scale

ROOT = Path(__file__).parents[2]
ROWS = (
    "starting", "pages", "tickets", "lists", "clocks", "searching", "relevance", "indexing", "backup", "leak_search",
    "sign_in",
    "files", "pdf", "suggestions", "surges", "kpi", "pop", "million", "duplicates", "spike",
)  # fmt: skip
SCALES = {
    "small": Scale(things=3_000, requests=60, lives=8, documents=1_500, rounds=1, records=(3_000,)),
    "": Scale(things=100_000, requests=400, lives=60, documents=10_000, rounds=3, records=(200_000, 1_000_000)),
}


def main() -> int:
    wanted = [name for name in ROWS if name in sys.argv[1:]] or list(ROWS)
    if unknown := set(sys.argv[1:]) - set(ROWS):
        print(f"没有名为 {'、'.join(sorted(unknown))} 的一组；有：{' '.join(ROWS)}", file=sys.stderr)
        return 2
    scale, console = SCALES[os.environ.get("BENCH_SCALE", "")], Console(stderr=True)
    figures: list[Figure] = []
    home = tempfile.TemporaryDirectory(prefix="sunhall-bench-")  # a demo city that is copied, never a person's own hall
    os.environ["SUNHALL_HOME"] = home.name
    for name in wanted:
        console.print(f"[dim]{name} …[/dim]")
        rows = importlib.import_module(f"tests.bench.{name}")
        taken: list[Figure] = []
        try:
            asyncio.run(rows.measure(scale, taken))
        except pytest.skip.Exception as missing:  # a server's program; what was measured without it stands
            taken.append(Figure(f"{name}: the rest", "not measured", str(missing)))
        figures += taken
        for one in taken:
            console.print(f"[dim]  {one.name}: {one.here} {one.ratio}[/dim]")
    home.cleanup()
    show(figures)
    keep(figures, wanted)
    return 0


def show(figures: list[Figure]) -> None:
    table = Table("figure", "here", "held against", "ratio", "target", "", box=None, pad_edge=False)
    for one in figures:
        met = {True: "met", False: "[red]missed[/red]", None: ""}[one.met]
        table.add_row(one.name, one.here, one.against, one.ratio, one.target, met)
    Console(width=170).print(table)


def keep(figures: list[Figure], wanted: list[str]) -> None:
    folder = ROOT / "bench-results"
    folder.mkdir(exist_ok=True)
    at = datetime.now(UTC)
    told = {
        "at": at.isoformat(), "rows": wanted, "scale": os.environ.get("BENCH_SCALE", "full"),
        "python": platform.python_version(), "cores": os.cpu_count(), "load": os.getloadavg()[0],
        "figures": [one.told() for one in figures],
    }  # fmt: skip
    (folder / f"{at:%Y%m%dT%H%M%S}.json").write_text(json.dumps(told, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    sys.exit(main())
