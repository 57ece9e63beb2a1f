"""k-anonymity: no cell of fewer than k matters is shown, and none can be had by taking sums from each other."""

from collections.abc import Mapping

K_MIN = 10
Cells = Mapping[tuple[str, str], tuple[int, int]]  # agency, category → numerator, denominator


def shown(cells: Cells) -> tuple[dict[tuple[str, str], tuple[int, int]], tuple[int, int]]:
    """(the cells that are shown, the rest together). Nothing is published that a hidden cell is a part of but the rest,
    and the rest is nothing or k and more: the smallest cells shown join it until it is."""
    k = K_MIN
    kept = {cell: counts for cell, counts in sorted(cells.items()) if counts[1] >= k}
    n = sum(counts[0] for cell, counts in cells.items() if cell not in kept)
    d = sum(counts[1] for cell, counts in cells.items() if cell not in kept)
    while 0 < d < k and kept:
        smallest = min(kept, key=lambda cell: (kept[cell][1], cell))
        more = kept.pop(smallest)
        n, d = n + more[0], d + more[1]
    return kept, (n, d) if d >= k else (0, 0)
