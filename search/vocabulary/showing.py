"""A version beside the one in force: what it adds and retires, and what one question becomes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kernel.lifecycle import asked_moves
from kernel.people import queries as people
from kernel.permissions import Actor
from search import answering
from search.answering import Answer
from search.forms import QUERY_SIGNS_MAX
from search.inquiry import Asked
from search.permissions import P
from search.vocabulary import entries, queries
from search.vocabulary.models import VocabularyEdition
from search.vocabulary.rules import said
from search.vocabulary.states import EditionState

TONES = {
    EditionState.PROPOSED: "soon", EditionState.PUBLISHED: "ok", EditionState.REFUSED: "late",
    EditionState.WDRAWN: "done",
}  # fmt: skip
TRIED_HITS = 5


@dataclass(frozen=True, slots=True)
class Tried:
    """One question under the vocabulary in force and under another, as this reader would get them."""

    q: str
    before: Answer
    after: Answer


async def whole(actor: Actor) -> dict[str, Any]:
    editions = await queries.listed(actor)
    published = [one for one in editions if one.state is EditionState.PUBLISHED]
    in_force = max(published, key=lambda one: (one.settled_at, one.id), default=None)
    return {
        "editions": editions, "in_force": in_force, "tones": TONES, "names": await _names(editions),
        "shipped": entries.shipped_text(), "may_draft": actor.may_anywhere(P.VOCABULARY_DRAFT),
    }  # fmt: skip


async def edition(actor: Actor, no: str, at: datetime, q: str) -> dict[str, Any]:
    found = await queries.one(actor, no)
    now, then = said(await queries.lines_in_force()), said(found.lines)
    offers = [(move, str(refusal or "")) for move, refusal in await asked_moves(found, actor, at)]
    return {
        "edition": found, "tones": TONES, "names": await _names([found]), "reasons": await queries.reasons(found),
        "added": sorted(then - now), "gone": sorted(now - then), "offers": offers,
        "tried": await tried(actor, found.lines, q),
    }  # fmt: skip


async def tried(actor: Actor, lines: str, q: str) -> Tried | None:
    """Raises FormRejected for lines that can't be read."""
    if not (words := q.strip()[:QUERY_SIGNS_MAX]):
        return None
    asked, other = Asked(q=words, limit=TRIED_HITS), entries.composed(lines)
    before = await answering.answer(asked, by=actor)
    return Tried(words, before, await answering.answer(asked, by=actor, vocabulary=other))


async def _names(editions: list[VocabularyEdition]) -> dict[int, str]:
    ids = {one.proposed_by for one in editions} | {one.settled_by for one in editions if one.settled_by}
    return await people.names(ids)
