"""Every read of clusters: the centre sees its region's."""

from collections.abc import Collection

from tortoise.queryset import QuerySet

from hotline.clusters.models import Cluster
from hotline.permissions import P
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
