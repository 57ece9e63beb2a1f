"""Reads of ratings; what is published hides groups in which somebody could be recognised."""

from dataclasses import dataclass
from typing import Any

from kernel import journal, secrets
from kernel.errors import NotFound
from kernel.models import Thing
from kernel.permissions import Actor
from kernel.ratings.forms import LEVELS
from kernel.ratings.models import Rating
from kernel.ratings.permissions import P
from kernel.ratings.states import RatingState
from kernel.scopes import within
from kernel.secrets.masking import mask_text

SHOWN = 100
K = 5  # fewer than that in a cell: the cell isn't told


@dataclass(frozen=True, slots=True)
class Statistics:
    """`count` None: fewer than K ratings. `levels`: level → count, None where a cell or its only neighbour is small."""

    count: int | None
    levels: dict[int, int | None]


def visible_to(actor: Actor) -> Any:
    return Rating.filter(within("owner_path", actor.powers.get(P.RATING_READ, ())))


def person_of(thing: Thing) -> str:
    """A keyed hash of whose it is: an account, or whoever was given the query code."""
    holder = getattr(thing, "owner_id", None) or "code"  # the owner who comes with the code is the same person
    return secrets.blind_index("rating", f"{thing.ref}:{holder}").hex()


async def given(subject: str, person: str) -> Rating | None:
    return await Rating.get_or_none(subject=subject, person=person)


async def waiting(actor: Actor) -> list[Rating]:
    """Low ones that nobody has come back to, the most urgent first."""
    found: list[Rating] = await visible_to(actor).filter(state=RatingState.LOW).order_by("due_at", "id").limit(SHOWN)
    return found


async def one(actor: Actor, no: str) -> Rating:
    found: Rating | None = await visible_to(actor).filter(no=no).first()
    if found is None:
        raise NotFound(what="这条评价")
    return found


async def statistics_for(actor: Actor) -> Statistics:
    """Of all that this person may read."""
    counts = {level: await visible_to(actor).filter(level=level).count() for level in LEVELS}
    return published(counts)


async def statistics(owner_path: str) -> Statistics:
    """Of everything below one place in the tree."""
    counts = {level: await Rating.filter(owner_path__startswith=owner_path, level=level).count() for level in LEVELS}
    return published(counts)


def published(counts: dict[int, int]) -> Statistics:
    """k-anonymity: a small cell is hidden, and so is one more when the sum would give it away."""
    total = sum(counts.values())
    if total < K:
        return Statistics(None, dict.fromkeys(counts))
    shown: dict[int, int | None] = {
        level: count if count == 0 or count >= K else None for level, count in counts.items()
    }
    hidden = [level for level, count in shown.items() if count is None]
    if (hidden and sum(counts[level] for level in hidden) < K) or len(hidden) == 1:
        others = [level for level, count in shown.items() if count]
        if not others:
            return Statistics(total, shown)
        shown[min(others, key=lambda level: counts[level])] = None
    return Statistics(total, shown)


async def text(rating: Rating) -> str:
    """What was written, without what names a person."""
    return mask_text(await journal.unsealed(rating.ref, "text") or "")
