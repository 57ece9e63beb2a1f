"""What a policy says of one step."""

import re
from dataclasses import dataclass

SPAN = re.compile(r"([+-]?\d+) (min|h|wh|wd|d|%)")
Span = tuple[int, str]  # amount and unit: min, h natural; wh working hours; wd working days; d days


@dataclass(frozen=True, slots=True)
class Limit:
    """`budget`: spans one after the other (the caller's total is a chain of them); `warn` when yellow begins;
    `fix_min`: what is left at least after a return; `ladder`: when it rings again after it was due (`+1 wd`)."""

    budget: tuple[Span, ...]
    policy: str
    warn: str = ""
    fix_min: Span | None = None
    ladder: tuple[str, ...] = ()


def parse_span(text: str) -> Span:
    """`5 wd` → (5, "wd"). Raises ValueError."""
    found = SPAN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"“{text}”不是时限，请写成“5 wd”这样的数与单位")
    return int(found[1]), found[2]
