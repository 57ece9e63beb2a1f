"""Guards, columns and cascades of a longer limit: the agency asks, the hotline's manager rules, both are on record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hotline.policies import limits
from hotline.policies.limits import Longer
from hotline.policies.longer import LAWS, LongerBy
from hotline.tickets import forms
from hotline.tickets.forms import Role
from hotline.tickets.rules import NotNow, contact_is_owed
from hotline.tickets.sharing.rules import running
from kernel.calendar import current
from kernel.clocks import arithmetic
from kernel.duties import apart
from kernel.errors import FormRejected
from kernel.lifecycle import Step, guard
from kernel.permissions import Actor

if TYPE_CHECKING:
    from hotline.tickets.models import Assignment, Ticket


# ---- what a move writes into the row


def asked(share: Assignment, facts: forms.AskLonger, by: Actor, at: datetime) -> dict[str, Any]:
    return {"longer_asked": _longer(share, facts)}


def ruled(share: Assignment, facts: forms.Ruling, by: Actor, at: datetime) -> dict[str, Any]:
    """A hard case is a favour and counts as an extension; what the law says is none."""
    wanted = share.longer_asked
    assert wanted is not None, "the guard has looked"
    if not facts.granted:
        return {"longer_asked": None}
    hard = wanted["basis"] == LongerBy.COMPLEX
    return {
        "longer_asked": None, "longer": wanted, "complex": hard, "extensions": share.extensions + int(hard),
        "statutory_basis": None if hard else wanted.get("law"),
    }  # fmt: skip


def prolonged(ticket: Ticket, facts: forms.Prolonged, by: Actor, at: datetime) -> dict[str, Any]:
    longer = Longer(basis=facts.basis.value, policy=facts.policy, law=facts.law, days=facts.days)
    return {"longer": longer, "statutory_basis": facts.law}


def _longer(share: Assignment, facts: forms.AskLonger) -> Longer:
    law = facts.law or LAWS.get(facts.basis)
    return Longer(basis=facts.basis.value, policy=share.policy, law=law, days=facts.days)


# ---- guards


@guard("办理时限到期前申请，没有待批的申请，没有批过，已告知诉求人", early=True)
async def may_ask_for_a_longer_limit(step: Step, by: Actor, at: datetime) -> None:
    share: Assignment = step.thing
    await share.know("ticket")
    clock = await running(share)
    if share.role is Role.DELEGATED:
        raise NotNow(reason="下级承办的时间由上级单位安排，请由上级单位申请。")
    if share.longer_asked or share.extension_open:
        raise NotNow(reason="上一次延期或疑难件、法定时限的申请还没有批。")
    if share.longer:
        raise NotNow(reason=f"已批准按“{LongerBy(share.longer['basis']).label}”的时限办理，不能再申请。")
    if clock is None or clock.step != "handle" or at >= clock.due_at:
        raise NotNow(reason="疑难件和法定时限须在首次办理的时限到期前申请；重办不适用。")
    if share.role is Role.LEAD and await contact_is_owed(share):
        raise NotNow(reason="申请更长的时限前须先告知诉求人，请先记录联系情况。")


@guard("策略规定了这种时限，并且比现在的期限晚")
async def it_is_longer(step: Step, by: Actor, at: datetime) -> None:
    assert isinstance(step.facts, forms.AskLonger)
    if problem := await _why_not(step.thing, _longer(step.thing, step.facts)):
        raise FormRejected({"basis": problem})


@guard("有待批的疑难件或法定时限申请", early=True)
async def a_longer_limit_was_asked_for(step: Step, by: Actor, at: datetime) -> None:
    if not step.thing.longer_asked:
        raise NotNow(reason="没有待批的疑难件或法定时限申请。")


a_second_person = apart("审批人没有提出申请（不相容岗位分离）", {"ask_longer"})


@guard("批准时仍比现在的期限晚")
async def it_is_still_longer(step: Step, by: Actor, at: datetime) -> None:
    """Class or urgency may have been corrected since it was asked for."""
    assert isinstance(step.facts, forms.Ruling)
    if step.facts.granted and (problem := await _why_not(step.thing, step.thing.longer_asked)):
        raise NotNow(reason=problem)


async def _why_not(share: Assignment, wanted: Longer) -> str:
    """Empty when the limit exists and ends later than what runs now."""
    await share.know("ticket")
    label = LongerBy(wanted["basis"]).label
    span = await limits.longer_span(wanted, type=share.ticket.type, urgency=share.ticket.urgency)
    if span is None:
        return f"工单所依的时限策略没有给这类诉求规定“{label}”的时限，请申请延期。"
    clock = await running(share)
    if clock is None or clock.step != "handle":
        return "办理时限没有在走，不能改。"
    due = arithmetic.due(clock.started_at, [span], await current(), arithmetic.blocked_of(clock), clock.floors)
    if due <= clock.due_at:
        return f"“{label}”的时限从派出之日算起，到 {arithmetic.last_day(due)} 为止，不比现在的期限晚，不必申请。"
    return ""


# ---- clocks and cascades


def all_granted(share: Assignment, facts: forms.Ruling) -> int:
    """The new limit is the whole (合计): every extension so far lies inside it."""
    return share.extensions


def within(ticket: Ticket, facts: forms.Prolonged) -> int:
    return facts.within


async def prolong_total(share: Assignment, facts: forms.Ruling, by: Actor, at: datetime) -> Sequence[Step]:
    if share.role is not Role.LEAD:
        return []
    await share.know("ticket")
    assert share.longer is not None, "just granted"
    earlier = share.extensions - int(share.complex)
    return [Step(share.ticket, "prolong", forms.Prolonged(**share.longer, within=earlier))]
