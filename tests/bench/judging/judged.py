"""What was judged: queries, what was found for them, and how well it answers, read by us and frozen.

`judged.csv`: query, class, key, grade, judge, date. Grades: 3 is what was asked for; 2 answers it in part, or a sibling
of what was asked for; 1 is about the same matter, but answers it not; 0 is about something else; x must never be shown
to somebody who hasn't signed in. `first` and `again` are the same judge on two readings, `settled` what was decided
where the two were two grades apart. These are judgements of ours and not of people who use a hall: they are to be
replaced by clerks' judgements."""

import csv
import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("judged.csv")
CLASSES = {
    "service": "services in everyday words", "synonym": "abbreviations, other names", "identifier": "identifiers",
    "hotline": "hotline", "policy": "policy", "script": "traditional script, pinyin", "typo": "slips, same sound",
    "adversarial": "must not appear",
}  # fmt: skip
FORBIDDEN, GRADE_MAX, HELD_OUT_IN = "x", 3, 4


@dataclass(frozen=True, slots=True)
class Query:
    """`grades` by key; `forbidden` may not be among the answers at all."""

    text: str
    kind: str
    grades: dict[str, int] = field(default_factory=dict)
    forbidden: set[str] = field(default_factory=set)

    def within(self, there: Collection[str]) -> "Query":
        """With what exists."""
        return replace(self, grades={key: grade for key, grade in self.grades.items() if key in there})

    @property
    def held_out(self) -> bool:
        """Every fourth: nobody tunes by these."""
        return hashlib.sha256(self.text.encode()).digest()[0] % HELD_OUT_IN == 0


@dataclass(frozen=True, slots=True)
class Row:
    query: str
    kind: str
    key: str
    grade: str
    judge: str


@cache
def rows() -> tuple[Row, ...]:
    with FILE.open(encoding="utf-8", newline="") as file:
        return tuple(Row(r["query"], r["class"], r["key"], r["grade"], r["judge"]) for r in csv.DictReader(file))


def queries(*, of_the_demo: bool = False) -> list[Query]:
    """`of_the_demo`: only what can be asked of the demo city alone."""
    found: dict[str, Query] = {}
    for row in sorted(rows(), key=lambda row: ("first", "again", "settled").index(row.judge)):
        query = found.setdefault(row.query, Query(row.query, row.kind))
        if row.grade == FORBIDDEN:
            query.forbidden.add(row.key)
        elif row.judge != "again":
            query.grades[row.key] = int(row.grade)
    asked = [found[text] for text in dict.fromkeys(row.query for row in rows())]
    return [query for query in asked if query.kind in ("hotline", "adversarial")] if of_the_demo else asked


def agreement() -> tuple[float, int]:
    """Cohen's kappa of the two readings with quadratic weights, and of how many pairs."""
    told = {(row.query, row.key, row.judge): int(row.grade) for row in rows() if row.grade != FORBIDDEN}
    pairs = [(told[q, k, "first"], grade) for (q, k, judge), grade in told.items() if judge == "again"]
    return kappa(pairs), len(pairs)


def kappa(pairs: Sequence[tuple[int, int]]) -> float:
    """1 is agreement, 0 what chance would give; a difference of two grades counts four times one of one."""
    one, other = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    seen = sum(apart(a, b) for a, b in pairs) / len(pairs)
    chance = sum(apart(a, b) * one[a] * other[b] for a in one for b in other) / len(pairs) ** 2
    return 1 - seen / chance if chance else 1.0


def apart(a: int, b: int) -> float:
    return ((a - b) / GRADE_MAX) ** 2


def unjudged(query: Query, keys: Iterable[str]) -> list[str]:
    return [key for key in keys if key not in query.grades and key not in query.forbidden]
