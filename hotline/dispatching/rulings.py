"""Rulings on a dispute: the move and what it leaves behind, in one transaction."""

from typing import Unpack

from hotline.dispatching.actions import remember_binding, remember_objection
from hotline.tickets import actions, queries
from hotline.tickets.forms import AssignBinding, RuleObjection
from hotline.tickets.models import Assignment, Ticket
from kernel.database import transaction
from kernel.kinds import verbs
from kernel.lifecycle import Way


async def rule_objection(share: Assignment, facts: RuleObjection, **way: Unpack[Way]) -> Assignment:
    async with transaction():
        await actions.rule_objection(share, facts, **way)
        await remember_objection(share, facts, by=way["by"], at=way["at"])
    return share


async def assign_binding(ticket: Ticket, facts: AssignBinding, **way: Unpack[Way]) -> Ticket:
    async with transaction():
        objected = await queries.objecting(ticket)
        await actions.assign_binding(ticket, facts, **way)
        assert objected is not None, "a dispute is somebody's"
        await actions.attach_document(facts.ruling_file, objected.ref, by=way["by"], at=way["at"])
        await remember_binding(ticket, objected, facts, by=way["by"], at=way["at"])
    return ticket


RULINGS = verbs(rule_objection, assign_binding)
