"""What of a month is shown: bases in whole lots of k, so that no sum or difference of what is shown is smaller.

Figures of one unit stand side by side and count nearly the same matters: eleven of one, ten of the next, and one matter
is known to be left out. Hiding the smaller one would hide most figures of most units. Every base is cut down to a
multiple of k instead, and the city's with it; whatever is added to or taken from each other is a multiple of k again.
What is cut off joins the rest, so the city's own base lacks fewer than k."""

from collections.abc import Mapping
from dataclasses import dataclass, field

K_MIN = 10
Name = tuple[str, str]  # agency and category; no agency: nobody's cell, only the city's


@dataclass(slots=True)
class Cell:
    """`of` rows, of them `hit` in the numerator, about so many matters (工单): one matter may have several rows."""

    hit: int = 0
    of: int = 0
    matters: set[int] = field(default_factory=set)


def shown(cells: Mapping[Name, Cell]) -> tuple[dict[Name, tuple[int, int]], tuple[int, int]]:
    """(numerator and base of the cells that are shown, those of the rest together). A cell of fewer than k matters
    isn't shown."""
    kept, few, cut = dict[Name, tuple[int, int]](), set[int](), 0
    hits, of = sum(one.hit for one in cells.values()), sum(one.of for one in cells.values())
    for name, one in sorted(cells.items()):
        if len(one.matters) < K_MIN or not name[0]:
            few |= one.matters
            continue
        kept[name] = in_lots(one.hit, one.of)
        cut += one.of - kept[name][1]
    rest_hits, rest = hits - sum(n for n, _ in kept.values()), of - sum(d for _, d in kept.values())
    alone = few and len(few) + cut < K_MIN  # too few others to stand among: their rows may be many, they are not
    return kept, (0, 0) if alone else in_lots(rest_hits, rest)


def in_lots(hits: int, of: int) -> tuple[int, int]:
    """The same share of the largest multiple of k that isn't more."""
    base = of // K_MIN * K_MIN
    return ((2 * hits * base + of) // (2 * of), base) if base else (0, 0)
