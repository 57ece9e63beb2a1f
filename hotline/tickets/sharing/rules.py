"""Guards and cascades of the assignments: lead, assist and delegated agencies, objections, extensions, pauses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from hotline.dispatching import queries as dispatching
from hotline.permissions import P
from hotline.policies import limits
from hotline.tickets import forms
from hotline.tickets.files import PAPER_OF, TICKET_SLOT
from hotline.tickets.forms import Assigned, Objecting, Role, Secrecy, Urgency
from hotline.tickets.rules import NotNow, contact_is_owed
from kernel.calendar import current
from kernel.clocks import arithmetic
from kernel.clocks.models import Clock
from kernel.duties import hands
from kernel.errors import FormRejected, NotFound, OwnWork
from kernel.files import queries as files
from kernel.forms import Form
from kernel.lifecycle import Cascade, Step, guard
from kernel.models import Entry
from kernel.people.queries import active_organisation, units_below
from kernel.permissions import Actor

if TYPE_CHECKING:
    from hotline.tickets.models import Assignment, Ticket

DEPTH_MAX, BOUNCES_OF_DISPATCHER, EXTENSIONS_BELOW_MANAGER = 3, 1, 2
WORKING = ("a_new", "a_signed", "a_obj", "a_fix")  # hasn't answered yet
TIMED = ("handle", "redo")  # an agency's own time is one of these


# ---- what a move writes into the row


def objected(share: Assignment, facts: forms.Object, by: Actor, at: datetime) -> dict[str, Any]:
    return {"objection": facts.kind, "objected_late": facts.new_facts is not None}


def silently(share: Assignment, facts: Form, by: Actor, at: datetime) -> dict[str, Any]:
    """首办责任: silence is acceptance."""
    return {"accepted_silently": True}


def bound(share: Assignment, facts: Form, by: Actor, at: datetime) -> dict[str, Any]:
    return {"binding": True}


def asked_longer(share: Assignment, facts: forms.Extension, by: Actor, at: datetime) -> dict[str, Any]:
    return {"extension_days": facts.days, "extension_open": True}


def ruled_longer(share: Assignment, facts: forms.Ruling, by: Actor, at: datetime) -> dict[str, Any]:
    return {"extension_open": False, "extensions": share.extensions + int(facts.granted)}


def outcome(share: Assignment, facts: forms.Reply, by: Actor, at: datetime) -> dict[str, Any]:
    return {"outcome": facts.outcome, "extension_open": False, "longer_asked": None}


def first_result(share: Assignment, facts: Form, by: Actor, at: datetime) -> dict[str, Any]:
    """重办 never erases what was answered first."""
    return {"first_outcome": share.first_outcome or share.outcome}


def ruled(share: Assignment, facts: forms.RuleObjection, by: Actor, at: datetime) -> dict[str, Any]:
    return {"misdirected": True} if facts.granted else {}


def stepped_back(share: Assignment, facts: Form, by: Actor, at: datetime) -> dict[str, Any]:
    return {"misdirected": True}


def taken_back(share: Assignment, facts: Form, by: Actor, at: datetime) -> dict[str, Any]:
    return {"misdirected": True} if getattr(facts, "wrong_unit", False) else {}


def days_asked(share: Assignment) -> int:
    assert share.extension_days is not None, "the guard has looked"
    return share.extension_days


# ---- guards: who has which part


@guard("主办单位答复，协办和下级单位报协办意见", early=True)
async def is_the_lead(step: Step, by: Actor, at: datetime) -> None:
    if step.thing.role is not Role.LEAD:
        raise NotNow(reason="本单位是协办或下级承办，请报协办意见，由主办单位统一答复。")


@guard("协办和下级单位报协办意见", early=True)
async def is_not_the_lead(step: Step, by: Actor, at: datetime) -> None:
    if step.thing.role is Role.LEAD:
        raise NotNow(reason="本单位是主办单位，请直接答复办理结果。")


@guard("协办意见已齐，或写明不再等待的理由")
async def the_others_are_done_or_overruled(step: Step, by: Actor, at: datetime) -> None:
    assert isinstance(step.facts, forms.Reply)
    if not step.facts.overrule and (waiting := await _others_at_work(step.thing)):
        names = "、".join(share.agency.short_name for share in waiting)
        raise FormRejected({"overrule": f"{names}还没有报协办意见，请等其办完，或写明不再等待的理由。"})


@guard("主办、协办单位在用，各不相同")
async def agencies_are_active(step: Step, by: Actor, at: datetime) -> None:
    assert isinstance(step.facts, forms.Dispatch)
    await _must_be_active("lead", step.facts.lead, "主办单位")
    codes = [step.facts.lead, *step.facts.assist]
    if len({*codes}) < len(codes):
        raise FormRejected({"assist": "主办和协办单位不能重复，每个单位只选一次。"})
    for code in step.facts.assist:
        await _must_be_active("assist", code, "协办单位")


@guard("没有签收，或主办单位已停用", early=True)
async def what_is_signed_stays_unless_the_unit_is_closed(step: Step, by: Actor, at: datetime) -> None:
    """T11 calls back what isn't signed; a unit that is closed in the middle (机构改革) leaves nobody to object."""
    last = await last_lead(step.thing)
    if step.thing.state == "hand" and last is not None and last.agency.active:
        raise NotNow(reason="承办单位已签收，不能收回；不属于它的由它提出异议，它停用以后可以收回改派。")


