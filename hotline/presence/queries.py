"""Who else is at a ticket now."""

from datetime import datetime, timedelta

from tortoise.queryset import QuerySet

from hotline.presence.models import Presence
from hotline.tickets.models import Ticket
from kernel.people import queries as people
from kernel.permissions import Actor
from kernel.upkeep.kept import delete_some

BEAT_S = 8  # how often a page says that it is open; at most ten seconds
GONE_AFTER = timedelta(seconds=20)
SHOWN_MAX = 5


def of(ticket: Ticket, actor: Actor) -> QuerySet[Presence]:
    return Presence.filter(ticket=ticket.no, account_id=actor.id)


async def others(ticket: Ticket, actor: Actor, at: datetime) -> list[str]:
    """Names, whoever came last first."""
    here = Presence.filter(ticket=ticket.no, seen_at__gt=at - GONE_AFTER).exclude(account_id=actor.id)
    ids = [
        int(str(one)) for one in await here.order_by("-seen_at").limit(SHOWN_MAX).values_list("account_id", flat=True)
    ]
    names = await people.names(ids)
    return [names[one] for one in ids if one in names]


async def clear(past: datetime, limit: int) -> int:
    return await delete_some(Presence.filter(seen_at__lt=past), limit)
