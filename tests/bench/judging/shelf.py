"""Real documents of others as search would get them from modules of ours: service items, policies, questions.

They are read beside the checkout and never copied into it; the keys are their own numbers."""

import csv
import html
import json
import re
from collections.abc import AsyncIterator, Iterator
from xml.etree import ElementTree

from kernel.module import Module
from kernel.permissions import Actor
from kernel.searchable import Document, Searchable
from tests.conftest import shared_data

ITEM, PAPER, QUESTION, TEXT = "item", "paper", "question", "text"
CODE, DEPARTMENT = re.compile(r"itemCode=([^&]+)"), "区"
TAG, BLANKS = re.compile(r"<[^>]*>"), re.compile(r"\s+")
NUMBERED = re.compile(r"^\s*(\S{1,10}〔\d{4}〕\s?\d+\s?[号號])\s*$", re.MULTILINE)
SPELLED = re.compile(r"\([a-zà-ÿāēěīōūǎǐǒǔǖǘǚǜ]+\)")  # a site that spells out rare signs: 發(fā)
TITLE_MIN, TITLE_MAX = 10, 60
_documents: dict[str, Document] = {}


def fill(documents: Iterator[Document]) -> None:
    """The shelf holds these and no others."""
    _documents.clear()
    _documents.update((f"{one.kind}:{one.no}", one) for one in documents)


def title(key: str) -> str:
    return _documents[key].title


def every_document() -> list[Document]:
    return [*_documents.values()]


def plain_document(kind: str, no: str, title: str, body: str, **more: object) -> Document:
    return Document(kind=kind, no=no, url=f"/{kind}/{no}", title=title, body=body, public=True, version=1, **more)  # type: ignore[arg-type]


def a_city() -> Iterator[Document]:
    """Everything there is for the judged queries."""
    yield from provincial_items()
    yield from district_items()
    yield from papers()
    yield from questions()


def provincial_items() -> Iterator[Document]:
    for line in shared_data("service_items", "gd_items_dev.jsonl").read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        told = [item["matter_type"], item["CATANAME"], item["accept_standard"], *_named(item["material_intro"])]
        told += [*_named(item["theme_category"]), *_named(item["service_object_name"]), item["handle_location"]]
        body = "\n".join(text for text in told if text and text != "无")
        yield plain_document(ITEM, item["TASK_CODE"], item["TASK_NAME"].strip(), body, agency=item["DEPT_NAME"])


def _named(given: object) -> list[str]:
    return [str(one) for one in given] if isinstance(given, list) else []


def district_items() -> Iterator[Document]:
    with shared_data("service_items", "sc_guangan_items.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            code = CODE.search(row["link"])
            assert code is not None, row
            above = "" if row["main_item"] == "未分类" else row["main_item"]
            body = f"{row['department']}\n{above}"
            yield plain_document(ITEM, code[1], row["item"].strip(), body, agency=row["department"])


def papers() -> Iterator[Document]:
    """As scraped: the first line that can be a title is one."""
    for file in sorted(shared_data("policies").glob("*.txt")):
        text = SPELLED.sub("", TAG.sub("", file.read_text(encoding="utf-8")))
        lines = [line.strip() for line in text.splitlines()]
        headings = [line for line in lines if TITLE_MIN <= len(line) <= TITLE_MAX and not re.search(r"[。:：>]", line)]
        first = headings[0] if headings else lines[0][:TITLE_MAX]
        number = tuple("".join(found.split()) for found in NUMBERED.findall(text))
        yield plain_document(PAPER, file.stem.partition("_")[0], first, text, number=number)


def questions() -> Iterator[Document]:
    for no, asked, answered, agency in faq():
        yield plain_document(QUESTION, no, asked, answered, agency=agency)


def faq() -> Iterator[tuple[str, str, str, str]]:
    """(number, question, answer, agency), without the markup of the answers."""
    tree = ElementTree.parse(shared_data("search", "tpe_faq", "tpe_faq.xml"))  # noqa: S314 (a file of the bench)
    for row in tree.iter("data"):
        answer = html.unescape(TAG.sub(" ", html.unescape(row.findtext("news_content") or "")))
        asked = (row.findtext("news_title") or "").strip()
        yield row.findtext("data_id") or "", asked, BLANKS.sub(" ", answer).strip(), row.findtext("deptName") or ""


async def _read(refs: list[str]) -> list[Document]:
    return [_documents[ref] for ref in refs if ref in _documents]


async def _nobody(actor: Actor, nos: list[str]) -> set[str]:
    return set()


def _every(kind: str) -> Searchable:
    async def every() -> AsyncIterator[str]:
        for ref in list(_documents):
            if ref.startswith(f"{kind}:"):
                yield ref

    return Searchable(
        kind=kind, label=kind, topics=(f"{kind}.*",), documents=_read, every=every, visible=_nobody,
        acl_of=lambda actor: (),
    )  # fmt: skip


MODULE = Module(name="shelf_of_the_bench", searchable=tuple(_every(kind) for kind in (ITEM, PAPER, QUESTION, TEXT)))
