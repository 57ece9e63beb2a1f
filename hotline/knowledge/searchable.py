"""问答: what search shows everyone of the knowledge base, under the same kind as the released answers."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hotline.knowledge import queries
from hotline.knowledge.models import Edition
from hotline.tickets.searchable import ANSWERS, BATCH
from kernel.people import queries as people
from kernel.permissions import Actor
from kernel.searchable import Document

COUNTED = timedelta(days=30)
OURS = "faq:53-"  # the series of articles; tickets have another


async def documents(refs: list[str]) -> list[Document]:
    """Public editions in use; whatever is withdrawn, wrong, out of date or internal has no document here."""
    mine = [ref for ref in refs if ref.startswith(OURS)]
    units = {unit.code: unit.name for unit in await people.agencies()} if mine else {}
    found = await queries.public_numbered([ref.removeprefix("faq:") for ref in mine]) if mine else []
    uses = await queries.answered_since([one.no for one in found], datetime.now(UTC) - COUNTED) if found else {}
    theirs = [ref for ref in refs if ref not in mine]
    return [_public(one, units, uses.get(one.no, 0)) for one in found] + (
        await ANSWERS.documents(theirs) if theirs else []
    )


def _public(edition: Edition, units: dict[str, str], uses: int) -> Document:
    """Its owner and its source are demanded before it is published, so it is always complete. `uses`: tickets that
    were answered from it; that is what a knowledge article is for, and no click counts."""
    return Document(
        kind="faq",
        no=edition.no,
        url=f"/hotline/knowledge/{edition.no}",
        title=edition.title,
        body=f"{edition.body}\n{edition.words}\n{edition.source}",
        agency=units.get(edition.owner, ""),
        region_path=edition.article.region_path,
        published=edition.published_at,
        state=("done", "办事知识"),
        action=("看全文", f"/hotline/knowledge/{edition.no}"),
        public=True,
        uses=uses,
        version=edition.number,
    )


async def every() -> AsyncIterator[str]:
    async for ref in ANSWERS.every():
        yield ref
    last = 0
    while batch := await queries.following(last, BATCH):
        last = batch[-1].id
        for edition in batch:
            yield f"faq:{edition.no}"


def whole(subject: str) -> str:
    """`article:53-…` → `faq:53-…`"""
    kind, _, no = subject.partition(":")
    return f"faq:{no}" if kind == "article" else ANSWERS.whole(subject)


async def named(actor: Actor, text: str, limit: int) -> list[str]:
    mine = [one.no for one in await queries.public_named(text, limit)]
    assert ANSWERS.fallback is not None
    return (mine + await ANSWERS.fallback(actor, text, limit))[:limit]


FAQ = replace(
    ANSWERS, topics=(*ANSWERS.topics, "article.*"), documents=documents, every=every, whole=whole, fallback=named
)