@guard("所指单位在用")
async def named_agency_is_active(step: Step, by: Actor, at: datetime) -> None:
    assert isinstance(step.facts, forms.RuleObjection | forms.AssignBinding)
    if step.facts.agency is not None:
        await _must_be_active("agency", step.facts.agency, "单位")


@guard("改派重办由督办员决定，另一单位在用")
async def the_supervisor_names_another_agency(step: Step, by: Actor, at: datetime) -> None:
    """T29: same agency unless S changes it; the new one's leader signs, because what is redone is grave."""
    assert isinstance(step.facts, forms.Redo)
    if step.facts.agency is None:
        return
    if not await step.thing.may(P.TICKET_SUPERVISE, by):
        raise NotNow(reason="改由另一单位重办须由督办员决定；由原单位重办请不填单位。")
    last = await last_lead(step.thing)
    if last is not None and last.agency.code == step.facts.agency:
        raise FormRejected({"agency": "这就是原来的单位，由原单位重办请不填。"})
    await _must_be_active("agency", step.facts.agency, "单位")


@guard("系统只按近三十日准确率达标的施行中规则派单，特急、保密的不派")
async def a_machine_follows_a_proven_rule(step: Step, by: Actor, at: datetime) -> None:
    assert isinstance(step.facts, forms.Dispatch)
    if by.kind != "system":
        return
    ticket: Ticket = step.thing
    if ticket.urgency is Urgency.CRITICAL or ticket.secrecy is not Secrecy.PLAIN:
        raise NotNow(reason="特急和保密、匿名的工单由派单员派发。")
    rule = await dispatching.rule_for(ticket.category, ticket.area_code)
    if rule is None or not rule.proven(at) or (step.facts.lead, step.facts.assist) != (rule.agency, ()):
        raise NotNow(reason="没有近三十日准确率达到百分之九十八的规则，由派单员派发。")


async def _must_be_active(name: str, code: str, part: str) -> None:
    if await active_organisation(code) is None:
        raise FormRejected({name: f"没有编码为“{code}”的单位，或该单位已停用，请另选{part}。"})


@guard(f"交办不超过 {DEPTH_MAX} 级", early=True)
async def not_too_deep(step: Step, by: Actor, at: datetime) -> None:
    if step.thing.depth >= DEPTH_MAX:
        raise NotNow(reason=f"已是第 {DEPTH_MAX} 级承办，不能再往下交办。")


@guard("本单位有下级单位", early=True)
async def has_units_below(step: Step, by: Actor, at: datetime) -> None:
    await step.thing.know("agency")
    if not await units_below(step.thing.agency):
        raise NotNow(reason="本单位没有可以交办的下级单位。")


@guard("下级单位属于本单位、在用、没有重复交办，分给的时间不超过剩余时间")
async def the_unit_is_below_and_in_time(step: Step, by: Actor, at: datetime) -> None:
    assert isinstance(step.facts, forms.Delegate)
    share, unit = step.thing, await active_organisation(step.facts.unit)
    await share.know("agency")
    if unit is None or unit.id == share.agency_id or not unit.path.startswith(share.agency.path):
        raise FormRejected({"unit": "请选择本单位下属的、在用的单位。"})
    if await share.children.filter(agency_id=unit.id, state__in=["a_new", "a_signed", "a_fix"]).exists():
        raise FormRejected({"unit": "已经交给这个单位办理，不必重复交办。"})
    clock = await running(share)
    if clock is None or clock.due_at <= at:
        raise NotNow(reason="办理时限已到，没有时间可以分给下级单位，请直接答复或说明情况。")
    if step.facts.days and arithmetic.due(at, [(step.facts.days, "wd")], await current()) > clock.due_at:
        raise FormRejected({"days": "分给下级单位的时间超过了本单位剩余的时间，请减少天数或留空。"})


