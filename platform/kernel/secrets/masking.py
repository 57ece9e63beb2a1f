"""Masking (脱敏): names, telephone and identity numbers, wherever they stand in a text; one place for every channel."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

STAR = "*"
JOIN = r"[ \-\u00a0\u3000\u2010-\u2015\u2212\uff0d_.·]{0,2}"  # what people put between groups of digits
DIGIT = r"[0-9\uff10-\uff19]"
RUN = re.compile(rf"{DIGIT}(?:{JOIN}{DIGIT}){{5,}}(?:{JOIN}[XxＸｘ])?")
PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z][·\s]?[A-HJ-NP-Z0-9]{5,6}(?![A-Z0-9])"
)
MOBILE = re.compile(r"1[3-9]\d{9}")
FIXED = re.compile(r"0\d{2,3}[2-9]\d{6,7}")
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
OLD_ID_YEARS = range(1, 100)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something personal in a text: `kind` is id, mobile, phone, card or plate; [start, end) as in the text."""

    kind: str
    start: int
    end: int


def mask_name(name: str) -> str:
    """陈明 → 陈*，欧阳小明 → 欧**明: the first sign stays, of three and more the last one, too."""
    name = name.strip()
    if len(name) <= 1:
        return STAR if name else ""
    if len(name) == 2:
        return name[0] + STAR
    return name[0] + STAR * (len(name) - 2) + name[-1]


def mask_phone(phone: str) -> str:
    """13900002206 → 139****2206; a fixed line keeps its last two digits."""
    number, join, extension = phone.partition("转")
    if MOBILE.fullmatch(number):
        return f"{number[:3]}{STAR * 4}{number[-4:]}{join}{STAR * len(extension)}"
    kept = min(2, len(number) // 3)
    return STAR * (len(number) - kept) + number[len(number) - kept :] + join + STAR * len(extension)


def mask_id(number: str) -> str:
    """The first six and the last four of an identity number stay."""
    return number[:6] + STAR * max(len(number) - 10, 0) + number[-4:] if len(number) > 10 else STAR * len(number)


def mask_text(text: str) -> str:
    """Every digit of what `findings` names becomes a star; nothing else changes, the length stays."""
    signs = list(text)
    for finding in findings(text):
        for n in range(finding.start, finding.end):
            if signs[n].isdigit() or signs[n] in "XxＸｘ" or (finding.kind == "plate" and signs[n].isalnum()):
                signs[n] = STAR
    return "".join(signs)


def findings(text: str) -> list[Finding]:
    """What may name a person, in the order of the text, without overlaps."""
    found: list[Finding] = []
    for run in RUN.finditer(text):
        found += _in_run(text, run.start(), run.end())
    found += [Finding("plate", plate.start(), plate.end()) for plate in PLATE.finditer(text)]
    return sorted(found, key=lambda finding: finding.start)


def _in_run(text: str, start: int, end: int) -> Iterator[Finding]:
    """Numbers inside one run of digits; a run may hold several, with or without anything between them."""
    places = [n for n in range(start, end) if text[n].isdigit() or text[n] in "XxＸｘ"]
    digits = "".join(str(int(text[n])) if text[n].isdigit() else "X" for n in places)
    at = 0
    while at < len(digits):
        kind, length = _longest(digits, at)
        if kind:
            yield Finding(kind, places[at], places[at + length - 1] + 1)
        at += length


def _longest(digits: str, at: int) -> tuple[str, int]:
    """What begins at this digit: identity numbers first, then mobiles, cards, fixed lines; none: one digit on."""
    tries: tuple[tuple[str, int, Callable[[str], bool]], ...] = (
        ("id", 18, is_id), ("mobile", 11, lambda part: bool(MOBILE.fullmatch(part))),
    )  # fmt: skip
    for kind, length, fits in tries:
        if fits(digits[at : at + length]):
            return kind, length
    if at == 0:
        for length in (19, 16):
            if len(digits) == length and _luhn(digits):
                return "card", length
        if len(digits) == 15 and is_old_id(digits):
            return "id", 15
        if FIXED.fullmatch(digits):
            return "phone", len(digits)
    return "", 1


def is_id(number: str) -> bool:
    """Eighteen signs with a date of birth that exists; the check digit may be a slip of the pen."""
    return len(number) == 18 and number[:17].isdigit() and _date(number[6:10], number[10:12], number[12:14])


def is_old_id(number: str) -> bool:
    return len(number) == 15 and number[0] in "12345678" and _date(f"19{number[6:8]}", number[8:10], number[10:12])


def id_checks(number: str) -> bool:
    """GB 11643: the last sign of an identity number fits the seventeen before it."""
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, number, strict=False))
    return "10X98765432"[total % 11] == number[17].upper()


def _date(year: str, month: str, day: str) -> bool:
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return False
    return 1900 <= int(year) <= 2100


def _luhn(digits: str) -> bool:
    if not digits.isdigit():
        return False
    doubled = (int(d) * (2 if n % 2 else 1) for n, d in enumerate(reversed(digits)))
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0
