"""The verbs of a cluster."""

from datetime import datetime
from typing import Unpack

from hotline.clusters import forms
from hotline.clusters.models import Cluster
from kernel import numbering
from kernel.kinds import verbs
from kernel.lifecycle import Way, move
from kernel.permissions import Actor


async def draw_number(at: datetime) -> str:
    return await numbering.draw(Cluster.prefix, at)


async def reserve_number(at: datetime) -> None:
    """Outside of any transaction, for a move that begins a cluster inside its own."""
    await numbering.reserve(Cluster.prefix, at, 1)


async def begin(facts: forms.Gather, *, no: str, region: str, by: Actor, at: datetime) -> Cluster:
    return await move(Cluster(no=no, region_path=region), "begin", facts, by=by, at=at, version=0)


async def add(cluster: Cluster, facts: forms.Add, **way: Unpack[Way]) -> Cluster:
    return await move(cluster, "add", facts, **way)


async def remove(cluster: Cluster, facts: forms.Remove, **way: Unpack[Way]) -> Cluster:
    return await move(cluster, "remove", facts, **way)


async def reply(cluster: Cluster, facts: forms.BatchReply, **way: Unpack[Way]) -> Cluster:
    return await move(cluster, "reply", facts, **way)


async def close(cluster: Cluster, facts: forms.End, **way: Unpack[Way]) -> Cluster:
    return await move(cluster, "close", facts, **way)


VERBS = verbs(add, remove, reply, close)
