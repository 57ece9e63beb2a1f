"""Recompute every published figure from the downloaded data file: `python3 recompute.py 2026-10.csv`.

Standard library only. The page is made by these same functions; whoever distrusts them reads on, it isn't long.
Every denominator in the file is a multiple of k (the month's smallest lot), cut down from the true one; its numerator
is cut in the same proportion. What is cut off stands in the rest, so a city's denominator lacks fewer than k."""

import csv
import sys
from collections.abc import Iterable, Mapping
from math import sqrt

RANKED_MIN = 30  # below, counts and the 95 % interval instead of a percentage
Z = 1.959964
REST = "rest"  # what was too little to be shown by itself, together
Row = Mapping[str, str]
Sums = dict[tuple[str, str, str], tuple[int, int]]  # figure's code, whose ("agency", "category", "all"), name


def sums(rows: Iterable[Row]) -> Sums:
    """An agency's and a category's sums are of the cells shown; the city's are of those and the rest."""
    found: Sums = {}
    for row in rows:
        counts = int(row["numerator"]), int(row["denominator"])
        scopes = [("all", "")]
        if row["row"] != REST:
            scopes += [("agency", row["agency"]), ("category", row["category"])]
        for scope, name in scopes:
            n, d = found.get((row["code"], scope, name), (0, 0))
            found[row["code"], scope, name] = n + counts[0], d + counts[1]
    return found


def said(numerator: int, denominator: int) -> str:
    """As the page says it."""
    if denominator >= RANKED_MIN:
        return f"{numerator / denominator * 100:.1f}%"
    low, high = wilson(numerator, denominator)
    return f"{numerator}/{denominator}（{low * 100:.1f}%—{high * 100:.1f}%）"


def wilson(hits: int, of: int) -> tuple[float, float]:
    share, z2 = hits / of, Z * Z
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = Z * sqrt(share * (1 - share) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def main(path: str) -> None:
    with open(path, encoding="utf-8-sig", newline="") as file:  # noqa: PTH123 (one file, as short as can be)
        rows = list(csv.DictReader(file))
    names = {row["code"]: row["name"] for row in rows}
    for (code, scope, name), (numerator, denominator) in sorted(sums(rows).items()):
        print(f"{code}\t{names[code]}\t{scope}\t{name}\t{said(numerator, denominator)}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("python3 recompute.py FILE.csv")
    main(sys.argv[1])
