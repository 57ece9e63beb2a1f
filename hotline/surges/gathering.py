"""What the moves of an alert write beside their facts, and how its sample becomes a cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hotline.clusters.forms import Gather
from hotline.clusters.models import Cluster
from hotline.surges import forms
from hotline.tickets.rules import NotNow
from kernel.lifecycle import Step, guard
from kernel.permissions import Actor

if TYPE_CHECKING:
    from hotline.surges.models import Surge


def begun(surge: Surge, facts: forms.Begin, by: Actor, at: datetime) -> Mapping[str, Any]:
    return {"begun_at": at}


def by_whom(surge: Surge, facts: forms.Acknowledge, by: Actor, at: datetime) -> Mapping[str, Any]:
    return {"acknowledged_by": by.name}


@guard("还没有建立群体事件", early=True)
async def not_gathered_yet(step: Step, by: Actor, at: datetime) -> None:
    if step.thing.cluster is not None:
        raise NotNow(reason=f"已建立群体事件 {step.thing.cluster}，请到事件里加入工单。")


def numbered(surge: Surge, facts: forms.Numbered, by: Actor, at: datetime) -> Mapping[str, Any]:
    return {"cluster": facts.cluster}


async def begin_cluster(surge: Surge, facts: forms.Numbered, by: Actor, at: datetime) -> Sequence[Step]:
    """The cluster's own guards look at every ticket as if it had been begun by hand."""
    cluster = Cluster(no=facts.cluster, region_path=surge.region_path)
    return [Step(cluster, "begin", Gather(title=facts.title, tickets=facts.tickets))]
