"""What search is held against: BM25 over overlapping pairs of signs, as any engine gives it out of the box."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable

from search.analysis import folded, pairs, runs

K1, B = 1.2, 0.75


def tokens(text: str) -> list[str]:
    """Pairs over each run of letters and digits; script and width are folded as ours are, so as to be no easy match."""
    return [
        pair for run in runs(folded(text)) for part in run.parts for pair in ([part] if part.isascii() else pairs(part))
    ]


class Plain:
    """Texts by key, ranked for a question; ties by key."""

    def __init__(self, texts: Iterable[tuple[str, str]]) -> None:
        self.postings: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
        self.lengths: dict[str, int] = {}
        for key, text in texts:
            counted = Counter(tokens(text))
            self.lengths[key] = sum(counted.values())
            for token, times in counted.items():
                self.postings[token].append((key, times))
        self.usual = sum(self.lengths.values()) / max(len(self.lengths), 1) or 1.0

    def ranked(self, question: str, limit: int = 10) -> list[str]:
        scores = self.scores(question)
        return sorted(scores, key=lambda key: (-scores[key], key))[:limit]

    def scores(self, question: str) -> dict[str, float]:
        found: defaultdict[str, float] = defaultdict(float)
        for token in set(tokens(question)):
            having = self.postings.get(token, ())
            rarity = math.log(1 + (len(self.lengths) - len(having) + 0.5) / (len(having) + 0.5))
            for key, times in having:
                size = K1 * (1 - B + B * self.lengths[key] / self.usual)
                found[key] += rarity * times * (K1 + 1) / (times + size)
        return found
