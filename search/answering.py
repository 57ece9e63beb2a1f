"""One question, one page of answers: both indexes asked under the reader's filter, merged, read anew, checked again."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from time import perf_counter

from kernel.permissions import ANONYMOUS, Actor
from kernel.searchable import Document, account_token
from search import asking, cursor, highlights, regions
from search.asking import Question
from search.cursor import Place
from search.engine import EngineAwayError, Found, Hit, Part, Sort
from search.highlights import Segment
from search.indexing import indexing
from search.inquiry import Asked, Inquiry, Located
from search.query import Every
from search.records import Read, read
from search.trimming import filter_for, searchables, still_visible

ANSWER_S_MAX = 2
SUGGESTIONS_MAX = 8
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    document: Document
    kind_label: str
    title: tuple[Segment, ...]
    snippet: tuple[Segment, ...]
    pinned: bool
    restricted: bool
    own: bool


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


@dataclass(frozen=True, slots=True)
class Page:
    located: list[Located]
    total: int
    facets: dict[str, dict[str, int]]
    after: Place | None
    about: bool


async def answer(asked: Asked, *, by: Actor, at_cursor: str = "") -> Answer:
    """Raises Malformed for a cursor that isn't this reader's for this question. An absent index isn't an error."""
    begun, bound_to = perf_counter(), (by.id, by.on_behalf, asked)
    place = cursor.opened(at_cursor, bound_to) if at_cursor else Place()
    question = asking.understood(asked.q)
    try:
        async with asyncio.timeout(ANSWER_S_MAX):
            page = await _found(Inquiry(indexing().engine, question, asked, by), place)
    except (EngineAwayError, TimeoutError) as away:
        log.warning("search answers from the database: %s", away)
        page = await _from_database(question, asked, by)
        degraded = True
    else:
        degraded = False
    items = await _items(page.located, question, by)
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


async def _found(inquiry: Inquiry, place: Place) -> Page:
    pinned = await inquiry.pinned()
    starts, limit = dict(zip(Part, place.starts, strict=True)), inquiry.asked.limit
    ranked = inquiry.ranked(starts, without=tuple(one.hit.key for one in pinned))
    found, facets = await asyncio.gather(ranked, inquiry.facets())
    first = pinned if place.page == 1 else []
    taken = _merged(found, starts, inquiry.asked.sort)[: limit - len(first)]
    ends = {part: starts[part] + sum(one.part is part for one in taken) for part in Part}
    more = any(ends[part] < result.total for part, result in found.items())
    return Page(
        located=first + taken,
        total=sum(result.total for result in found.values()) + len(pinned),
        facets=facets,
        after=place.then(ends[Part.PUBLIC], ends[Part.RESTRICTED]) if more else None,
        about=False,
    )


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
    return Page(located[: asked.limit], min(len(located), asked.limit), {}, None, about=True)


def _mine(seen: Read, by: Actor) -> bool:
    return seen.restricted is not None and bool(set(seen.restricted.acl) & set(_acl_of(seen.restricted.kind, by)))


def _acl_of(kind: str, by: Actor) -> tuple[str, ...]:
    return searchables()[kind].acl_of(by)


async def _items(located: Iterable[Located], question: Question, by: Actor) -> tuple[Item, ...]:
    wanted = list(located)
    seen = await read(list(dict.fromkeys(one.hit.key for one in wanted)))
    shown = [(one, document) for one in wanted if (document := seen[one.hit.key].of(one.part))]
    visible = await still_visible(by, [(one.part, document) for one, document in shown])
    return tuple(_item(one, document, question, by) for one, document in shown if (one.part, one.hit.key) in visible)


def _item(one: Located, document: Document, question: Question, by: Actor) -> Item:
    return Item(
        document=document,
        kind_label=kind_label(document.kind),
        title=highlights.segments(document.title, question.terms),
        snippet=highlights.snippet(document.body, question.terms),
        pinned=one.pinned,
        restricted=one.part is Part.RESTRICTED,
        own=not by.anonymous and account_token(by.owner) in document.acl,
    )


def kind_label(kind: str) -> str:
    searchable = searchables().get(kind)
    return searchable.label if searchable else kind


async def _values(name: str, counts: Mapping[str, int], asked: Asked) -> tuple[FacetValue, ...]:
    if name == "region":
        return tuple(FacetValue(*one) for one in await regions.choices(counts, asked.region))
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(FacetValue(value, kind_label(value) if name == "kind" else value, count) for value, count in ordered)
