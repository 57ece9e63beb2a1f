"""Every read of the knowledge base; who may see what is part of the query."""

import time
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from weakref import WeakKeyDictionary

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.expressions import Q, Subquery
from tortoise.functions import Count
from tortoise.queryset import QuerySet

from hotline.knowledge.forms import Visibility
from hotline.knowledge.models import Answered, Article, Edition, Feedback, Proposal, ProposalSource, Unanswered
from hotline.knowledge.pinyin import within
from hotline.knowledge.rules import REMIND_BEFORE
from hotline.knowledge.states import ArticleState
from hotline.permissions import P
from kernel.citytime import day_of
from kernel.database import home
from kernel.errors import NotFound
from kernel.models import Entry
from kernel.people.queries import active_organisation
from kernel.permissions import ANONYMOUS, Actor

KEPT_S, ROWS_MAX, LISTED_MAX = 5.0, 5_000, 200
LETTERS_MIN = 2
QUEUES: dict[str, type[Feedback] | type[Unanswered] | type[Proposal]] = {
    "feedback": Feedback,
    "unanswered": Unanswered,
    "proposals": Proposal,
}
Line = dict[str, Any]
_read: WeakKeyDictionary[BaseDBAsyncClient, tuple[float, list[Line]]] = WeakKeyDictionary()


def visible_to(actor: Actor, nos: Collection[str] | None = None) -> QuerySet[Article]:
    """Articles with their drafts: for who writes or approves them there."""
    wanted = Q() if nos is None else Q(no__in=list(nos))
    scopes = {*actor.powers.get(P.ARTICLE_EDIT, ()), *actor.powers.get(P.ARTICLE_APPROVE, ())}
    if not scopes:
        return Article.filter(id__in=[])
    return Article.filter(wanted, Q(*[Q(region_path__startswith=one) for one in scopes], join_type=Q.OR))


async def one(actor: Actor, no: str) -> Article:
    found = await visible_to(actor, [no]).first()
    if found is None:
        raise NotFound(what="这条知识")
    return found


async def listed(actor: Actor, *, state: str = "", words: str = "", before: date | None = None) -> list[Article]:
    """`before`: published, and out of date by then."""
    found = visible_to(actor).filter(state=state) if state else visible_to(actor)
    if words:
        found = found.filter(Q(title__icontains=words) | Q(words__icontains=words) | Q(no__startswith=words))
    if before is not None:
        found = found.filter(state=ArticleState.PUBLISHED, valid_to__lte=before)
    return await found.order_by("-changed_at", "-id").limit(LISTED_MAX)


async def story(article: Article) -> list[Entry]:
    """Newest first."""
    return await Entry.filter(subject=article.ref).order_by("-seq").limit(LISTED_MAX)


def usable(actor: Actor, at: datetime) -> QuerySet[Edition]:
    """Editions in use: the public ones for all, the others for who reads internal knowledge."""
    found = Edition.filter(current=True, valid_to__gte=day_of(at))
    return found if reads_internal(actor) else found.filter(visibility=Visibility.PUBLIC)


def reads_internal(actor: Actor) -> bool:
    return actor.may_anywhere(P.ARTICLE_READ)


async def in_use(actor: Actor, no: str, at: datetime) -> Edition | None:
    return await usable(actor, at).filter(no=no).first()


async def published(words: str, at: datetime) -> list[Edition]:
    """What everyone may read, whoever asks."""
    return await find(ANONYMOUS, words, at, LISTED_MAX)


async def edition(actor: Actor, no: str, number: int) -> Edition:
    """Any edition, also one that was replaced: for who reads internal knowledge."""
    found = await Edition.filter(no=no, number=number).first() if reads_internal(actor) else None
    if found is None:
        raise NotFound(what="这个版本")
    return found


def editions_of(article: Article) -> QuerySet[Edition]:
    return Edition.filter(article_id=article.id)


async def editions(article: Article) -> list[Edition]:
    return await editions_of(article).order_by("-number")


async def find(actor: Actor, words: str, at: datetime, limit: int) -> list[Edition]:
    """By title, other words, number or pinyin initials; then by the text. Nearest first."""
    asked = words.strip().lower()
    ranked = [(rank, -line["id"]) for line in await _lines() if (rank := _rank(asked, line)) >= 0]
    ids = [-minus for _, minus in sorted(ranked)]
    mine = {row.id: row for row in await usable(actor, at).filter(id__in=ids[:ROWS_MAX])}
    found = [mine[one] for one in ids if one in mine][:limit]
    if asked and len(found) < limit:
        more = usable(actor, at).filter(Q(body__icontains=asked)).exclude(id__in=[row.id for row in found] or [0])
        found += await more.order_by("-id").limit(limit - len(found))
    return found


def _rank(asked: str, line: Line) -> int:
    title, others = line["title"].lower(), line["words"].lower()
    if asked in title:
        return 0 if title.startswith(asked) else 1
    if asked in others or asked in line["no"]:
        return 2
    if asked.isascii() and asked.isalnum() and len(asked) >= LETTERS_MIN:
        near = within(asked, line["initials"])
        return 3 + near if near >= 0 else -1
    return -1


