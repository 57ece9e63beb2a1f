"""The verbs of ratings."""

from datetime import datetime
from typing import Unpack

from tortoise.exceptions import IntegrityError

from kernel import kinds, numbering
from kernel.errors import NotFound, Refusal
from kernel.kinds import Kind, verbs
from kernel.lifecycle import Way, move
from kernel.models import Thing
from kernel.permissions import Actor
from kernel.ratings import queries
from kernel.ratings.forms import FollowUp, Rate
from kernel.ratings.models import Rating


class AlreadyRated(Refusal):
    code, text = "already_rated", "您已经评价过这件事项，一件事项只能评价一次。"


class NotYet(Refusal):
    code, text = "not_yet", "{thing}现为“{now}”，办结后才能评价。"


async def draw_number(at: datetime) -> str:
    """Outside of any transaction."""
    return await numbering.draw(Rating.prefix, at)


async def rate(facts: Rate, *, no: str, by: Actor, at: datetime) -> Rating:
    """By whom the matter belongs to (an account, or a query code that was shown); only a keyed hash of them is kept.

    Raises NotFound, NotYet, AlreadyRated."""
    kind, thing = await _rateable(facts.subject, by)
    person = queries.person_of(thing)
    if await queries.given(facts.subject, person):
        raise AlreadyRated
    rating = Rating(
        no=no,
        region_path=thing.region_path,
        owner_path=await kind.answers(thing) if kind.answers else kind.owner(thing),
        person=person,
        tags=[*facts.tags],
        rated_at=at,
    )
    try:
        return await move(rating, "rate", facts, by=by, at=at, version=0)
    except IntegrityError as twice:
        raise AlreadyRated from twice


async def follow_up(rating: Rating, facts: FollowUp, **way: Unpack[Way]) -> Rating:
    return await move(rating, "follow_up", facts, **way)


async def _rateable(subject: str, by: Actor) -> tuple[Kind, Thing]:
    name, _, no = subject.partition(":")
    kind = next((kind for kind in kinds.every() if kind.model.kind == name and kind.rateable), None)
    if kind is None:
        raise NotFound(what="可以评价的事项")
    thing = await kind.load(no)
    if subject not in by.holds and getattr(thing, "owner_id", None) != by.id:
        raise NotFound(what=f"该{kind.model.label}")
    if thing.state.value not in kind.rateable:
        raise NotYet(thing=kind.model.label, now=thing.state.label)
    return kind, thing


RATING_VERBS = verbs(follow_up)
