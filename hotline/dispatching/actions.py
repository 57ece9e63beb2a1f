"""The verbs of a dispatch rule, and what a ruling leaves behind."""

from datetime import datetime
from typing import Unpack

from hotline.dispatching import forms, queries
from hotline.dispatching.models import DispatchRule, Precedent
from hotline.permissions import P
from hotline.tickets.forms import AssignBinding, RuleObjection
from hotline.tickets.models import Assignment, Ticket
from kernel import numbering
from kernel.kinds import verbs
from kernel.lifecycle import Way, move
from kernel.permissions import Actor


async def propose(facts: forms.Propose, *, no: str, region: str, by: Actor, at: datetime) -> DispatchRule:
    return await move(DispatchRule(no=no, region_path=region), "propose", facts, by=by, at=at, version=0)


async def approve(rule: DispatchRule, facts: forms.Approve, **way: Unpack[Way]) -> DispatchRule:
    return await move(rule, "approve", facts, **way)


async def retire(rule: DispatchRule, facts: forms.Retire, **way: Unpack[Way]) -> DispatchRule:
    return await move(rule, "retire", facts, **way)


VERBS = verbs(approve, retire)


async def draw_number(at: datetime) -> str:
    return await numbering.draw(DispatchRule.prefix, at)


async def note_measure(rule: DispatchRule, answered: int, right: int, *, at: datetime) -> None:
    """No move: what a rule is worth changes by itself every night."""
    await queries.of_id(rule).update(measured_at=at, measured=answered, right=right)
    rule.measured_at, rule.measured, rule.right = at, answered, right


async def remember_objection(share: Assignment, facts: RuleObjection, *, by: Actor, at: datetime) -> None:
    """In the ruling's own transaction; a granted one that names an agency proposes a rule."""
    await share.know("ticket", "agency")
    ticket, granted = share.ticket, facts.granted
    agency = facts.agency if granted else share.agency.code
    await Precedent.create(
        ticket=ticket.no, category=ticket.category, area=ticket.area_code, objected=share.agency.code,
        kind=share.objection, granted=granted, agency=agency, reason=facts.reason, at=at,
    )  # fmt: skip
    if granted and agency:
        await _propose(ticket, agency, facts.reason, f"PDGZ-{share.no.replace('/', '-')}", by, at)


async def remember_binding(
    ticket: Ticket, objected: Assignment, facts: AssignBinding, *, by: Actor, at: datetime
) -> None:
    await Precedent.create(
        ticket=ticket.no, category=ticket.category, area=ticket.area_code, objected=objected.agency.code,
        kind=objected.objection, granted=objected.agency.code != facts.agency, binding=True, agency=facts.agency,
        reason=f"指定办理，裁定纪要 {facts.ruling_file}", at=at,
    )  # fmt: skip


async def _propose(ticket: Ticket, agency: str, reason: str, no: str, by: Actor, at: datetime) -> None:
    if ticket.category is None or not by.may(P.RULE_PROPOSE, ticket.region_path):
        return
    facts = forms.Propose(category=ticket.category, area=ticket.area_code or "", agency=agency, basis=reason)
    await propose(facts, no=no, region=ticket.region_path, by=by, at=at)