async def _lines() -> list[Line]:
    read_at, known = _read.get(home(), (0.0, []))
    if not read_at or time.monotonic() - read_at > KEPT_S:
        rows = Edition.filter(current=True).order_by("-id").limit(ROWS_MAX)
        known = [dict(row) for row in await rows.values("id", "no", "title", "words", "initials")]
        _read[home()] = (time.monotonic(), known)
    return known


async def forget() -> None:
    _read.pop(home(), None)


def waiting(queue: str) -> QuerySet[Any]:
    return QUEUES[queue].filter(settled_at=None)


def asked_before(before: datetime) -> QuerySet[Unanswered]:
    return Unanswered.filter(last_at__lt=before)


def told_before(before: datetime) -> QuerySet[Feedback]:
    return Feedback.filter(at__lt=before)


def unanswered_row(number: int) -> QuerySet[Unanswered]:
    return Unanswered.filter(id=number)


async def feedback() -> list[Feedback]:
    """What is said to be wrong first."""
    return await waiting("feedback").order_by("-verdict", "-id").limit(LISTED_MAX)


async def unanswered() -> list[Unanswered]:
    """What is asked most often first."""
    return await waiting("unanswered").order_by("-times", "-last_at").limit(LISTED_MAX)


async def waiting_proposals() -> list[Proposal]:
    """What was asked most often first."""
    return await waiting("proposals").order_by("-times", "-last_at").limit(LISTED_MAX)


async def proposal(number: int) -> Proposal | None:
    return await Proposal.get_or_none(id=number, settled_at=None)


async def proposals() -> list[Proposal]:
    """The settled ones, too: what was declined isn't proposed again."""
    return await Proposal.all().order_by("-id").limit(ROWS_MAX)


async def learned_from(nos: Collection[str]) -> set[str]:
    """Tickets that were answered from an article, or taught something already."""
    answered = await Answered.filter(ticket__in=list(nos)).values_list("ticket", flat=True)
    taught = await ProposalSource.filter(ticket__in=list(nos)).values_list("ticket", flat=True)
    return {str(one) for one in (*answered, *taught)}


async def every_in_use(at: datetime) -> list[Edition]:
    return await Edition.filter(current=True, valid_to__gte=day_of(at)).order_by("-id").limit(ROWS_MAX)


def asked_last_before(before: datetime) -> QuerySet[Proposal]:
    return Proposal.filter(last_at__lt=before)


async def answered_from(no: str, number: int) -> list[str]:
    """Numbers of all tickets that were answered from that edition; who may open which is the tickets' own query."""
    found = Answered.filter(article=no, edition=number).order_by("-id")
    return [str(one) for one in await found.values_list("ticket", flat=True)]


async def how_many_heard(editions: Sequence[Edition]) -> dict[int, int]:
    """Edition → how many tickets were answered from it, in one query."""
    found = await Answered.filter(article__in=[one.no for one in editions]).values_list("article", "edition")
    counted = Counter(found)
    return {one.id: counted[(one.no, one.number)] for one in editions}


def wrong_pins() -> QuerySet[Edition]:
    """What was answered from these turned out to be wrong: a column `pin` to compare with."""
    return Edition.exclude(wrong_since=None)


def heard_wrongly(article: str) -> QuerySet[Answered]:
    """The answers that were given from an edition of that article which turned out to be wrong."""
    wrong = Edition.filter(no=article).exclude(wrong_since=None)
    return Answered.filter(article=article, edition__in=Subquery(wrong.values("number")))


async def wrong_editions() -> list[Edition]:
    return await Edition.exclude(wrong_since=None).order_by("-wrong_since").limit(LISTED_MAX)


async def to_remind(at: datetime, limit: int) -> list[Article]:
    soon = Article.filter(state=ArticleState.PUBLISHED, valid_to__lte=day_of(at) + REMIND_BEFORE)
    return [one for one in await soon.order_by("valid_to").limit(limit) if one.reminded_for != one.valid_to]


async def to_expire(at: datetime, limit: int) -> list[Article]:
    return await Article.filter(state=ArticleState.PUBLISHED, valid_to__lt=day_of(at)).order_by("id").limit(limit)


async def numbered(nos: Sequence[str]) -> list[Edition]:
    return await Edition.filter(no__in=list(nos), current=True)


async def public_numbered(nos: Sequence[str]) -> list[Edition]:
    """As search shows them: whether one is out of date is the night's own move, which tells search, too."""
    found = Edition.filter(no__in=list(nos), current=True, visibility=Visibility.PUBLIC)
    return await found.select_related("article")


async def answered_since(nos: Sequence[str], since: datetime) -> dict[str, int]:
    """Article → how many tickets were answered from it."""
    counted = Answered.filter(article__in=list(nos), at__gte=since).annotate(times=Count("id")).group_by("article")
    return {str(no): int(times) for no, times in await counted.values_list("article", "times")}


async def public_named(words: str, limit: int) -> list[Edition]:
    found = Edition.filter(Q(title__icontains=words) | Q(no=words), current=True, visibility=Visibility.PUBLIC)
    return await found.order_by("-id").limit(limit)


async def following(last: int, limit: int) -> list[Edition]:
    return await Edition.filter(current=True, id__gt=last).order_by("id").limit(limit)


async def path_of_owner(code: str) -> str:
    """Empty when that unit is no longer there."""
    unit = await active_organisation(code)
    return unit.path if unit else ""
