"""The verbs of an article, what the desk says of it, and the pinning of an edition to a ticket."""

from datetime import datetime
from typing import Unpack

from tortoise.expressions import F

from hotline.knowledge import queries
from hotline.knowledge.forms import Fault, Opinion, Reason, Reminded, Written
from hotline.knowledge.models import Answered, Article, Edition, Feedback, Unanswered
from hotline.knowledge.pinyin import initials
from hotline.knowledge.rules import unnamed
from kernel import numbering
from kernel.database import after_commit, transaction
from kernel.errors import FormRejected
from kernel.kinds import verbs
from kernel.lifecycle import Nothing, Way, move
from kernel.permissions import Actor

IN_USE = ("title", "body", "source", "owner", "visibility", "category", "words", "valid_to")


async def draw_number(at: datetime) -> str:
    """Outside of every transaction: a number is never given twice, not even after a rollback."""
    return await numbering.draw(Article.prefix, at)


async def draft(facts: Written, *, region: str, by: Actor, at: datetime, no: str = "") -> Article:
    article = Article(no=no or await draw_number(at), region_path=region)
    return await move(article, "draft", facts, by=by, at=at, version=0)


async def edit(article: Article, facts: Written, **way: Unpack[Way]) -> Article:
    return await move(article, "edit", facts, **way)


async def submit(article: Article, facts: Nothing, **way: Unpack[Way]) -> Article:
    return await move(article, "submit", facts, **way)


async def send_back(article: Article, facts: Reason, **way: Unpack[Way]) -> Article:
    return await move(article, "send_back", facts, **way)


async def publish(article: Article, facts: Nothing, **way: Unpack[Way]) -> Article:
    """The text becomes the next edition; the one before stays readable."""
    async with transaction():
        await move(article, "publish", facts, **way)
        await queries.editions_of(article).update(current=False)
        told = {name: getattr(article, name) for name in IN_USE}
        edition = Edition(article=article, no=article.no, number=article.edition, published_at=way["at"])
        edition.pin = f"{article.no}@{article.edition}"
        edition.update_from_dict(told)
        edition.published_by, edition.initials = way["by"].id, initials(article.title, article.words)
        await edition.save(force_create=True)
        after_commit(queries.forget)
    return article


async def correct(article: Article, facts: Fault, **way: Unpack[Way]) -> Article:
    async with transaction():
        await move(article, "correct", facts, **way)
        if facts.wrong:
            await _out_of_use(article, wrong_since=way["at"])
    return article


async def withdraw(article: Article, facts: Fault, **way: Unpack[Way]) -> Article:
    async with transaction():
        await move(article, "withdraw", facts, **way)
        await _out_of_use(article, wrong_since=way["at"] if facts.wrong else None)
    return article


async def remind(article: Article, facts: Reminded, **way: Unpack[Way]) -> Article:
    return await move(article, "remind", facts, **way)


async def expire(article: Article, facts: Nothing, **way: Unpack[Way]) -> Article:
    async with transaction():
        await move(article, "expire", facts, **way)
        await _out_of_use(article, wrong_since=None)
    return article


async def pin(no: str, *, by: Actor, at: datetime) -> str:
    """`53-…` becomes `53-…@2`, the edition in use; one that was named must still be in use.

    Raises FormRejected."""
    name, _, number = no.partition("@")
    found = await queries.in_use(by, name, at)
    if found is None or number not in ("", str(found.number)):
        raise FormRejected({"article": "没有这条知识，或它已更正、过期，请重新查找后再答复。"})
    return found.pin


async def answered_from(
    ticket: str, title: str, pinned: str | None, *, caller: str, confidential: bool, at: datetime
) -> None:
    """In the transaction of the answer. Without an article the question joins the queue; a confidential one never."""
    if pinned is not None:
        article, _, number = pinned.partition("@")
        await Answered.create(ticket=ticket, article=article, edition=int(number), at=at)
    elif not confidential:
        await miss(title, caller=caller, ticket=ticket, at=at)


async def miss(query: str, *, at: datetime, ticket: str = "", caller: str = "") -> None:
    """The same words again count up, and open again what was settled; nobody's number or name is kept in them."""
    words = unnamed(" ".join(query.split()), caller)[:100]
    async with transaction():
        row, created = await Unanswered.get_or_create(query=words, defaults={"last_at": at, "ticket": ticket})
        if not created:
            again = {"times": F("times") + 1, "last_at": at, "settled_at": None, "ticket": ticket or row.ticket}
            await queries.unanswered_row(row.id).update(**again)


async def tell(edition: Edition, facts: Opinion, *, by: Actor, at: datetime) -> Feedback:
    if facts.verdict == "wrong" and not facts.text:
        raise FormRejected({"text": "请写明哪里有错误。"})
    return await Feedback.create(
        article=edition.no, edition=edition.number, verdict=facts.verdict, text=unnamed(facts.text), by_id=by.id, at=at
    )


async def take_up(number: int, article: str, *, at: datetime) -> int:
    """A proposal has become that article."""
    return await queries.waiting("proposals").filter(id=number).update(settled_at=at, article=article)


async def settle(queue: str, number: int, *, at: datetime) -> int:
    return await queries.waiting(queue).filter(id=number).update(settled_at=at)


async def _out_of_use(article: Article, *, wrong_since: datetime | None) -> None:
    mine = queries.editions_of(article)
    if wrong_since is not None:
        await mine.filter(number=article.edition).update(wrong_since=wrong_since)
    await mine.update(current=False)
    after_commit(queries.forget)


VERBS = verbs(edit, submit, send_back, publish, correct, withdraw, remind, expire)
