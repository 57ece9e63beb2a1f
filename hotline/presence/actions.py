"""A page says that it is open, again and again; when it stops, it is gone."""

from datetime import datetime

from hotline.presence import queries
from hotline.presence.models import Presence
from hotline.tickets.models import Ticket
from kernel.database import put
from kernel.permissions import Actor


async def look(ticket: Ticket, *, by: Actor, at: datetime) -> None:
    here = Presence(ticket=ticket.no, account_id=by.id, seen_at=at)
    await put(queries.of(ticket, by), here, seen_at=at)
