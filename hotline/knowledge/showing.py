"""An article as one person sees it: the list, one article with what may be done to it, one edition, the queues."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from hotline.categories import queries as categories
from hotline.knowledge import queries
from hotline.knowledge.forms import QUERY_CHARS_MAX, Visibility
from hotline.knowledge.models import Article, Edition
from hotline.knowledge.rules import REMIND_BEFORE
from hotline.knowledge.states import ArticleState
from hotline.permissions import P
from hotline.tickets import queries as tickets
from kernel.citytime import day_of
from kernel.errors import FormRejected, NotFound
from kernel.happenings import Happening
from kernel.offers import offers
from kernel.people import queries as people
from kernel.permissions import Actor

WRITERS = (P.ARTICLE_EDIT, P.ARTICLE_APPROVE)
READERS = (P.ARTICLE_READ, *WRITERS)
FORWARD = ("publish", "submit", "edit")  # the one filled button, in this order
PROPOSED_FOR = timedelta(days=365)
IN_USE, SOON = "", "soon"
VIEWS = {IN_USE: "在用"} | {state.value: state.label for state in ArticleState} | {SOON: "即将到期"}
QUEUES = {"feedback": "反馈", "unanswered": "没有答案的问题", "proposals": "可学的答复", "wrong": "已更正的错误"}
TONES = {
    ArticleState.DRAFT: "wait", ArticleState.SUBMITTED: "soon", ArticleState.PUBLISHED: "ok",
    ArticleState.EXPIRED: "late", ArticleState.WDRAWN: "done",
}  # fmt: skip


def at_desk(actor: Actor) -> bool:
    return any(actor.may_anywhere(one) for one in READERS)


def writes(actor: Actor) -> bool:
    return any(actor.may_anywhere(one) for one in WRITERS)


def words_of(params: Mapping[str, str]) -> str:
    return params.get("q", "")[:QUERY_CHARS_MAX].strip()


async def units() -> dict[str, str]:
    return {unit.code: unit.name for unit in await people.agencies()}


async def listing(actor: Actor, params: Mapping[str, str], at: datetime) -> dict[str, Any]:
    """What is in use, for everyone at the desk; by state with its drafts, for who writes or approves."""
    words, view, writer = words_of(params), params.get("state", IN_USE), writes(actor)
    if view not in VIEWS or (view and not writer):
        raise FormRejected({"state": "没有这个筛选。"})
    if view == IN_USE:
        rows: list[Any] = list(await queries.find(actor, words, at, queries.LISTED_MAX))
    else:
        before = day_of(at) + REMIND_BEFORE if view == SOON else None
        rows = list(await queries.listed(actor, state="" if before else view, words=words, before=before))
    return {
        "rows": rows, "views": VIEWS if writer else {}, "view": view, "words": words, "writer": writer,
        "may_write": actor.may_anywhere(P.ARTICLE_EDIT), "units": await units(), "tones": TONES,
        "names": await categories.names(), "full": len(rows) == queries.LISTED_MAX, "queues": QUEUES,
    }  # fmt: skip


async def whole(actor: Actor, no: str, at: datetime) -> dict[str, Any]:
    """The article as it is being written for who writes it, the edition in use for who answers from it."""
    article = await queries.visible_to(actor, [no]).first()
    edition = await queries.in_use(actor, no, at)
    found: Article | Edition | None = article or edition
    if found is None:
        raise NotFound(what="这条知识")
    return {
        "article": article, "edition": edition, "found": found, "tones": TONES, "units": await units(),
        "category": (await categories.names()).get(found.category or "", "未分类"),
        "offers": await offers(article, actor, at, forward=FORWARD) if article else [],
        "editions": await queries.editions(article) if article else [],
        "happenings": await _story(article) if article else [],
        "may_tell": edition is not None and actor.may_anywhere(P.ARTICLE_READ),
    }  # fmt: skip


async def _story(article: Article) -> list[Happening]:
    entries = await queries.story(article)
    names = await people.names({entry.actor_id for entry in entries})
    told = []
    for entry in entries:
        reason = str(entry.facts.get("reason", ""))
        texts = [("理由", reason)] if reason else []
        if entry.facts.get("wrong"):
            texts.append(("原内容", "有错误，已停用"))
        label = article.moves[entry.move].label
        told.append(Happening(entry.at, label, names.get(entry.actor_id, ""), tuple(texts)))
    return told


@dataclass(frozen=True, slots=True)
class Start:
    """What the form of a new article begins with."""

    title: str
    body: str
    source: str
    owner: str
    category: str | None
    valid_to: date
    proposal: int
    visibility: Visibility = Visibility.STAFF
    words: str = ""


async def start(number: int | None, at: datetime) -> Start | None:
    """From a proposal that waits: its question, the released answer and where that comes from."""
    found = await queries.proposal(number) if number is not None else None
    if found is None:
        return None
    today = day_of(at)
    return Start(
        title=found.question[:80], body=found.body, source=f"工单 {found.ticket} 已公开的答复", owner=found.owner,
        category=found.category, valid_to=today + PROPOSED_FOR, proposal=found.id,
    )  # fmt: skip


async def written(actor: Actor, article: Article | None, begun: Start | None = None) -> dict[str, Any]:
    """What the form of an article offers to choose from."""
    return {
        "article": article,
        "given": article or begun,
        "owner_options": [*(await units()).items()],
        "category_options": [(leaf.code, leaf.path_name) for leaf in await categories.leaves()],
        "visibility_options": [(one.value, one.label) for one in Visibility],
    }


async def one_edition(actor: Actor, no: str, number: int) -> dict[str, Any]:
    """One edition, and of the tickets that were answered from it those that this person may see."""
    found = await queries.edition(actor, no, number)
    heard = await queries.answered_from(no, number)
    seen = await tickets.visible_to(actor, heard).order_by("-id").limit(queries.LISTED_MAX)
    category = (await categories.names()).get(found.category or "", "未分类")
    return {"found": found, "units": await units(), "category": category, "heard": len(heard), "tickets": seen}


async def queue(name: str) -> dict[str, Any]:
    """One of QUEUES with what its lines need. Raises NotFound."""
    shown: dict[str, Any] = {"queue": name, "queues": QUEUES, "heard": {}, "titles": {}}
    if name == "feedback":
        told = await queries.feedback()
        titles = {one.no: one.title for one in await queries.numbered([row.article for row in told])}
        return shown | {"rows": told, "titles": titles}
    if name == "unanswered":
        return shown | {"rows": await queries.unanswered()}
    if name == "proposals":
        return shown | {"rows": await queries.waiting_proposals()}
    if name == "wrong":
        wrong = await queries.wrong_editions()
        return shown | {"rows": wrong, "heard": await queries.how_many_heard(wrong)}
    raise NotFound(what="这个清单")
