"""Reads of flags: whose number it is, is asked by its index."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tortoise.queryset import QuerySet

from hotline.flags.models import Flag
from hotline.flags.states import FlagState
from hotline.permissions import P
from hotline.tickets.rules import phone_index
from kernel import journal
from kernel.citytime import day_of
from kernel.errors import NotFound
from kernel.permissions import Actor
from kernel.scopes import within
from kernel.secrets import masking

LISTED_MAX = 100


@dataclass(frozen=True, slots=True)
class Line:
    flag: Flag
    phone: str  # masked
    reason: str
    over: bool


def visible_to(actor: Actor) -> QuerySet[Flag]:
    scopes = {*actor.powers.get(P.CALLER_FLAG, ()), *actor.powers.get(P.CALLER_FLAG_CONFIRM, ())}
    return Flag.filter(within("region_path", scopes))


async def one(actor: Actor, no: str) -> Flag:
    found = await visible_to(actor).filter(no=no).first()
    if found is None:
        raise NotFound(what="这条标注")
    return found


async def of_phone(phone: str, at: datetime) -> list[Flag]:
    """What the desk is told when this number calls."""
    mine = Flag.filter(phone_index=phone_index(phone), state=FlagState.IN_FORCE, valid_to__gte=day_of(at))
    return await mine.order_by("id")


async def listed(actor: Actor, at: datetime) -> list[Line]:
    """What waits for a second person first, then the newest."""
    rows = await visible_to(actor).order_by("-id").limit(LISTED_MAX)
    texts = await journal.unsealed_all([row.ref for row in rows], ("phone", "reason"))
    lines = [
        Line(
            row,
            masking.mask_phone(texts[row.ref, "phone"]) if (row.ref, "phone") in texts else "",
            texts.get((row.ref, "reason"), ""),
            over=row.valid_to < day_of(at),
        )
        for row in rows
    ]
    return sorted(lines, key=lambda line: line.flag.state != FlagState.PROPOSED)


async def clear(past: datetime, limit: int) -> int:
    """Number and reason of what ended before then."""
    old = await Flag.filter(valid_to__lt=past.date(), phone_index__isnull=False).limit(limit)
    for flag in old:
        await Flag.filter(id=flag.id).update(phone_index=None)
        await journal.erase(flag.ref, ("phone", "reason"))
    return len(old)


KEPT_AFTER = timedelta(days=365)
