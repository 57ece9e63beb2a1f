"""Guards and cascades that the table of a cluster's moves names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from hotline.clusters import forms
from hotline.permissions import P
from hotline.tickets import queries as tickets
from hotline.tickets.forms import Along, Gathered
from hotline.tickets.models import Ticket
from hotline.tickets.rules import NotNow
from kernel.errors import FormRejected
from kernel.journal import clear
from kernel.lifecycle import Step, guard
from kernel.permissions import Actor

if TYPE_CHECKING:
    from hotline.clusters.models import Cluster

ANSWERABLE = Ticket.moves["answer_along"].sources
GATHERED = Ticket.moves["gather"].sources


@guard("工单看得到、未办结、不在别的事件里")
async def tickets_can_be_gathered(step: Step, by: Actor, at: datetime) -> None:
    assert isinstance(step.facts, forms.Gather | forms.Add)
    found = {ticket.no: ticket for ticket in await tickets.numbered(step.facts.tickets)}
    for no in step.facts.tickets:
        ticket = found.get(no)
        if ticket is None or not await ticket.may(P.TICKET_READ, by):
            raise FormRejected({"tickets": f"没有编号为“{no}”的工单，请核对编号。"})
        if ticket.state not in GATHERED:
            raise FormRejected({"tickets": f"工单 {no} {ticket.state.label}，不能归入事件，请去掉它。"})
        if ticket.cluster not in (None, step.thing.no):
            raise FormRejected({"tickets": f"工单 {no} 已在事件 {ticket.cluster} 中，请先移出。"})


@guard("工单在这个事件里")
async def tickets_are_in_it(step: Step, by: Actor, at: datetime) -> None:
    assert isinstance(step.facts, forms.Remove)
    mine = {ticket.no for ticket in await tickets.of_cluster(step.thing.no)}
    if missing := sorted({*step.facts.tickets} - mine):
        raise FormRejected({"tickets": f"工单 {missing[0]} 不在这个事件里。"})


@guard("有还没答复的工单", early=True)
async def somebody_waits(step: Step, by: Actor, at: datetime) -> None:
    if not await _waiting(step.thing):
        raise NotNow(reason="事件里没有等待答复的工单。")


@guard("每件工单都已答复或移出", early=True)
async def nobody_waits(step: Step, by: Actor, at: datetime) -> None:
    if waiting := await _waiting(step.thing):
        raise NotNow(reason=f"还有 {len(waiting)} 件工单没有答复，请先统一答复或移出。")


async def gather(cluster: Cluster, facts: forms.Gather | forms.Add, by: Actor, at: datetime) -> Sequence[Step]:
    return [Step(one, "gather", Gathered(cluster=cluster.no)) for one in await tickets.numbered(facts.tickets)]


async def let_go(cluster: Cluster, facts: forms.Remove, by: Actor, at: datetime) -> Sequence[Step]:
    return [Step(one, "gather", Gathered()) for one in await tickets.numbered(facts.tickets)]


async def answer_all(cluster: Cluster, facts: forms.BatchReply, by: Actor, at: datetime) -> Sequence[Step]:
    """One reply a ticket, and for each a return visit of its own."""
    along = Along.model_construct(body=facts.body, replied_with=cluster.ref)
    assert clear(facts.body)
    return [Step(one, "answer_along", along) for one in await _waiting(cluster)]


async def _waiting(cluster: Cluster) -> list[Ticket]:
    return [one for one in await tickets.of_cluster(cluster.no) if one.state in ANSWERABLE]
