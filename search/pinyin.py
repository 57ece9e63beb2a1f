"""How titles sound: toneless syllables, and their first letters. Bodies aren't read aloud."""

from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from itertools import islice
from typing import Any

from search import analysis

PAIR = "'"  # between the two syllables of one token
BEGIN = "^"  # before the first letter of a piece
SYLLABLES_MAX, SYLLABLE_SIGNS_MAX, WAYS_MAX = 24, 6, 4
PIECES_KEPT, WORDS_KEPT = 256, 30_000
VOCABULARIES_KEPT = 2  # the one in force, and one that is tried out
LETTERS_MIN, LETTERS_MAX = 2, 8
CONSONANTS = frozenset("bcdfghjklmnpqrstwxyz")
Readings = Mapping[str, tuple[str, ...]]


def sound_tokens(text: str, readings: Readings) -> Iterator[str]:
    """For each piece of Chinese its pairs of syllables, to be told apart by the caller."""
    for piece in pieces(text):
        yield " ".join(joined(syllables(piece, readings)))


def letter_tokens(text: str, readings: Readings) -> Iterator[str]:
    """For each piece the pairs of first letters, its begin marked."""
    for piece in pieces(text):
        letters = "".join(syllable[0] for syllable in syllables(piece, readings))
        yield " ".join(analysis.pairs(BEGIN + letters))


def pieces(text: str) -> list[str]:
    """Chinese of two signs and more, without a gap."""
    return [part for run in analysis.runs(text) for part in run.parts if len(part) > 1 and not part.isascii()]


def syllables(piece: str, readings: Readings) -> list[str]:
    """One for each sign; what isn't Chinese stands for itself. The library is loaded when it is first needed."""
    if not readings:
        return [*_usual(piece)]
    found, at = list[str](), 0
    longest = max(map(len, readings))
    plain_from = 0
    while at < len(piece):
        size = next((n for n in range(min(longest, len(piece) - at), 0, -1) if piece[at : at + n] in readings), 0)
        if size:
            found += [*_usual(piece[plain_from:at]), *readings[piece[at : at + size]]]
            plain_from = at = at + size
        else:
            at += 1
    return [*found, *_usual(piece[plain_from:])]


def joined(those: list[str]) -> list[str]:
    return [PAIR.join(those[n : n + 2]) for n in range(len(those) - 1)]


def ways(letters: str) -> list[tuple[str, ...]]:
    """How letters may be cut into syllables without a rest, the fewest first: xian is one, or two (xi'an)."""
    if not 2 <= len(letters) <= SYLLABLES_MAX * SYLLABLE_SIGNS_MAX or not _may_be_cut(letters):
        return []
    found = islice(_cut(letters), WAYS_MAX * WAYS_MAX)
    return sorted((way for way in found if 2 <= len(way) <= SYLLABLES_MAX), key=len)[:WAYS_MAX]


def spelled(letters: str, words: frozenset[str], readings: Readings) -> str:
    """The fewest of those words that read so one after the other. Empty: there are none."""
    sounds = _sounds(words, tuple(readings.items()))
    found: dict[int, tuple[str, ...]] = {0: ()}
    for end in range(1, min(len(letters), SYLLABLES_MAX * SYLLABLE_SIGNS_MAX) + 1):
        cuts = [(*found[at], sounds[letters[at:end]]) for at in found if letters[at:end] in sounds]
        if cuts:
            found[end] = min(cuts, key=len)
    return "".join(found.get(len(letters), ()))


def are_initials(letters: str) -> bool:
    return LETTERS_MIN <= len(letters) <= LETTERS_MAX and CONSONANTS.issuperset(letters)


def _cut(letters: str) -> Iterator[tuple[str, ...]]:
    if not letters:
        yield ()
        return
    for size in range(min(SYLLABLE_SIGNS_MAX, len(letters)), 0, -1):
        if letters[:size] in _known() and _may_be_cut(letters[size:]):
            yield from ((letters[:size], *rest) for rest in _cut(letters[size:]))


def _may_be_cut(letters: str) -> bool:
    """Linear, so that no text of a person makes the search for all ways long."""
    reached = {0}
    for at in range(len(letters)):
        if at in reached:
            sizes = range(1, min(SYLLABLE_SIGNS_MAX, len(letters) - at) + 1)
            reached |= {at + size for size in sizes if letters[at : at + size] in _known()}
    return len(letters) in reached


@cache
def _known() -> frozenset[str]:
    return frozenset((files("search") / "syllables.txt").read_text("ascii").split())


@lru_cache(VOCABULARIES_KEPT)  # a vocabulary's thousands of words are read aloud once
def _sounds(words: frozenset[str], readings: tuple[tuple[str, tuple[str, ...]], ...]) -> Mapping[str, str]:
    known, sounds = dict(readings), dict[str, str]()
    for word in sorted(words):
        if not word.isascii():
            sounds.setdefault("".join(syllables(word, known)), word)
    return sounds


@lru_cache(PIECES_KEPT)  # a title's sounds and letters are asked for one after the other
def _usual(piece: str) -> tuple[str, ...]:
    if not piece:
        return ()
    from pypinyin.core import Pinyin

    return tuple(syllable for word in Pinyin().seg(piece) for syllable in _read(word))


@lru_cache(WORDS_KEPT)  # by words the library decides between several readings, and the same words come again and again
def _read(word: str) -> tuple[str, ...]:
    from pypinyin import lazy_pinyin

    one_for_each_sign: Any = list
    return tuple(lazy_pinyin(word, errors=one_for_each_sign))