# ---- guards: objections


@guard("指定办理的、下级承办的、已提过异议的单位不能再提异议", early=True)
async def may_still_object(step: Step, by: Actor, at: datetime) -> None:
    share: Assignment = step.thing
    if share.role is Role.DELEGATED:
        raise NotNow(reason="上级单位交办的事项不走异议程序，请与上级单位商量。")
    if share.binding:
        raise NotNow(reason="本单由裁定指定本单位办理，不能再提异议。")
    same = await type(share).filter(ticket_id=share.ticket_id, agency_id=share.agency_id)
    if await Entry.filter(subject__in=[one.ref for one in same], move="object").exists():
        raise NotNow(reason="每个单位对同一件工单只能提一次异议。")


@guard("在异议期内提出；逾期的写明新情况")
async def inside_the_window(step: Step, by: Actor, at: datetime) -> None:
    assert isinstance(step.facts, forms.Object)
    window = await Clock.filter(subject=step.thing.ref, step="objection").order_by("-span").first()
    open_ = window is not None and window.running and at < window.due_at
    if not open_ and step.facts.new_facts is None:
        raise FormRejected({"new_facts": "异议期已过；有新情况的请写明，由裁决员审核。"})


@guard("第二次退单和逾期异议由裁决员审核，裁决员没有派过这件工单", early=True)
async def second_bounce_is_the_adjudicators(step: Step, by: Actor, at: datetime) -> None:
    share: Assignment = step.thing
    await share.know("ticket")
    if share.ticket.bounce_count <= BOUNCES_OF_DISPATCHER and not share.objected_late:
        return
    if not await share.may(P.ASSIGNMENT_ADJUDICATE, by):
        raise NotNow(reason="第二次退单和逾期提出的异议由争议裁决员审核。")
    await did_not_dispatch(share.ticket, step, by)


@guard("退单两次或跨区域的争议才指定办理，裁决员没有派过这件工单", early=True)
async def a_ruling_is_due(step: Step, by: Actor, at: datetime) -> None:
    ticket: Ticket = step.thing
    across = await ticket.assignments.filter(state="a_obj", objection=Objecting.WRONG_AREA).exists()
    if ticket.bounce_count <= BOUNCES_OF_DISPATCHER and not across:
        raise NotNow(reason="首次退单先审核异议；退单两次或跨区域的争议才指定办理。")
    await did_not_dispatch(ticket, step, by)


@guard("附有本人看得到的文件")
async def the_document_is_ones_to_read(step: Step, by: Actor, at: datetime) -> None:
    """A number alone proves nothing: somebody else's file is as good as none."""
    assert isinstance(step.facts, forms.AssignBinding | forms.Finalise)
    name = PAPER_OF[step.name]
    try:
        file = await files.one(by, getattr(step.facts, name))
    except NotFound:
        raise FormRejected({name: "没有这个文件，请从工单的附件中选择，或上传一个。"}) from None
    if file.type not in TICKET_SLOT.types:
        raise FormRejected({name: "请用 PDF、图片、Word 或文本文件。"})


@guard("异议期已过", early=True)
async def window_has_elapsed(step: Step, by: Actor, at: datetime) -> None:
    window = await Clock.filter(subject=step.thing.ref, step="objection", stopped_at=None).first()
    if window is None or at < window.due_at:
        raise NotNow(reason="异议期还没有过，或已经结束。")


async def did_not_dispatch(ticket: Ticket, step: Step, by: Actor) -> None:
    """J ≠ D of that ticket."""
    if by.selves & await hands(ticket.ref, {"dispatch", "recall"}):
        raise OwnWork(thing=ticket.label, move=step.move.label)


# ---- guards: more time


@guard("到期前申请，次数在上限内，没有待批的申请，已告知诉求人", early=True)
async def may_ask_for_more(step: Step, by: Actor, at: datetime) -> None:
    share: Assignment = step.thing
    await share.know("ticket")
    caps, clock = await share.caps(), await running(share)
    if share.role is Role.DELEGATED:
        raise NotNow(reason="下级承办的时间由上级单位安排，请由上级单位申请延期。")
    if share.extension_open or share.longer_asked:
        raise NotNow(reason="上一次延期申请还没有批。")
    if share.complex:
        raise NotNow(reason="已按疑难件时限办理，这个时限是合计，不再延期。")
    if share.extensions >= caps.extensions_max:
        raise NotNow(reason=f"按时限策略最多延期 {caps.extensions_max} 次，不能再申请。")
    if clock is None or at >= clock.due_at:
        raise NotNow(reason="延期须在到期前申请，现在已过期。")
    if share.role is Role.LEAD and await contact_is_owed(share):
        raise NotNow(reason="申请延期前须先告知诉求人，请先记录联系情况。")


