"""Every read of clusters: the centre sees its region's."""

from collections.abc import Collection, Sequence

from tortoise.queryset import QuerySet

from hotline.clusters.models import Cluster
from hotline.clusters.rules import ANSWERABLE
from hotline.permissions import P
from hotline.tickets.models import Ticket
from kernel.clocks import queries as clocks
from kernel.clocks.models import Clock
from kernel.errors import NotFound
from kernel.permissions import Actor
from kernel.scopes import within


def visible_to(actor: Actor) -> QuerySet[Cluster]:
    scopes = actor.powers.get(P.TICKET_READ, ())
    return Cluster.filter(within("region_path", scopes))


async def listed(actor: Actor, states: Collection[str], limit: int) -> list[Cluster]:
    return await visible_to(actor).filter(state__in=list(states)).order_by("-id").limit(limit)


async def one(actor: Actor, no: str) -> Cluster:
    cluster = await visible_to(actor).get_or_none(no=no)
    if cluster is None:
        raise NotFound(what="该群体事件")
    return cluster


async def earliest(members: Sequence[Ticket]) -> Clock | None:
    """Its clock is the earliest of its tickets' (T41), of those that wait for an answer: the others are owed a visit
    each, which stands on their own pages."""
    totals = await clocks.totals([one.ref for one in members if one.state in ANSWERABLE])
    return min((one for one in totals.values() if one.running), key=lambda clock: clock.due_at, default=None)
