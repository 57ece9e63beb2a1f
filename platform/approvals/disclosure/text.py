"""Our own markup, all that a policy's text can be: one paragraph a line, and nothing that isn't below.

`# ` a heading · `- ` an item of a list · `| a | b |` a row of a table · `[附件](https://…)` an attachment. Chinese
numbering makes headings by itself: 一、 （一） 1. （1）, 第一章, 第一条. A line is shown as text whatever it holds."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from approvals.disclosure.markup import safe

HEADING_CHARS_MAX, LEAD_CHARS_MAX, CONTENTS_LEVEL_MAX = 50, 30, 2
NUMERAL = "[零〇一二三四五六七八九十百]{1,6}"
LEVELS = (
    re.compile(rf"第{NUMERAL}[章编編节節部]"),
    re.compile(rf"{NUMERAL}、"),
    re.compile(rf"[(（]{NUMERAL}[)）]"),
    re.compile(r"\d{1,2}[.．、](?!\d)"),
    re.compile(r"[(（]\d{1,2}[)）]"),
)
DEPTH = (1, 1, 2, 3, 4)
ARTICLE = re.compile(rf"第{NUMERAL}[条條][ 　]*")
LINK = re.compile(r"\[([^\[\]]{1,200})\]\(([^()\s]{1,500})\)")
SENTENCE_ENDS = "。；：！？!?;:，,"


@dataclass(frozen=True, slots=True)
class Block:
    """`lead`: what stands in front of a paragraph like a heading in the line (（一）依法原则。)."""

    kind: str  # head, para, list, table, link
    text: str = ""
    lead: str = ""
    level: int = 0
    anchor: str = ""
    items: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    url: str = ""

    @property
    def in_contents(self) -> str:
        """How the table of contents names it; empty: not there."""
        named = self.text if self.kind == "head" else self.lead
        return named.rstrip("。：:") if self.anchor and self.level <= CONTENTS_LEVEL_MAX else ""


def blocks(body: str) -> tuple[Block, ...]:
    """Neighbouring items are one list, neighbouring rows one table."""
    found: list[Block] = []
    lines = [line.strip() for line in body.split("\n") if line.strip()]
    for kind, group in groupby(lines, _kind):
        if kind == "list":
            found.append(Block("list", items=tuple(line[2:].strip() for line in group)))
        elif kind == "table":
            found.append(Block("table", rows=_even([_cells(line) for line in group])))
        else:
            for line in group:
                found.append(_one(line, len(found)))
    return tuple(found)


def plain(body: str) -> str:
    """The words alone, for search."""
    return "\n".join(_words(body))


def level_of(line: str) -> int:
    """Depth of the numbering that the line begins with, 0 without one."""
    return next((depth for depth, begins in zip(DEPTH, LEVELS, strict=True) if begins.match(line)), 0)


def _words(body: str) -> Iterator[str]:
    for block in blocks(body):
        yield block.lead + block.text
        yield from block.items
        yield from (" ".join(row) for row in block.rows)


def _kind(line: str) -> str:
    if line.startswith("- "):
        return "list"
    return "table" if line.startswith("| ") and line.endswith(" |") and len(line) > 4 else "line"


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line[1:-1].split("|"))


def _even(rows: list[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    width = max(map(len, rows))
    return tuple(row + ("",) * (width - len(row)) for row in rows)


def _one(line: str, place: int) -> Block:
    anchor = f"s{place + 1}"
    linked = LINK.fullmatch(line)
    if linked and safe(linked[2]):
        return Block("link", text=linked[1], url=linked[2])
    if line.startswith("# "):
        return Block("head", text=line[2:].strip(), level=2, anchor=anchor)
    level = level_of(line)
    if level == 0:
        article = ARTICLE.match(line)
        if article:
            return Block("para", text=line[article.end() :], lead=article[0], level=3, anchor=anchor)
        return Block("para", text=line)
    lead, text = _split(line)
    if not text and (len(lead) <= HEADING_CHARS_MAX):
        return Block("head", text=lead, level=level, anchor=anchor)
    return Block("para", text=text, lead=lead, level=level, anchor=anchor if lead else "")


def _split(line: str) -> tuple[str, str]:
    """(the heading in the line, the rest): up to its first full stop, if that comes soon."""
    stop = line.find("。")
    if stop < 0 and line[-1:] not in SENTENCE_ENDS and len(line) <= HEADING_CHARS_MAX:
        return line, ""
    if 0 <= stop < LEAD_CHARS_MAX:
        return line[: stop + 1], line[stop + 1 :]
    return "", line