@guard("每次延期的天数在上限内")
async def not_longer_than_allowed(step: Step, by: Actor, at: datetime) -> None:
    assert isinstance(step.facts, forms.Extension)
    most = (await step.thing.caps()).extension_days_max
    if step.facts.days > most:
        raise FormRejected({"days": f"按时限策略每次最多延期 {most} 个工作日。"})


@guard("有待批的延期申请；第三次由主管批", early=True)
async def more_was_asked_for(step: Step, by: Actor, at: datetime) -> None:
    share: Assignment = step.thing
    if not share.extension_open:
        raise NotNow(reason="没有待批的延期申请。")
    if share.extensions >= EXTENSIONS_BELOW_MANAGER and not await share.may(P.ASSIGNMENT_RULE_LAST, by):
        raise NotNow(reason="第三次延期由热线主管审批。")


@guard("中止到以后的某一刻，不超过策略的上限，没有正在中止")
async def pause_is_within_the_cap(step: Step, by: Actor, at: datetime) -> None:
    assert isinstance(step.facts, forms.PauseFor)
    share: Assignment = step.thing
    await share.know("ticket")
    most = timedelta(days=(await share.caps()).pause_days_max)
    clock = await running(share)
    if clock is None or arithmetic.paused_until(clock, at):
        raise NotNow(reason="办理时限没有在走，不能中止。")
    if not at < step.facts.until <= at + most:
        raise FormRejected({"until": f"请填写以后的时间，按时限策略最长中止 {most.days} 日。"})


@guard("办理时限正在中止", early=True)
async def is_paused(step: Step, by: Actor, at: datetime) -> None:
    clock = await running(step.thing)
    if clock is None or not arithmetic.paused_until(clock, at):
        raise NotNow(reason="办理时限没有中止。")


# ---- times


async def running(share: Assignment) -> Clock | None:
    """The clock of the agency's own time that runs now."""
    return await Clock.filter(subject=share.ref, step__in=TIMED, stopped_at=None).order_by("-id").first()


async def until_ruled(share: Assignment, facts: Form, at: datetime) -> datetime:
    """T14: the pause ends with the ruling; that it doesn't come can't stop the clock for ever."""
    limit = await share.limit("adjudicate")
    assert limit is not None, "every policy times the adjudication"
    return arithmetic.due(at, limit.budget, await current())


# ---- cascades


def lead(move: str) -> Cascade:
    """What the lead agency does moves the ticket where that fits; what a co-unit does, doesn't."""

    async def cascade(share: Assignment, facts: Form, by: Actor, at: datetime) -> Sequence[Step]:
        await share.know("ticket")
        await share.ticket.refresh_from_db()
        fits = share.role is Role.LEAD and share.ticket.state in share.ticket.moves[move].sources
        return [Step(share.ticket, move)] if fits else []

    return cascade


def lead_share(move: str) -> Cascade:
    """Of a ticket's assignments the lead's alone goes with it."""

    async def cascade(ticket: Ticket, facts: Form, by: Actor, at: datetime) -> Sequence[Step]:
        mine = ticket.assignments.filter(role=Role.LEAD).order_by("id")
        return [Step(share, move) async for share in mine if share.state in share.moves[move].sources]

    return cascade


async def call_back(ticket: Ticket, facts: forms.Recall, by: Actor, at: datetime) -> Sequence[Step]:
    """Every share that is at work; whether the unit was the wrong one goes along (派单准确率 counts it)."""
    told = forms.TakenBack(wrong_unit=facts.wrong_unit)
    mine = ticket.assignments.all().order_by("id")
    return [Step(share, "take_back", told) async for share in mine if share.state in share.moves["take_back"].sources]


async def hand_out(ticket: Ticket, facts: forms.Dispatch, by: Actor, at: datetime) -> Sequence[Step]:
    """Exactly one lead agency (主办), and any co-units (协办) that aren't at it already."""
    here = [one.agency.code for one in await ticket.assignments.filter(state__in=WORKING).select_related("agency")]
    steps = [await assigning(ticket, Assigned(agency=facts.lead, since=await _wasted_since(ticket)), at)]
    for code in facts.assist:
        if code not in here:
            steps.append(await assigning(ticket, Assigned(agency=code, role=Role.ASSIST), at, len(steps) + 1))
    return steps


