"""Text for engines: one analysis in our own code, so that every engine sees the same tokens.

A title is cut into overlapping pairs of signs over each whole run (小区13号 → 小区 区1 13 3号): whatever literal piece
of it someone remembers is found. A body is cut into pairs of Chinese signs and whole words of letters and digits: lean.
All folding is sign by sign, without context, so a piece folds to the same piece of the whole.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache

BODY_SIGNS_MAX, TITLES_KEPT = 20_000, 64
OPENING, CLOSING = "([{〔【〖「『《<", ")]}〕】〗」』》>"  # after NFKC, which has folded the full-width forms
SUFFIX = 6
IDENTIFIER_MIN, IDENTIFIER_MAX = 4, 64  # a district's item codes have up to 50
RUN = re.compile(r"[^\W_]+")
PART = re.compile(r"[a-z0-9]+|[^\W_a-z0-9]+")
MASKED = re.compile(r"[0-9A-Za-z]*\*{3,}[0-9A-Za-z]*")
NUMBERED = re.compile(r"[^\s()]{0,12}\([0-9]{4}\)[第]?[0-9]{1,6}号?")
LETTERS = re.compile(r"[a-z0-9][a-z0-9().:/-]{5,63}")  # of a number between Chinese signs, at least a suffix of it


@dataclass(frozen=True, slots=True)
class Run:
    """Letters and digits without a gap, cut where Chinese meets other scripts."""

    parts: tuple[str, ...]


def without_masked(masked: str) -> str:
    """Of a masked number not even the digits that are shown are searched: 138****5678."""
    return MASKED.sub(" ", masked)


def folded(text: str) -> str:
    """Compatibility forms, case, traditional signs: what shall not matter."""
    return "".join(map(_fold, text))


def folded_with_places(text: str) -> tuple[str, list[int]]:
    """And for each folded sign the place of its original: highlights are cut from the original."""
    signs, places = [], []
    for place, sign in enumerate(text):
        fold = _fold(sign)
        signs.append(fold)
        places += [place] * len(fold)
    return "".join(signs), places


@lru_cache(TITLES_KEPT)  # of one title tokens, signs, sounds and letters are asked for one after the other
def runs(text: str) -> tuple[Run, ...]:
    return tuple(Run(tuple(PART.findall(run))) for run in RUN.findall(folded(text)))


def title_tokens(text: str) -> list[str]:
    """Every pair of neighbours; a sign that stands alone stands for itself."""
    return [pair for run in runs(text) for pair in pairs("".join(run.parts))]


def title_signs(text: str) -> list[str]:
    """Single signs, for questions of one."""
    return sorted({sign for run in runs(text) for part in run.parts for sign in part})


def body_tokens(text: str) -> list[str]:
    return [token for part in PART.findall(folded(text[:BODY_SIGNS_MAX])) for token in words(part)]


def words(part: str) -> list[str]:
    return [part] if part.isascii() else pairs(part)


def pairs(signs: str) -> list[str]:
    return [signs[n : n + 2] for n in range(len(signs) - 1)] or [signs]


def identifier(text: str) -> str:
    """A number as it is compared: brackets of any shape are one, hyphens, dots and spaces are none."""
    return "".join(sign for sign in _round(folded(text)) if sign.isalnum() or sign in "()")


def identifiers(number: str) -> tuple[str, ...]:
    """All forms under which one number is found: whole, without brackets, from its bracket on, its last six signs."""
    whole = identifier(number)
    bare = whole.replace("(", "").replace(")", "")
    forms = [whole, bare, whole[whole.find("(") :] if "(" in whole else ""]
    if len(bare) > SUFFIX and bare[-SUFFIX:].isascii():
        forms.append(bare[-SUFFIX:])
    return tuple(dict.fromkeys(form for form in forms if form))


def asked_identifiers(query: str) -> tuple[str, ...]:
    """What in a query might be a number: all of it, each word, each document number (〔2026〕18号) and each piece of
    letters and digits (编码1144…) inside."""
    text = _round(folded(query))
    found = [text, *text.split(), *NUMBERED.findall(text), *LETTERS.findall(text)]
    forms = dict.fromkeys(map(identifier, found))
    return tuple(f for f in forms if IDENTIFIER_MIN <= len(f) <= IDENTIFIER_MAX and any(map(str.isdigit, f)))[:8]


def _round(text: str) -> str:
    return text.translate(_brackets())


@cache
def _brackets() -> dict[int, str]:
    return {ord(sign): "(" for sign in OPENING} | {ord(sign): ")" for sign in CLOSING}


@cache
def _fold(sign: str) -> str:
    plain = unicodedata.normalize("NFKC", sign).lower()
    return plain.translate(_simplified())


@cache
def _simplified() -> dict[int, str]:
    """Traditional to simplified, sign by sign; the converter itself is let go after this one question."""
    from opencc import OpenCC

    signs = [chr(code) for block in ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00)) for code in range(*block)]
    converted = OpenCC("t2s").convert("\n".join(signs)).split("\n")
    assert len(converted) == len(signs)
    return {ord(a): b for a, b in zip(signs, converted, strict=True) if a != b}
