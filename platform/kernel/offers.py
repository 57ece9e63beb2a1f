"""What a person could do with a thing now, the next step forward first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kernel.lifecycle import asked_moves
from kernel.models import Thing
from kernel.permissions import Actor


@dataclass(frozen=True, slots=True)
class Offer:
    """A move that this person could make: with a sentence instead when a rule stands against it now."""

    name: str
    label: str
    reason: str
    first: bool


async def offers(thing: Thing, actor: Actor, at: datetime, *, forward: Sequence[str]) -> list[Offer]:
    """`forward`: which move is the one filled button, in this order; what a rule stands against comes last."""
    asked = await asked_moves(thing, actor, at)
    ready = {move.name for move, refusal in asked if refusal is None}
    ahead = next((name for name in forward if name in ready), "")
    found = [Offer(move.name, move.label, str(refusal or ""), move.name == ahead) for move, refusal in asked]
    return sorted(found, key=lambda offer: (not offer.first, bool(offer.reason)))
