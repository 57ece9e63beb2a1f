"""Candidates for one and the same matter (疑似重复): a person decides, so a few too many do no harm, one too few does.

Whoever calls again about what is open, whatever bears the same title, and what reads alike among the open tickets of
the last two weeks: the newest of all, for a category may be guessed wrong, and more of the same or a neighbouring
category. Titles are all that is compared: contents are sealed."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from hotline.categories import queries as categories
from hotline.suggestions.learning import plain
from hotline.tickets import queries
from hotline.tickets.models import Ticket
from kernel.permissions import Actor

SHOWN_MAX, COMPARED_MAX = 5, 1_000
WITHIN = timedelta(days=14)
SIBLING_DIGITS = 4  # of six: the same second level of the tree
ALIKE_MIN = 0.55
SAME_AREA, NEWEST = 0.15, 0.1  # what place and time add to a likeness between 0 and 1


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of the matter while it is written down; every part but the title may be empty."""

    title: str
    content: str = ""
    phone_index: str | None = None
    area: str | None = None
    categories: Collection[str] = ()
    but: int = 0  # the ticket's own row number


async def candidates(told: Told, *, by: Actor, at: datetime) -> list[Ticket]:
    """The likeliest first: the same caller or title, then what reads alike. At most `SHOWN_MAX`."""
    same = await queries.similar(by, told.title, told.phone_index, but=told.but, limit=SHOWN_MAX)
    if len(same) == SHOWN_MAX:
        return same
    rows = await queries.lately(by, at - WITHIN, but=told.but, limit=COMPARED_MAX)
    if told.categories and len(rows) == COMPARED_MAX:
        nearby = await _siblings(told.categories)
        rows += await queries.lately(by, at - WITHIN, nearby, but=told.but, limit=COMPARED_MAX)
    known, asked = {one.id for one in same}, _pairs(told.title)
    heard = asked | _pairs(told.content)
    scored = []
    for number, title, area, registered_at in {*rows}:
        if number not in known and (alike := likeness(_pairs(title), asked, heard)) >= ALIKE_MIN:
            age = min((at - registered_at) / WITHIN, 1.0)
            beside = SAME_AREA if told.area and area == told.area else 0.0
            scored.append((alike + beside + NEWEST * (1 - age), number))
    scored.sort(reverse=True)
    return same + await queries.with_ids([number for _, number in scored[: SHOWN_MAX - len(same)]])


def likeness(title: Collection[str], asked: Collection[str], heard: Collection[str]) -> float:
    """0 to 1: the cosine of the two titles' pairs of characters, or how much of that title was heard so far."""
    if not title or not heard:
        return 0.0
    of_words = sum(pair in heard for pair in title) / len(title)
    if not asked:
        return of_words
    shared = sum(pair in asked for pair in title)
    return max(of_words, float(shared / (len(title) * len(asked)) ** 0.5))


def _pairs(text: str) -> set[str]:
    told = plain(text)
    return {told[n : n + 2] for n in range(len(told) - 1)}


async def _siblings(codes: Collection[str]) -> list[str]:
    near = {code[:SIBLING_DIGITS] for code in codes}
    return [leaf.code for leaf in await categories.leaves() if leaf.code[:SIBLING_DIGITS] in near]
