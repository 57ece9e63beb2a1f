"""The traditional view (繁體): OpenCC s2t on the text of public pages, and on nothing else.

Left as they are: forms and what is typed, names and people's own words (`translate="no"`), documents (`.doc`), code."""

import re
from functools import cache, lru_cache

from opencc import OpenCC
from starlette.requests import Request

from kernel.pages import is_public

PIECE_CHARS_MAX, REMEMBERED = 400, 8192  # pieces of templates recur; long ones are somebody's text
TAGS = re.compile(r"(<!--.*?-->|<[^>]+>)", re.DOTALL)
NAME = re.compile(r"</?([a-z0-9]+)", re.IGNORECASE)
LEFT_ALONE = {"form", "textarea", "select", "script", "style", "pre", "code"}
MARKED = re.compile(r"""\btranslate="no"|\bclass="(?:[^"]* )?(?:doc|said|note-q)(?: [^"]*)?\"""")
VOID = {"input", "br", "hr", "img", "link", "meta", "wbr", "path", "circle", "rect", "line"}
CHINESE = re.compile(r"[\u3400-\u9fff]")
TERMS = {  # as officials write them
    "賬": "帳", "羣": "群", "裏": "裡", "纔": "才", "爲": "為", "啓": "啟", "臺帳": "台帳",
}  # fmt: skip


def finish(request: Request, page: str) -> str:
    """The same object when nothing is to be done."""
    shown = getattr(request.state, "shown", {})
    return convert(page) if shown.get("traditional") and is_public(request) else page


def convert(page: str) -> str:
    """Text between tags; inside what is left alone nothing changes, however deep."""
    out: list[str] = []
    held: list[str] = []
    for piece in TAGS.split(page):
        if piece[:1] == "<":
            _step(piece, held)
            out.append(piece)
        else:
            out.append(piece if held or not CHINESE.search(piece) else _said(piece))
    return "".join(out).replace('lang="zh-CN"', 'lang="zh-Hant"', 1)


def _step(tag: str, held: list[str]) -> None:
    """`held`: the open elements from the outermost that is left alone inwards."""
    named = NAME.match(tag)
    if named is None:
        return
    name = named[1].lower()
    if tag[1] == "/":
        if held and name in held:
            del held[len(held) - 1 - held[::-1].index(name) :]
    elif name not in VOID and not tag.endswith("/>") and (held or name in LEFT_ALONE or MARKED.search(tag)):
        held.append(name)


def _said(piece: str) -> str:
    return _remembered(piece) if len(piece) <= PIECE_CHARS_MAX else _converted(piece)


@lru_cache(maxsize=REMEMBERED)
def _remembered(piece: str) -> str:
    return _converted(piece)


def _converted(piece: str) -> str:
    told: str = _opencc().convert(piece)
    for usual, ours in TERMS.items():
        told = told.replace(usual, ours)
    return told


@cache
def _opencc() -> OpenCC:
    return OpenCC("s2t")
