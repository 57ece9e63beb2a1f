"""A proposal is noted, and gone when it has been decided: a review that restores the matter doesn't bring it back."""

from datetime import datetime

from hotline.refusals.models import Refusing
from hotline.tickets.forms import Ground
from kernel.permissions import Actor


async def propose(ticket: str, ground: Ground, *, seq: int, by: Actor, at: datetime) -> None:
    await Refusing.create(ticket=ticket, ground=ground, seq=seq, by_id=by.id, at=at)


async def decided(ticket: str) -> None:
    row = await Refusing.get_or_none(ticket=ticket)
    if row is not None:
        await row.delete()
