"""From whatever HTML a site has produced to plain lines. Nothing of the markup itself comes through: no tag, no
attribute but the address of an attachment. One pass, linear in the length of the page, and no input raises."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Literal

TAG_CHARS_MAX, NESTED_MAX, CELL_CHARS_MAX, LINK_CHARS_MAX = 4_096, 40, 200, 500
BLOCKS = {
    "address", "article", "blockquote", "body", "br", "center", "dd", "div", "dl", "dt", "fieldset", "figure",
    "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main", "nav", "ol", "p", "pre",
    "section", "table", "tbody", "thead", "title", "tr", "ul",
}  # fmt: skip
RAW = {"script", "style", "textarea", "xmp", "iframe", "noembed", "noframes"}  # whatever stands in them is no text
DROPPED = {"nav", "footer", "aside", "select", "button", "svg", "object", "noscript", "template", "canvas", "map"}
CHROME_NAMES = {
    "share", "bdsharebuttonbox", "bshare", "breadcrumb", "crumb", "nav", "menu", "footer", "foot", "pager", "pages",
    "pagination", "sign", "signature", "reply", "sidebar", "comment", "comments", "toolbar", "fontsize", "qrcode",
}  # fmt: skip
HEADINGS = {"h1": "title", "h2": "head", "h3": "head", "h4": "head", "h5": "head", "h6": "head", "li": "item"}
TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9:-]*)")
ATTRIBUTE = re.compile(r"""([A-Za-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
ATTACHED = re.compile(r"\.(?:docx?|xlsx?|pptx?|pdf|wps|et|ofd|zip|rar|7z)(?:[?#]|$)", re.IGNORECASE)
SPACES = re.compile(r"[\s\u00a0\u2000-\u200b\u3000\ufeff]+")
BETWEEN_SIGNS = re.compile(r"(?<=[\u3000-\u9fff\uff00-\uffef])\n\s*(?=[\u3000-\u9fff\uff00-\uffef])")
Kind = Literal["", "title", "head", "item", "row", "link"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page: what it is by its markup, if anything; the cells of a row; where a link leads."""

    text: str
    kind: Kind = ""
    cells: tuple[str, ...] = ()
    url: str = ""


@dataclass(slots=True)
class Page:
    lines: list[Line] = field(default_factory=list)
    title: str = ""
    told: dict[str, str] = field(default_factory=dict)  # its <meta>: name in lower case → content
    marked_up: bool = False


def read(text: str) -> Page:
    """HTML or plain text, also a text with a few stray tags: there every line stands for itself."""
    pieces = [*_pieces(text)]
    marked_up = any(name in BLOCKS for _, name in pieces if name)
    reader = _Reader(marked_up, by_class=True)
    reader.read(pieces)
    if reader.dropping:  # an element of the site's own that nobody closed would have swallowed the rest
        reader = _Reader(marked_up, by_class=False)
        reader.read(pieces)
    return reader.page


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """(text, "") or (a tag as it stands, its name in lower case); comments and raw elements are left out."""
    lower, at, end = text.lower(), 0, len(text)
    while at < end:
        begin = text.find("<", at)
        if begin < 0:
            yield text[at:], ""
            return
        if begin > at:
            yield text[at:begin], ""
        named = TAG.match(text, begin)
        if named is None:
            at = _after_no_tag(text, begin)
            if at == begin + 1:
                yield "<", ""
            continue
        close = _end_of_tag(text, named.end())
        if close < 0:
            yield "<", ""
            at = begin + 1
            continue
        name, at = named[1].lower(), close
        yield text[begin:close], name
        if name in RAW and text[begin + 1] != "/":
            after = lower.find(f"</{name}", at)
            at = end if after < 0 else after


def _after_no_tag(text: str, begin: int) -> int:
    """Behind a comment, a declaration, a processing instruction; a lone sign is a sign."""
    if text.startswith("<!--", begin):
        close = text.find("-->", begin + 4)
        return len(text) if close < 0 else close + 3
    if text.startswith(("<!", "<?"), begin):
        close = text.find(">", begin, begin + TAG_CHARS_MAX)
        return begin + 1 if close < 0 else close + 1
    return begin + 1


def _end_of_tag(text: str, at: int) -> int:
    """Behind the tag; a sign inside of quotes doesn't end it, the next tag does. -1: nothing ends it."""
    quote = ""
    if text.find(">", at, at + TAG_CHARS_MAX) < 0:
        return -1
    for place in range(at, min(len(text), at + TAG_CHARS_MAX)):
        sign = text[place]
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'" and text[place - 1] in "= \t\n":
            quote = sign
        elif sign in "<>":
            return place + (sign == ">")
    return text.find(">", at) + 1  # a quote that nobody closed


class _Reader:
    """Keeps the line that is being read, the rows of tables around it, and what is being left out."""

    def __init__(self, marked_up: bool, *, by_class: bool) -> None:
        self.page = Page(marked_up=marked_up)
        self.by_class = by_class
        self.dropping, self.depth = "", 0
        self.heard: list[str] = []
        self.kind: Kind = ""
        self.link: tuple[str, int] | None = None
        self.rows: list[list[list[Line]]] = []  # of each table that is open: the cells of its row, each with its lines

    def read(self, pieces: list[tuple[str, str]]) -> None:
        for piece, name in pieces:
            if self.dropping:
                self._leave_out(piece, name)
            elif name:
                self._tag(name, piece)
            else:
                self._text(piece)
        self._flush()
        while self.rows:
            self._row()

    def _leave_out(self, piece: str, name: str) -> None:
        if name == self.dropping and not piece.endswith("/>"):
            self.depth += -1 if piece[1] == "/" else 1
            if self.depth == 0:
                self.dropping = ""

    def _text(self, piece: str) -> None:
        if self.page.marked_up:
            self.heard.append(unescape(piece))
            return
        first, *others = unescape(piece).split("\n")
        self.heard.append(first)
        for other in others:
            self._flush()
            self.heard.append(other)

    def _tag(self, name: str, tag: str) -> None:
        opens = tag[1] != "/"
        if opens and name == "meta":
            told = attributes(tag)
            self.page.told[told.get("name", told.get("property", "")).lower()] = told.get("content", "")
        elif opens and not tag.endswith("/>") and self._is_chrome(name, tag):
            self.dropping, self.depth = name, 1
        elif name == "a":
            self._anchor(opens, tag)
        elif name in {"td", "th"} and self.rows:
            self._flush()
            if opens and len(self.rows[-1]) < CELL_CHARS_MAX:
                self.rows[-1].append([])
        elif name in BLOCKS:
            self._flush(title=name == "title" and not opens)
            self.kind = HEADINGS.get(name, "") if opens else ""  # type: ignore[assignment]
            self._table(name, opens)

    def _is_chrome(self, name: str, tag: str) -> bool:
        if name in DROPPED:
            return True
        if name in {"html", "body", "main", "article", "br", "img", "input", "link"} or not self.by_class:
            return False
        told = attributes(tag)
        named = {*told.get("class", "").lower().split(), told.get("id", "").lower()}
        return bool(named & CHROME_NAMES) or "display:none" in told.get("style", "").lower().replace(" ", "")

    def _anchor(self, opens: bool, tag: str) -> None:
        if opens:
            url = attributes(tag).get("href", "").strip()
            if ATTACHED.search(url):
                self._flush()
                self.link = (url if url.startswith(("http://", "https://")) and len(url) <= LINK_CHARS_MAX else "", 1)
        elif self.link is not None:
            url, self.link = self.link[0], None
            if text := self._said():
                self._put(Line(text, "link", url=url if safe(url) else ""))

    def _table(self, name: str, opens: bool) -> None:
        if name == "table" and not opens and self.rows:
            self._row()
        elif name == "table" and opens and len(self.rows) < NESTED_MAX:
            self.rows.append([])
        elif name == "tr" and self.rows:
            self._row()
            self.rows.append([])

    def _row(self) -> None:
        """A row of short cells is one; what only lays out the page is what stands in it, line by line."""
        cells = self.rows.pop()
        lines = [line for cell in cells for line in cell]
        texts = tuple(" ".join(line.text for line in cell) for cell in cells)
        if len(texts) > 1 and sum(map(bool, texts)) > 1 and all(len(text) <= CELL_CHARS_MAX for text in texts):
            self._put(Line(" ".join(filter(None, texts)), "row", cells=texts))
        else:
            for line in lines:
                self._put(line)

    def _flush(self, *, title: bool = False) -> None:
        text = self._said()
        if title:
            self.page.title = text
        elif text:
            self._put(Line(text, self.kind))

    def _said(self) -> str:
        text = "".join(self.heard)
        self.heard.clear()
        return SPACES.sub(" ", BETWEEN_SIGNS.sub("", text) if self.page.marked_up else text).strip()

    def _put(self, line: Line) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1].append(line)
        else:
            self.page.lines.append(line)


def attributes(tag: str) -> dict[str, str]:
    """The first of each name counts, as in a browser."""
    found: dict[str, str] = {}
    for name, double, single, bare in ATTRIBUTE.findall(tag):
        found.setdefault(name.lower(), unescape(double or single or bare))
    return found


def safe(url: str) -> bool:
    """Whether our page may lead there: by http, without anything that could end an attribute or a line."""
    return url.startswith(("http://", "https://")) and not any(sign in url for sign in "\"'<>()\\ \t\n\r`")
