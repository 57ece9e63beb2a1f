"""Reads of what belongs to the desks themselves."""

from datetime import datetime

from tortoise.queryset import QuerySet

from hotline.desks.models import Advice, View
from kernel.permissions import Actor
from kernel.upkeep.kept import delete_some

VIEWS_MAX = 8


async def advised(ticket: str) -> str:
    """The agency's code; empty where the operator named none."""
    found = await Advice.filter(ticket=ticket).first()
    return found.agency if found else ""


def views_of(actor: Actor) -> QuerySet[View]:
    return View.filter(account_id=actor.id)


async def views(actor: Actor, desk: str) -> list[View]:
    return await views_of(actor).filter(desk=desk).order_by("id").limit(VIEWS_MAX)


async def clear_advice(past: datetime, limit: int) -> int:
    return await delete_some(Advice.filter(at__lt=past), limit)
