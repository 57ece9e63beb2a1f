"""拼音首字母: `tqgjj` finds 提取住房公积金."""

from collections.abc import Iterable

INITIALS_MAX = 300


def initials(*texts: str) -> str:
    """The first letters of each text, one blank between texts; the library is loaded when an article is published."""
    from pypinyin import Style, lazy_pinyin

    parts = (part for text in texts for part in text.split())
    return " ".join("".join(_signs(lazy_pinyin(part, style=Style.FIRST_LETTER))) for part in parts)[:INITIALS_MAX]


def within(asked: str, letters: str) -> int:
    """How well the letters fit: 0 as they are, 1 with signs between them, -1 not at all."""
    if asked in letters:
        return 0
    for part in letters.split():
        rest = iter(part)
        if all(sign in rest for sign in asked):
            return 1
    return -1


def _signs(parts: Iterable[str]) -> Iterable[str]:
    return (sign for part in parts for sign in part.lower() if sign.isalnum())
