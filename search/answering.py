"""One question, one page of answers: both indexes asked under the reader's filter, merged, read anew, checked again."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from time import perf_counter

from kernel.permissions import ANONYMOUS, Actor
from kernel.searchable import Document, account_token
from search import asking, cursor, explaining, highlights, mending, ranking, regions
from search.asking import Question, Step
from search.bets import queries as bets
from search.bets.models import Bet
from search.cursor import Place
from search.engine import EngineAwayError, Found, Hit, Part, Sort
from search.explaining import Line
from search.highlights import Segment
from search.indexing import indexing
from search.inquiry import Asked, Inquiry, Located
from search.permissions import P
from search.query import Every
from search.ranking import Moment
from search.records import Read, read
from search.trimming import filter_for, searchables, still_visible
from search.vocabulary import queries as words
from search.vocabulary.entries import Vocabulary

ANSWER_S_MAX = 2
SUGGESTIONS_MAX = 8
FEW = 10  # fewer answers than a page of them: the question is widened
WEAK = 3  # fewer than this: perhaps it was meant otherwise
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    document: Document
    kind_label: str
    title: tuple[Segment, ...]
    snippet: tuple[Segment, ...]
    pinned: bool
    placed: bool
    restricted: bool
    own: bool
    why: tuple[Line, ...]  # for who may ask


@dataclass(frozen=True, slots=True)
class FacetValue:
    value: str
    label: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`about`: something found was withheld at the last check, so the counts are no longer exact."""

    items: tuple[Item, ...]
    facets: Mapping[str, tuple[FacetValue, ...]]
    total: int
    about: bool
    degraded: bool
    withheld: bool
    took_ms: int
    page: int
    next: str | None
    previous: str | None
    did_you_mean: str
    loosened: bool  # what fits in part was added to what fits as a whole
    explain: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Page:
    located: list[Located]
    total: int
    facets: dict[str, dict[str, int]]
    after: Place | None
    about: bool
    question: Question
    did_you_mean: str = ""
    loosened: bool = False


@dataclass(frozen=True, slots=True)
class Sought:
    """What both indexes said, before it is one page: `above` are the pinned and the placed."""

    inquiry: Inquiry
    pinned: list[Located]
    above: list[Located]
    starts: Mapping[Part, int]
    found: dict[Part, Found]
    facets: dict[str, dict[str, int]]
    did_you_mean: str = ""
    loosened: bool = False


async def answer(
    asked: Asked,
    *,
    by: Actor,
    at_cursor: str = "",
    vocabulary: Vocabulary | None = None,
    at: datetime | None = None,
    widen: bool = True,
) -> Answer:
    """By the vocabulary in force, unless another is tried out. `widen`: where little fits, what fits in part as well;
    not for who is told of news. Raises Malformed for a cursor that isn't this reader's for this question. An absent
    index isn't an error."""
    begun, bound_to = perf_counter(), (by.id, by.on_behalf, asked)
    place = cursor.opened(at_cursor, bound_to) if at_cursor else Place()
    at = at or datetime.now(UTC)
    question = asking.understood(asked.q, vocabulary or await words.in_force())
    try:
        async with asyncio.timeout(ANSWER_S_MAX):
            sought = await _sought(Inquiry(indexing().engine, question, asked, by), place, at)
    except (EngineAwayError, TimeoutError) as away:
        log.warning("search answers from the database: %s", away)
        page = await _from_database(question, asked, by)
        degraded = True
    else:
        page = _page(await _enough(sought) if widen else sought, place)
        degraded = False
    items = await _items(page.located, page.question, by, at)
    before = place.before()
    return Answer(
        items=items,
        facets={name: await _values(name, counts, asked) for name, counts in page.facets.items()},
        total=page.total,
        about=page.about or len(items) < len(page.located),
        degraded=degraded,
        withheld=question.withheld,
        took_ms=round((perf_counter() - begun) * 1000),
        page=place.page,
        next=cursor.sealed(page.after, bound_to) if page.after else None,
        previous=cursor.sealed(before, bound_to) if before and not degraded else None,
        did_you_mean=page.did_you_mean,
        loosened=page.loosened,
        explain=page.question.explain,
    )


