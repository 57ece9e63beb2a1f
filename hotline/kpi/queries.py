"""Units that are compared, and rows that are no things of the hotline: what people said of its tickets."""

from collections import Counter
from datetime import date
from typing import Any

from tortoise.expressions import Subquery

from hotline.knowledge import queries as knowledge
from hotline.tickets import queries as tickets
from kernel.citytime import day_of
from kernel.people import queries as people
from kernel.permissions import Actor
from kernel.ratings.models import Rating
from oversight.kpi.queries import Number


async def units() -> dict[str, str]:
    """Path → name of the units that stand beside each other: those under the city's own, each with those under it, so
    that no matter of one is another's."""
    every = await people.agencies()
    depths = Counter(one.path.count("/") for one in every)
    several = (depth for depth in sorted(depths) if depths[depth] > 1)  # above: province and city, a unit each
    top = next(several, 0)
    named = {one.path: one.name for one in every if one.path.count("/") == top}
    return {path: name if [*named.values()].count(name) == 1 else f"{name}（{path}）" for path, name in named.items()}


async def days_answered_wrongly(article: str) -> set[date]:
    """On which days tickets were registered that were answered from an edition of it which turned out to be wrong."""
    heard = Subquery(knowledge.heard_wrongly(article).values("ticket"))
    return {day_of(at) for at in await tickets.registered_when(heard)}


def ratings(actor: Actor) -> Any:
    """好差评 of the tickets that this person may see."""
    of_tickets = Rating.filter(subject__startswith="ticket:").annotate(ticket_no=Number("subject", "ticket:", ""))
    return of_tickets.filter(ticket_no__in=Subquery(tickets.visible_to(actor).values("no")))