async def assigning(
    ticket: Ticket, facts: Assigned, at: datetime, nth: int = 1, parent: Assignment | None = None
) -> Step:
    """The `nth` new assignment that this move makes; it is timed by the policy of now, a part of one by its whole's."""
    agency = await active_organisation(facts.agency)
    assert agency is not None, "the guard has looked"
    number = await ticket.assignments.all().count() + nth
    share = ticket.share(number, agency, parent)
    share.policy = parent.policy if parent else await limits.in_force(at)
    return Step(share, "assign", facts)


async def pass_down(share: Assignment, facts: forms.Delegate, by: Actor, at: datetime) -> Sequence[Step]:
    """T18: the child's time is a part of the parent's; the parent stays responsible."""
    await share.know("ticket")
    step = await assigning(
        share.ticket, Assigned(agency=facts.unit, role=Role.DELEGATED, parent=share.no), at, parent=share
    )
    clock = await running(share)
    assert clock is not None, "the guard has looked"
    left = max(int((clock.due_at - at).total_seconds()) // 60, 1)
    step.thing.share_of_time = [facts.days, "wd"] if facts.days else [left, "min"]
    return [step]


async def overrule(share: Assignment, facts: forms.Reply, by: Actor, at: datetime) -> Sequence[Step]:
    """Who isn't waited for any longer is taken back."""
    return [Step(other, "take_back") for other in await _others_at_work(share)]


async def back_out(share: Assignment, facts: forms.RuleObjection, by: Actor, at: datetime) -> Sequence[Step]:
    """T15: the ticket waits for dispatch anew; another co-unit is asked at once."""
    await share.know("ticket")
    steps = [Step(child, "take_back") async for child in share.children.filter(state__in=WORKING)]
    if share.role is Role.LEAD:
        await share.ticket.refresh_from_db()
        return [*steps, Step(share.ticket, "give_back")]
    if facts.agency:
        steps.append(await assigning(share.ticket, Assigned(agency=facts.agency, role=Role.ASSIST), at))
    return steps


async def bind(ticket: Ticket, facts: forms.AssignBinding, by: Actor, at: datetime) -> Sequence[Step]:
    """T17: the one who objected has it for good, or another one without a say."""
    objecting = await ticket.assignments.filter(state="a_obj", role=Role.LEAD).select_related("agency").first()
    assert objecting is not None, "a dispute is the lead's"
    if objecting.agency.code == facts.agency:
        return [Step(objecting, "bind")]
    new = await assigning(ticket, Assigned(agency=facts.agency, binding=True), at)
    return [Step(objecting, "step_back"), new]


async def lengthen_total(share: Assignment, facts: forms.Ruling, by: Actor, at: datetime) -> Sequence[Step]:
    if share.role is not Role.LEAD:
        return []
    await share.know("ticket")
    return [Step(share.ticket, "lengthen", forms.Longer(days=days_asked(share)))]


async def begin_again(ticket: Ticket, facts: Form, by: Actor, at: datetime) -> Sequence[Step]:
    """重办: by the agency that the supervisor names, or by who answered, if there still is such a unit; else the ticket
    is dispatched anew.

    A ticket that was merged goes to who answered for all."""
    if (another := getattr(facts, "agency", None)) is not None:
        return [await assigning(ticket, Assigned(agency=another, again=True), at)]
    last = await last_lead(ticket)
    if last is not None and last.state == "a_done" and last.agency.active:
        return [Step(last, "begin_redo")]
    if last is None and ticket.merged_into:
        target = await type(ticket).get(no=ticket.merged_into)
        answered = await last_lead(target)
        if answered is not None and answered.agency.active:
            return [await assigning(ticket, Assigned(agency=answered.agency.code, again=True), at)]
    return [Step(ticket, "requeue")]


async def last_lead(ticket: Ticket) -> Assignment | None:
    leads = ticket.assignments.filter(role=Role.LEAD).exclude(state__in=["a_back", "a_recall"])
    return await leads.order_by("-id").select_related("agency").first()


async def _others_at_work(share: Assignment) -> list[Assignment]:
    others = type(share).filter(ticket_id=share.ticket_id, state__in=WORKING).exclude(id=share.id)
    return await others.order_by("-depth", "id").select_related("agency")


async def _wasted_since(ticket: Ticket) -> datetime | None:
    """T11: recalled by the fault of the unit, its time counts on for the next one."""
    last = await Entry.filter(subject=ticket.ref, move__in=["recall", "give_back", "requeue"]).order_by("-seq").first()
    if last is None or not last.facts.get("unit_fault"):
        return None
    taken = await ticket.assignments.filter(state="a_recall", role=Role.LEAD).order_by("-id").first()
    clock = await Clock.filter(subject=taken.ref, step="handle").order_by("id").first() if taken else None
    return clock.started_at if clock else None