async def suggestions(text: str) -> list[Document]:
    """From public titles only, whoever asks: nothing can be learnt here that isn't on the street."""
    tree = Every((asking.title_only(text),), within=(filter_for(ANONYMOUS, Part.PUBLIC),))
    try:
        found = await indexing().engine.find(Part.PUBLIC, tree, sort=Sort.BEST, start=0, limit=SUGGESTIONS_MAX)
    except EngineAwayError:
        return []
    seen = await read([hit.key for hit in found.hits])
    return [document for hit in found.hits if (document := seen[hit.key].public)]


async def _sought(inquiry: Inquiry, place: Place, at: datetime) -> Sought:
    live = await bets.live_for(inquiry.asked.q, at)
    inquiry = replace(inquiry, kept_out=bets.kept_out(live))
    pinned = await inquiry.pinned()
    above = [*pinned, *await _placed(inquiry, pinned, bets.pinned(live))]
    starts = dict(zip(Part, place.starts, strict=True))
    keys = tuple(one.hit.key for one in above)
    found, facets = await asyncio.gather(inquiry.ranked(starts, without=keys), inquiry.facets(above=keys))
    return Sought(inquiry, pinned, above, starts, found, facets)


async def _enough(sought: Sought) -> Sought:
    """Too little is widened, each step holding what the one before it found; the same for every page of a question, as
    its totals are. A server without the time for it leaves what there is."""
    if not _has_fewer(sought, FEW):
        return sought
    try:
        async with asyncio.timeout(ANSWER_S_MAX):
            if _has_fewer(sought, WEAK):
                better = await mending.did_you_mean(sought.inquiry.engine, sought.inquiry.question)
                sought = replace(sought, did_you_mean=better)
            return await _widened(sought)
    except (EngineAwayError, TimeoutError) as away:
        log.warning("a question with few answers is not widened: %s", away)
        return sought


async def _widened(sought: Sought) -> Sought:
    without, whole = tuple(one.hit.key for one in sought.above), _total(sought.found)
    respelled = partial(asking.respelled, spelled=sought.did_you_mean)
    for widen in (respelled, asking.looser, asking.by_sound, asking.anything):
        if not _has_fewer(sought, FEW):
            break
        wider = await asyncio.to_thread(widen, sought.inquiry.question)
        if wider is not None:
            inquiry = replace(sought.inquiry, question=wider)
            sought = replace(sought, inquiry=inquiry, found=await inquiry.ranked(sought.starts, without=without))
    return replace(sought, facets=await sought.inquiry.facets(above=without), loosened=_total(sought.found) > whole)


def _page(sought: Sought, place: Place) -> Page:
    limit, found, starts = sought.inquiry.asked.limit, sought.found, sought.starts
    first = sought.above[:limit] if place.page == 1 else []
    taken = _merged(found, starts, sought.inquiry.asked.sort)[: limit - len(first)]
    ends = {part: starts[part] + sum(one.part is part for one in taken) for part in Part}
    more = any(ends[part] < result.total for part, result in found.items())
    return Page(
        located=first + taken,
        total=_total(found) + len(sought.above),
        facets=sought.facets,
        after=place.then(ends[Part.PUBLIC], ends[Part.RESTRICTED]) if more else None,
        about=False,
        question=sought.inquiry.question,
        did_you_mean=sought.did_you_mean if place.page == 1 else "",
        loosened=sought.loosened,
    )


async def _placed(inquiry: Inquiry, pinned: list[Located], chosen: Mapping[str, Bet]) -> list[Located]:
    """What a person put on top, where the order is ours to choose: public things alone, as they are now."""
    if not chosen or inquiry.asked.sort is not Sort.BEST or inquiry.asked.chosen():
        return []
    found = {one.hit.key for one in pinned}
    seen = await read([ref for ref in chosen if ref not in found])
    return [
        Located(Part.PUBLIC, Hit(ref, 0), placed=f"{bet.no}：{bet.reason}（用到 {bet.last_day}）")
        for ref, bet in chosen.items()
        if ref in seen and seen[ref].public
    ]


