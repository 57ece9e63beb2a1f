"""A shelf of as many documents as wanted, each the same in every run: made of its number and of sentences that people
and governments wrote (the supplied data beside the checkout; else the demo city's own matters)."""

import csv
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path

from kernel.module import Module
from kernel.permissions import Actor
from kernel.searchable import Document, Searchable, account_token, scope_token, scope_tokens

DATA = Path(__file__).parents[3] / "shared" / "data"
MESSAGES = ("hotline_labelled/hotspot_messages_4326.csv", "hotline_city/dongguan_messages_dev.csv")
SENTENCE = re.compile(r"[^。！？；\n\r]{8,120}[。！？；]?")
READ, KIND, BEGIN = "shelf:read", "shelf", datetime(2021, 1, 1, tzinfo=UTC)
SENTENCES_MAX, IN_A_BODY, FIFTH = 40_000, 4, 5
DISTRICTS, STREETS = 12, 9
THINGS = (
    "停水",
    "路灯不亮",
    "噪音扰民",
    "公积金提取",
    "社保卡",
    "电动车充电",
    "施工扬尘",
    "物业收费",
    "不动产登记",
    "垃圾清运",
)


@dataclass
class Shelf:
    count: int = 0
    changed: set[int] = field(default_factory=set)


SHELF = Shelf()


@cache
def sentences() -> tuple[str, ...]:
    found: dict[str, None] = {}
    for text in _texts():
        found |= dict.fromkeys(sentence.strip() for sentence in SENTENCE.findall(text))
        if len(found) >= SENTENCES_MAX:
            break
    return tuple(found)


def _texts() -> Iterator[str]:
    given = [path for name in MESSAGES if (path := DATA / name).exists()]
    for path in given:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.reader(lines):
                yield max(row, key=len, default="")
    for path in sorted((DATA / "policies").glob("*.txt")):
        yield path.read_text(encoding="utf-8")
    if not given:
        matters = (files("hotline.demo") / "matters.csv").read_text(encoding="utf-8").splitlines()
        yield from (matter["内容"] + matter["答复"] for matter in csv.DictReader(matters))


def document(number: int) -> list[Document]:
    """Restricted, and for every fifth a public one beside it."""
    said, place = sentences(), f"/36/{number % DISTRICTS:02}/{number % STREETS}/"
    seed = number * 2_654_435_761 % 2**32  # Knuth's multiplicative hash
    picked = [said[(seed >> shift) % len(said)] for shift in range(IN_A_BODY)]
    title = f"{THINGS[seed % len(THINGS)]}：{picked[0][:24]}（{number}）"
    edition = 2 if number in SHELF.changed else 1
    if edition > 1:
        title = f"更正 {title}"
    common = {
        "kind": KIND, "no": f"S{number:08}", "agency": f"{seed % 60} 局", "region_path": place, "version": edition,
        "published": BEGIN + timedelta(minutes=number), "url": f"/shelf/{number}",
    }  # fmt: skip
    own = (account_token(number % 1_000),)
    closed = Document(**common, title=title, body="".join(picked), acl=(*scope_tokens(READ, place), *own))  # type: ignore[arg-type]
    if number % FIFTH:
        return [closed]
    return [closed, Document(**common, title=title, body=picked[1], public=True)]  # type: ignore[arg-type]


async def documents(refs: list[str]) -> list[Document]:
    numbers = (int(ref.rpartition("S")[2]) for ref in refs)
    return [one for number in numbers if number < SHELF.count for one in document(number)]


async def every() -> AsyncIterator[str]:
    for number in range(SHELF.count):
        yield f"{KIND}:S{number:08}"


async def visible(actor: Actor, nos: list[str]) -> set[str]:
    held = set(acl_of(actor))
    return {no for no in nos if held & set(document(int(no[1:]))[0].acl)}


def acl_of(actor: Actor) -> tuple[str, ...]:
    return (account_token(actor.id), *(scope_token(READ, scope) for scope in actor.powers.get(READ, ())))


SEARCHABLE = Searchable(
    kind=KIND, label="书架", topics=("shelf.*",), documents=documents, every=every, visible=visible, acl_of=acl_of,
)  # fmt: skip
MODULE = Module(name="shelf_of_the_bench", searchable=(SEARCHABLE,))
READER = Actor(id=7, name="检索者", powers={READ: ("/36/03/", "/36/07/")})
