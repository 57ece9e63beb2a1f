"""How alike two texts are, by their pairs of neighbouring signs: no dictionary, a wrong sign costs two pairs."""

import math
from collections import Counter
from collections.abc import Iterator


def couples(signs: str) -> Iterator[str]:
    """Each two signs that stand side by side."""
    return (signs[n : n + 2] for n in range(len(signs) - 1))


def pieces(text: str) -> Counter[str]:
    """Its pairs of signs; spaces and marks say nothing."""
    return Counter(couples("".join(sign for sign in text if sign.isalnum())))


def cosine(one: Counter[str], other: Counter[str]) -> float:
    """0 to 1; 0 where one of them says nothing."""
    both = sum(many * other[piece] for piece, many in one.items() if piece in other)
    size = math.sqrt(sum(n * n for n in one.values()) * sum(n * n for n in other.values()))
    return both / size if size else 0.0
