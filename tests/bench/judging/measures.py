"""How good an order is, and between which bounds that is known."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

TOP, GOOD = 10, 2
RESAMPLES, SEED, BOUNDS = 10_000, 20_260_101, (2.5, 97.5)


def ndcg(keys: Sequence[str], grades: Mapping[str, int]) -> float | None:
    """Of the first ten, 0 to 1; what nobody judged gains nothing (it is counted apart). None: nothing was relevant."""
    ideal = _gain(sorted(grades.values(), reverse=True)[:TOP])
    return _gain([grades.get(key, 0) for key in keys[:TOP]]) / ideal if ideal else None


def _gain(grades: Sequence[int]) -> float:
    return math.fsum((2.0**grade - 1) / math.log2(rank + 1) for rank, grade in enumerate(grades, 1))


def reciprocal_rank(keys: Sequence[str], wanted: set[str]) -> float:
    return next((1 / rank for rank, key in enumerate(keys[:TOP], 1) if key in wanted), 0.0)


def right_at_first(keys: Sequence[str], grades: Mapping[str, int]) -> float:
    return float(bool(keys) and grades.get(keys[0], 0) >= GOOD)


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def interval(values: Sequence[float]) -> tuple[float, float]:
    """95 % of the means of so many samples drawn from these values with putting back."""
    if not values:
        return 0.0, 0.0
    drawn = np.random.default_rng(SEED).integers(0, len(values), (RESAMPLES, len(values)))
    low, high = np.percentile(np.array(values)[drawn].mean(axis=1), BOUNDS)
    return float(low), float(high)
