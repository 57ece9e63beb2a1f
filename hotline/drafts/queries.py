"""Reads of drafts: everybody their own."""

import json
from dataclasses import dataclass
from datetime import datetime

from tortoise.queryset import QuerySet

from hotline.drafts.models import Draft
from kernel import secrets
from kernel.permissions import Actor
from kernel.upkeep.kept import delete_some

LISTED_MAX = 20  # a place each: the calls that one person has open


@dataclass(frozen=True, slots=True)
class Shown:
    """A draft in clear, for who wrote it; `call` None: written without one."""

    place: str
    call: int | None
    fields: dict[str, str]
    saved_at: datetime

    @property
    def title(self) -> str:
        return self.fields.get("title") or self.fields.get("content", "")[:30] or "还没有写内容"


def of(actor: Actor) -> QuerySet[Draft]:
    return Draft.filter(account_id=actor.id)


async def at(actor: Actor, place: str) -> Shown | None:
    found = await of(actor).filter(place=place).first()
    return _shown(found) if found else None


async def begun(actor: Actor, place: str) -> tuple[Shown | None, list[Shown]]:
    """The draft of this place, and what else this person has begun, the newest first."""
    rows = [_shown(row) for row in await of(actor).order_by("-saved_at").limit(LISTED_MAX)]
    here = next((row for row in rows if row.place == place), None)
    if here is None and len(rows) == LISTED_MAX:
        here = await at(actor, place)
    return here, [row for row in rows if row.place != place]


async def clear(past: datetime, limit: int) -> int:
    return await delete_some(Draft.filter(saved_at__lt=past), limit)


def _shown(row: Draft) -> Shown:
    call = row.place.partition(":")[2]
    fields: dict[str, str] = json.loads(secrets.unseal(row.body, **row.sealed["body"](row)))
    return Shown(row.place, int(call) if call else None, fields, row.saved_at)
