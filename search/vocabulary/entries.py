"""One line is one entry; a list of lines, the shipped ones or a hall's own, is a vocabulary."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from kernel.errors import FormRejected
from search import analysis

LINES_MAX, SIGNS_MAX, WORD_MAX = 2_000, 60_000, 20
USUAL_PERCENT = 80
SYNONYM = re.compile(r"同义 (\S+) ([=>]) (\S+)(?: (0\.[1-9]\d?|1(?:\.0)?))?")
SHELL = re.compile(r"问句 (…?)([^\s…]+)(…?)")
READING = re.compile(r"读音 (\S+) ([a-z]{1,6}(?: [a-z]{1,6})*)")
RETIRED = "停用 "
SHOWN = "“同义 公积金 = 住房公积金”“同义 招标 > 采购 0.6”“问句 …怎么办”“读音 长兴 chang xing”或“停用 同义 甲 = 乙”"
Alternatives = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Synonym:
    """`both`: each finds the other; else only the first finds the second."""

    word: str
    other: str
    both: bool
    percent: int = USUAL_PERCENT

    def __str__(self) -> str:
        weight = "" if self.percent == USUAL_PERCENT else f" {self.percent / 100:g}"
        return f"同义 {self.word} {'=' if self.both else '>'} {self.other}{weight}"


@dataclass(frozen=True, slots=True)
class Shell:
    """What of a question says nothing (问句套话): at its begin, at its end, or anywhere."""

    word: str
    before: bool  # something may stand before it
    after: bool

    def __str__(self) -> str:
        return f"问句 {'…' if self.before else ''}{self.word}{'…' if self.after else ''}"


@dataclass(frozen=True, slots=True)
class Reading:
    word: str
    syllables: tuple[str, ...]

    def __str__(self) -> str:
        return f"读音 {self.word} {' '.join(self.syllables)}"


Entry = Synonym | Shell | Reading


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """As a question meets it: all words folded, the longest first. `mark` names the state of it."""

    alternatives: Mapping[str, Alternatives] = field(default_factory=dict)
    begins: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    anywhere: tuple[str, ...] = ()
    readings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    longest: int = 0


def parsed(text: str, *, limited: bool = True) -> tuple[list[Entry], set[str]]:
    """The entries of a text, and the lines that it retires; what is shipped may be longer than what a hall writes.
    Raises FormRejected, by line."""
    if limited and (len(text) > SIGNS_MAX or text.count("\n") >= LINES_MAX):
        raise FormRejected({"lines": f"最多 {LINES_MAX} 行、{SIGNS_MAX} 个字，请分开或删减。"})
    entries, retired, seen = list[Entry](), set[str](), set[str]()
    for number, raw in enumerate(text.splitlines(), start=1):
        line = " ".join(raw.split())
        if not line or line.startswith("#"):
            continue
        entry = _entry(line.removeprefix(RETIRED), number)
        if str(entry) in seen:
            raise FormRejected({"lines": f"第 {number} 行“{line[:30]}”写了不止一次，请只留一行。"})
        seen.add(str(entry))
        if line.startswith(RETIRED):
            retired.add(str(entry))
        else:
            entries.append(entry)
    return entries, retired


def composed(own: str = "") -> Vocabulary:
    """The shipped entries without what the hall retires, and the hall's own."""
    entries, retired = parsed(own)
    shipped = [entry for entry in _shipped_entries() if str(entry) not in retired]
    every = [*shipped, *entries]
    shells = [entry for entry in every if isinstance(entry, Shell)]
    alternatives: dict[str, dict[str, float]] = {}
    for entry in (entry for entry in every if isinstance(entry, Synonym)):
        word, other, weight = analysis.folded(entry.word), analysis.folded(entry.other), entry.percent / 100
        for one, two in [(word, other), (other, word)][: 1 + entry.both]:
            alternatives.setdefault(one, {})[two] = weight
    return Vocabulary(
        alternatives=MappingProxyType({word: tuple(others.items()) for word, others in alternatives.items()}),
        begins=_longest_first(one.word for one in shells if one.after and not one.before),
        ends=_longest_first(one.word for one in shells if one.before and not one.after),
        anywhere=_longest_first(one.word for one in shells if one.before == one.after),
        readings={analysis.folded(e.word): e.syllables for e in every if isinstance(e, Reading)},
        longest=max(map(len, alternatives), default=0),
    )


@cache
def shipped() -> Vocabulary:
    return composed()


@cache
def shipped_text() -> str:
    return (files("search.vocabulary") / "shipped.txt").read_text("utf-8")


@cache
def _shipped_entries() -> tuple[Entry, ...]:
    return tuple(parsed(shipped_text(), limited=False)[0])


def _entry(line: str, number: int) -> Entry:
    entry = _read(line)
    if entry is None:
        raise FormRejected({"lines": f"第 {number} 行“{line[:30]}”看不懂，请写成{SHOWN}。"})
    words = (entry.word, entry.other) if isinstance(entry, Synonym) else (entry.word,)
    for word in words:
        if len(word) > WORD_MAX or "".join("".join(run.parts) for run in analysis.runs(word)) != analysis.folded(word):
            raise FormRejected({"lines": f"第 {number} 行的“{word[:20]}”须是不超过 {WORD_MAX} 个字的词，不含标点。"})
    if len({analysis.folded(word) for word in words}) < len(words):
        raise FormRejected({"lines": f"第 {number} 行的两个词相同，请删去或改正。"})
    if isinstance(entry, Reading) and len(entry.syllables) != len(entry.word):
        raise FormRejected({"lines": f"第 {number} 行的“{entry.word}”有 {len(entry.word)} 个字，请每个字写一个音节。"})
    return entry


def _read(line: str) -> Entry | None:
    if fits := SYNONYM.fullmatch(line):
        percent = round(float(fits[4]) * 100) if fits[4] else USUAL_PERCENT
        return Synonym(fits[1], fits[3], fits[2] == "=", percent)
    if fits := SHELL.fullmatch(line):
        return Shell(fits[2], bool(fits[1]), bool(fits[3]))
    if fits := READING.fullmatch(line):
        return Reading(fits[1], tuple(fits[2].split()))
    return None


def _longest_first(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({analysis.folded(word) for word in words}, key=lambda word: (-len(word), word)))