def _has_fewer(sought: Sought, than: int) -> bool:
    """A number that was found is what was asked for. By date everything that fits a little would come first, so there
    only nothing is too little."""
    least = than if sought.inquiry.asked.sort is Sort.BEST else 1
    return not sought.pinned and _total(sought.found) < least


def _total(found: Mapping[Part, Found]) -> int:
    return sum(result.total for result in found.values())


def _merged(found: Mapping[Part, Found], starts: Mapping[Part, int], sort: Sort) -> list[Located]:
    """By date where that is asked; else reciprocal rank fusion, which for lists without common items is their ranks
    in turn. Scores of two indexes are never compared. What is the reader's own goes first."""
    ranked = []
    for part, result in found.items():
        for rank, hit in enumerate(result.hits, starts[part]):
            order = {Sort.BEST: rank, Sort.NEWEST: -hit.published, Sort.DEADLINE: hit.deadline}[sort]
            ranked.append((order, part is Part.PUBLIC, rank, Located(part, hit)))
    return [located for *_, located in sorted(ranked, key=lambda one: one[:3])]


async def _from_database(question: Question, asked: Asked, by: Actor) -> Page:
    """Titles and numbers by the modules' own queries: less, but nothing that the reader may not see."""
    found: list[Located] = []
    for kind, searchable in searchables().items():
        if searchable.fallback is None or question.withheld or asked.kind not in ("", kind):
            continue
        nos = await searchable.fallback(by, asked.q, asked.limit)
        found += [Located(Part.RESTRICTED, Hit(f"{kind}:{no}", 0)) for no in nos]
    seen = await read([one.hit.key for one in found])
    located = [one if _mine(seen[one.hit.key], by) else replace(one, part=Part.PUBLIC) for one in found]
    return Page(located[: asked.limit], min(len(located), asked.limit), {}, None, about=True, question=question)


def _mine(seen: Read, by: Actor) -> bool:
    return seen.restricted is not None and bool(set(seen.restricted.acl) & set(_acl_of(seen.restricted.kind, by)))


def _acl_of(kind: str, by: Actor) -> tuple[str, ...]:
    return searchables()[kind].acl_of(by)


async def _items(located: Iterable[Located], question: Question, by: Actor, at: datetime) -> tuple[Item, ...]:
    wanted = list(located)
    seen = await read(list(dict.fromkeys(one.hit.key for one in wanted)))
    shown = [(one, document) for one in wanted if (document := seen[one.hit.key].of(one.part))]
    visible = await still_visible(by, [(one.part, document) for one, document in shown])
    moment = await ranking.moment(at) if by.may_anywhere(P.RANK_READ) else None
    return tuple(
        _item(one, document, question, by, moment) for one, document in shown if (one.part, one.hit.key) in visible
    )


def _item(one: Located, document: Document, question: Question, by: Actor, moment: Moment | None) -> Item:
    return Item(
        document=document,
        kind_label=kind_label(document.kind),
        title=highlights.segments(document.title, question.terms),
        snippet=highlights.snippet(document.body, question.terms),
        pinned=one.pinned,
        placed=bool(one.placed),
        restricted=one.part is Part.RESTRICTED,
        own=not by.anonymous and account_token(by.owner) in document.acl,
        why=explaining.why(one, document, question, moment) if moment else (),
    )


def kind_label(kind: str) -> str:
    searchable = searchables().get(kind)
    return searchable.label if searchable else kind


async def _values(name: str, counts: Mapping[str, int], asked: Asked) -> tuple[FacetValue, ...]:
    if name == "region":
        return tuple(FacetValue(*one) for one in await regions.choices(counts, asked.region))
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(FacetValue(value, kind_label(value) if name == "kind" else value, count) for value, count in ordered)
