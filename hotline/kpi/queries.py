"""Rows that are counted and are no things of the hotline: what people said of its tickets."""

from typing import Any

from tortoise.expressions import Subquery

from hotline.tickets import queries as tickets
from kernel.permissions import Actor
from kernel.ratings.models import Rating
from oversight.kpi.queries import Number


def ratings(actor: Actor) -> Any:
    """好差评 of the tickets that this person may see."""
    of_tickets = Rating.filter(subject__startswith="ticket:").annotate(ticket_no=Number("subject", "ticket:", ""))
    return of_tickets.filter(ticket_no__in=Subquery(tickets.visible_to(actor).values("no")))
