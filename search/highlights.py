"""What of an answer matches, as segments (text, hit); the template escapes both, so no markup can come from a text."""

from search import analysis

SNIPPET_SIGNS = 96
BEFORE = 18
Segment = tuple[str, bool]


def segments(text: str, terms: tuple[str, ...]) -> tuple[Segment, ...]:
    """The whole text, cut where hits begin and end."""
    cut: list[Segment] = []
    at = 0
    for begin, end in _hits(text, terms):
        if begin > at:
            cut.append((text[at:begin], False))
        cut.append((text[begin:end], True))
        at = end
    if at < len(text):
        cut.append((text[at:], False))
    return tuple(cut)


def snippet(text: str, terms: tuple[str, ...]) -> tuple[Segment, ...]:
    """The piece with the first long hit, on one line."""
    line = " ".join(text.split())
    hits = _hits(line, terms)
    first = max(hits, key=lambda hit: (hit[1] - hit[0], -hit[0]), default=(0, 0))[0]
    begin = max(0, first - BEFORE) if len(line) > SNIPPET_SIGNS else 0
    piece = ("…" if begin else "") + line[begin : begin + SNIPPET_SIGNS]
    return segments(piece + ("…" if begin + SNIPPET_SIGNS < len(line) else ""), terms)


def plain(cut: tuple[Segment, ...]) -> str:
    return "".join(text for text, _ in cut)


def _hits(text: str, terms: tuple[str, ...]) -> list[tuple[int, int]]:
    """Places in the original, found in the folded text; neighbours and overlaps are one."""
    plain_text, places = analysis.folded_with_places(text)
    found: list[tuple[int, int]] = []
    for term in terms:
        at = plain_text.find(term)
        while at >= 0:
            found.append((places[at], places[at + len(term) - 1] + 1))
            at = plain_text.find(term, at + 1)
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(found):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged
