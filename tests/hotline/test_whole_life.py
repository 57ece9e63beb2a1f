"""The side tracks of a ticket: each row of the table of moves that isn't the ordinary way, one sentence a test."""

from collections.abc import Awaitable
from datetime import timedelta

import pytest

from hotline.tickets import actions, forms, jobs, queries
from hotline.tickets.models import Assignment, Ticket
from hotline.tickets.rules import NotNow
from kernel.clocks.models import Clock
from kernel.errors import FormRejected, NotAllowed, OwnWork, WrongState
from kernel.files.models import File
from kernel.journal import Sealed
from kernel.lifecycle import Nothing
from kernel.models import Entry, SealedText
from kernel.people.models import Organisation
from kernel.permissions import Actor
from tests import factories as f
from tests.conftest import Client
from tests.factories import NOW, a_ticket, a_ticket_in, share_of, walk, way
from tests.hotline.test_life_of_a_ticket import nothing_differs

pytestmark = pytest.mark.usefixtures("database")
PIPES = f.officer(30, "管网所小李", "liaison", f.PIPES_PATH, f.PIPES_PATH)
HOUSING_LEADER = f.officer(31, "住建局老马", "leader", f.HOUSING_PATH, f.HOUSING_PATH)
DAY = timedelta(days=1)


async def refused(doing: Awaitable[object], text: str) -> None:
    with pytest.raises(NotNow, match=text):
        await doing


async def with_assist() -> tuple[Ticket, Assignment, Assignment]:
    ticket = await a_ticket()
    facts = forms.Dispatch(lead="SW", assist=("ZJ",), basis="职责清单第3条")
    await actions.dispatch(ticket, facts, **way(ticket, f.DISPATCHER))
    lead, assist = await ticket.assignments.all().order_by("id")
    return ticket, lead, assist


async def clocks(thing: Ticket | Assignment) -> dict[str, Clock]:
    return {clock.step: clock for clock in await Clock.filter(subject=thing.ref).order_by("span")}


async def test_t10_one_lead_and_its_co_units_each_have_their_own_clocks_version_and_chain() -> None:
    ticket, lead, assist = await with_assist()

    assert (lead.role, assist.role, ticket.state) == ("lead", "assist", "disp")
    assert set(await clocks(lead)) == {"sign", "objection", "first_contact", "handle"}
    assert set(await clocks(assist)) == {"sign", "objection", "handle"}
    await actions.sign(assist, Nothing(), **way(assist, f.HOUSING))
    await ticket.refresh_from_db()
    assert ticket.state == "disp"  # only the lead's signature makes it 办理中
    await nothing_differs()


async def test_t10_nobody_is_lead_and_assist_at_once() -> None:
    ticket = await a_ticket()
    facts = forms.Dispatch(lead="SW", assist=("SW",), basis="职责清单第3条")
    with pytest.raises(FormRejected):
        await actions.dispatch(ticket, facts, **way(ticket, f.DISPATCHER))


async def test_t23_t25_the_lead_replies_when_co_units_are_done_or_overruled() -> None:
    ticket, lead, assist = await with_assist()
    await actions.sign(lead, Nothing(), **way(lead, f.LIAISON))
    await actions.contact(lead, f.CONTACT, **way(lead, f.HANDLER))
    with pytest.raises(FormRejected):
        await actions.reply(lead, f.REPLY, **way(lead, f.HANDLER))
    await actions.sign(assist, Nothing(), **way(assist, f.HOUSING))
    await refused(actions.reply(assist, f.REPLY, **way(assist, HOUSING_LEADER)), "协办")
    await actions.assist_reply(assist, f.OPINION, **way(assist, f.HOUSING))
    assert (assist.state, (await clocks(assist))["handle"].stopped_at) == ("a_done", NOW)

    await actions.reply(lead, f.REPLY, **way(lead, f.HANDLER))
    await ticket.refresh_from_db()
    assert ticket.state == "review"
    await nothing_differs()


async def test_t25_who_is_overruled_is_taken_back() -> None:
    ticket, lead, assist = await with_assist()
    await walk_lead(lead)
    overruling = f.REPLY.model_copy(update={"overrule": "协办单位逾期未报意见"})
    await actions.reply(lead, overruling, **way(lead, f.HANDLER))
    await assist.refresh_from_db()
    await ticket.refresh_from_db()
    assert (assist.state, ticket.state) == ("a_recall", "review")


async def walk_lead(lead: Assignment) -> None:
    await actions.sign(lead, Nothing(), **way(lead, f.LIAISON))
    await actions.contact(lead, f.CONTACT, **way(lead, f.HANDLER))


async def test_t18_a_delegated_unit_gets_a_share_of_the_parents_time_and_never_more() -> None:
    share = await share_of(await a_ticket_in("hand"))
    with pytest.raises(FormRejected, match="有 1 处"):
        await actions.delegate(share, forms.Delegate(unit="GW", days=30), **way(share, f.LIAISON))
    with pytest.raises(FormRejected):
        await actions.delegate(share, forms.Delegate(unit="ZJ"), **way(share, f.LIAISON))
    await actions.delegate(share, forms.Delegate(unit="GW", days=3), **way(share, f.LIAISON))

    child = await Assignment.get(parent_id=share.id)
    assert (child.role, child.depth, (await clocks(child))["handle"].budget) == ("delegated", 2, [[3, "wd"]])
    assert (await clocks(child))["handle"].due_at <= (await clocks(share))["handle"].due_at
    await actions.sign(child, Nothing(), **way(child, PIPES))
    await refused(actions.object(child, f.OBJECT, **way(child, f.LEADER)), "上级单位")
    await nothing_differs()


async def test_t18_three_levels_are_the_most() -> None:
    share = await share_of(await a_ticket_in("hand"))
    await Assignment.filter(id=share.id).update(depth=3)
    await refused(actions.delegate(share, forms.Delegate(unit="GW"), **way(share, f.LIAISON)), "第 3 级")


async def test_t13_silence_is_acceptance_and_the_signature_counts_as_missed() -> None:
    ticket = await a_ticket_in("disp")
    later = NOW + 2 * DAY
    assert await jobs.lapse({}, at=NOW + timedelta(hours=1)) == 0
    assert await jobs.lapse({}, at=later) == 1

    share = await share_of(ticket)
    await ticket.refresh_from_db()
    sign = (await clocks(share))["sign"]
    assert (ticket.state, share.state, share.accepted_silently) == ("hand", "a_signed", True)
    assert sign.stopped_at
    assert sign.stopped_at >= sign.due_at
    await nothing_differs()


async def test_t14_an_objection_pauses_the_handling_and_starts_the_adjudication() -> None:
    ticket = await a_ticket_in("dispute")
    share = await share_of(ticket)
    mine = await clocks(share)
    assert (share.state, ticket.bounce_count, share.objection) == ("a_obj", 1, "not_ours")
    assert mine["handle"].pauses
    assert mine["adjudicate"].running
    assert not mine["objection"].running
    assert (await clocks(ticket))["total"].pauses == []
    await nothing_differs()


async def test_t14_only_the_leader_objects_and_only_inside_the_window_or_with_new_facts() -> None:
    share = await share_of(await a_ticket_in("disp"))
    with pytest.raises(NotAllowed):
        await actions.object(share, f.OBJECT, **way(share, f.LIAISON))
    with pytest.raises(FormRejected):
        await actions.object(share, f.OBJECT, **way(share, f.LEADER, NOW + 3 * DAY))
    late = f.OBJECT.model_copy(update={"new_facts": Sealed("产权证在住建局名下。")})
    await actions.object(share, late, **way(share, f.LEADER, NOW + 3 * DAY))
    await refused(actions.rule_objection(share, f.GRANT, **way(share, f.DISPATCHER)), "争议裁决员")
    await actions.rule_objection(share, f.GRANT, **way(share, f.ADJUDICATOR, NOW + 3 * DAY))
    assert share.state == "a_back"


async def test_t15_the_next_unit_has_its_full_time_and_the_callers_total_runs_on() -> None:
    ticket = await a_ticket_in("dispute")
    first = await share_of(ticket)
    total = (await clocks(ticket))["total"].due_at
    later = NOW + timedelta(hours=2)
    await actions.rule_objection(first, f.GRANT, **way(first, f.DISPATCHER, later))
    await ticket.refresh_from_db()
    assert (ticket.state, first.state) == ("pdisp", "a_back")
    await actions.dispatch(ticket, forms.Dispatch(lead="ZJ", basis="裁定改派"), **way(ticket, f.DISPATCHER, later))

    second = await share_of(ticket)
    assert ((await clocks(second))["handle"].started_at, (await clocks(second))["handle"].budget) == (
        later,
        [[5, "wd"]],
    )
    assert (await clocks(ticket))["total"].due_at == total
    await nothing_differs()


async def test_t16_a_refused_objection_resumes_the_handling_and_cannot_be_raised_again() -> None:
    ticket = await a_ticket_in("dispute")
    share = await share_of(ticket)
    await actions.rule_objection(share, f.DENY, **way(share, f.DISPATCHER, NOW + timedelta(hours=2)))
    await ticket.refresh_from_db()
    assert (ticket.state, share.state) == ("hand", "a_signed")
    await refused(actions.object(share, f.OBJECT, **way(share, f.LEADER)), "一次异议")
    await nothing_differs()


async def bounced_twice() -> tuple[Ticket, Assignment]:
    ticket = await a_ticket_in("a_back")
    await actions.dispatch(ticket, forms.Dispatch(lead="ZJ", basis="裁定改派"), **way(ticket, f.DISPATCHER))
    share = await share_of(ticket)
    await actions.object(share, f.OBJECT, **way(share, HOUSING_LEADER))
    await ticket.refresh_from_db()
    return ticket, share


async def test_t15_a_second_bounce_is_ruled_by_the_adjudicator_alone() -> None:
    _, share = await bounced_twice()
    await refused(actions.rule_objection(share, f.DENY, **way(share, f.DISPATCHER)), "第二次退单")
    await actions.rule_objection(share, f.DENY, **way(share, f.ADJUDICATOR))
    assert share.state == "a_signed"


async def test_t17_binding_needs_two_bounces_minutes_and_nobody_who_dispatched() -> None:
    once = await a_ticket_in("dispute")
    facts = forms.AssignBinding(agency="ZJ", ruling_file="MINUTES-1")
    await refused(actions.assign_binding(once, facts, **way(once, f.ADJUDICATOR)), "首次退单")
    ticket, _ = await bounced_twice()
    with pytest.raises(FormRejected):
        await actions.assign_binding(ticket, facts, **way(ticket, f.ADJUDICATOR))
    sender = f.officer(f.DISPATCHER.id, "身兼两职", "adjudicator")
    with pytest.raises(OwnWork):
        await actions.assign_binding(ticket, facts, **way(ticket, sender))


async def a_file(no: str, by: Actor) -> None:
    """What that officer has sent, and nobody else sees yet."""
    await File.create(
        no=no,
        sha256="0" * 64,
        size=1,
        type="pdf",
        name="纪要.pdf",
        uploader_id=by.id,
        slot="ticket",
        quota="q",
        uploaded_at=NOW,
    )


async def test_t17_a_ruling_binds_the_unit_that_objected_or_another_and_neither_objects_again() -> None:
    for code, state in (("ZJ", "hand"), ("SW", "disp")):
        await a_file(f"MINUTES-{code}", f.ADJUDICATOR)
        ticket, objecting = await bounced_twice()
        facts = forms.AssignBinding(agency=code, ruling_file=f"MINUTES-{code}")
        await actions.assign_binding(ticket, facts, **way(ticket, f.ADJUDICATOR))
        await ticket.refresh_from_db()
        await objecting.refresh_from_db()
        assert (ticket.state, objecting.state) == (state, "a_signed" if code == "ZJ" else "a_back")
        bound = await share_of(ticket)
        assert bound.binding
        leader = HOUSING_LEADER if code == "ZJ" else f.LEADER
        await refused(actions.object(bound, f.OBJECT, **way(bound, leader)), "裁定指定")
    await nothing_differs()


async def test_t40_a_final_reply_is_filed_with_its_document_and_the_caller_reopens_no_more() -> None:
    ticket = await a_ticket_in("closed", by=f.CITIZEN, channel="web")
    facts = forms.Finalise(text=Sealed("经复核，维持原答复，不再受理。"), file="FINAL-1")
    with pytest.raises(FormRejected):
        await actions.finalise(ticket, facts, **way(ticket, f.MANAGER))
    await a_file("FINAL-1", f.MANAGER)
    await actions.finalise(ticket, facts, **way(ticket, f.MANAGER))
    await refused(actions.reopen(ticket, f.WHY, **way(ticket, f.CITIZEN)), "最终答复")
    await nothing_differs()


async def test_t22_extensions_are_asked_before_the_end_capped_and_granted_in_working_days() -> None:
    ticket = await a_ticket_in("hand")
    share = await share_of(ticket)
    await refused(actions.extend(share, f.MORE_TIME, **way(share, f.LIAISON)), "告知诉求人")
    await actions.contact(share, f.CONTACT, **way(share, f.HANDLER))
    before = (await clocks(share))["handle"].due_at
    with pytest.raises(FormRejected):
        await actions.extend(share, f.MORE_TIME.model_copy(update={"days": 9}), **way(share, f.LIAISON))
    for by in (f.DISPATCHER, f.REVIEWER):
        await actions.extend(share, f.MORE_TIME, **way(share, f.LIAISON))
        await refused(actions.extend(share, f.MORE_TIME, **way(share, f.LIAISON)), "还没有批")
        await actions.rule_extension(share, f.GRANT_TIME, **way(share, by))
    assert (await clocks(share))["handle"].due_at - before == timedelta(days=4)
    await actions.extend(share, f.MORE_TIME, **way(share, f.LIAISON))
    await refused(actions.rule_extension(share, f.GRANT_TIME, **way(share, f.DISPATCHER)), "主管")
    await actions.rule_extension(share, f.GRANT_TIME, **way(share, f.MANAGER))
    await refused(actions.extend(share, f.MORE_TIME, **way(share, f.LIAISON)), "最多延期 3 次")
    assert (await clocks(ticket))["total"].extended == [[2, "wd"]] * 3
    await nothing_differs()


async def test_t22_a_refused_extension_moves_nothing() -> None:
    ticket = await a_ticket()
    await walk(ticket, f.LIFE[:3])
    share = await share_of(ticket)
    before = (await clocks(share))["handle"].due_at
    await actions.extend(share, f.MORE_TIME, **way(share, f.LIAISON))
    await actions.rule_extension(share, forms.Ruling(granted=False, reason="进展不足"), **way(share, f.DISPATCHER))
    assert ((await clocks(share))["handle"].due_at, share.extensions) == (before, 0)


async def test_t21_the_manager_pauses_on_a_statutory_basis_within_the_cap() -> None:
    ticket = await a_ticket_in("hand")
    share = await share_of(ticket)
    with pytest.raises(FormRejected):
        facts = forms.PauseFor(basis="appraisal", until=NOW + timedelta(days=90))
        await actions.pause(share, facts, **way(share, f.MANAGER))
    facts = forms.PauseFor(basis="appraisal", until=NOW + timedelta(days=10))
    await actions.pause(share, facts, **way(share, f.MANAGER))
    assert (await clocks(ticket))["total"].pauses
    await actions.resume(share, Nothing(), **way(share, f.HANDLER, NOW + DAY))
    assert [pause[1][:10] for pause in (await clocks(share))["handle"].pauses] == ["2026-03-03"]
    await refused(actions.resume(share, Nothing(), **way(share, f.HANDLER, NOW + DAY)), "没有中止")
    await nothing_differs()


async def test_t08_the_target_keeps_the_earliest_clock_and_twenty_merged_still_split_one() -> None:
    early = await a_ticket()
    target = await a_ticket(at=NOW + timedelta(hours=3))
    others = [await a_ticket(at=NOW + timedelta(hours=4)) for _ in range(19)]
    for ticket in (early, *others):
        await ticket.refresh_from_db()
        await actions.merge(ticket, forms.Merge(into=target.no), **way(ticket, f.DISPATCHER, NOW + timedelta(hours=5)))
    total = (await clocks(target))["total"]
    assert total.started_at == NOW
    assert await Ticket.filter(state="merged", merged_into=target.no).count() == 20

    one = others[7]
    await actions.split(one, f.WHY, **way(one, f.DISPATCHER, NOW + timedelta(hours=6)))
    assert (one.state, one.merged_into) == ("pdisp", None)
    dispatch = (await clocks(one))["dispatch"]
    assert dispatch.started_at == NOW + timedelta(hours=4)  # what had passed stays passed
    assert dispatch.running
    await nothing_differs()


async def test_t08_each_merged_caller_gets_the_reply_and_a_visit_of_their_own() -> None:
    target, other = await a_ticket(), await a_ticket()
    await actions.merge(other, forms.Merge(into=target.no), **way(other, f.DISPATCHER))
    await walk(await Ticket.get(id=target.id), f.LIFE[:5])
    await other.refresh_from_db()
    assert other.state == "visit"
    assert (await clocks(other))["visit"].running
    assert await SealedText.filter(subject=other.ref, field="body").exists()
    await nothing_differs()


async def test_t08_no_ticket_joins_itself_or_what_is_archived() -> None:
    ticket, archived = await a_ticket(), await a_ticket_in("arch")
    for no in (ticket.no, archived.no, "12345-20260302-999999-9"):
        with pytest.raises(FormRejected):
            await actions.merge(ticket, forms.Merge(into=no), **way(ticket, f.DISPATCHER))


async def test_t04_a_hand_over_waits_two_minutes_for_its_receipt() -> None:
    ticket = await a_ticket_in("xfer")
    clock = (await clocks(ticket))["handover"]
    assert clock.due_at - NOW == timedelta(minutes=2)
    await actions.acknowledge(ticket, forms.Acknowledge(reference="JQ-7"), **way(ticket, f.OPERATOR))
    await refused(actions.acknowledge(ticket, forms.Acknowledge(), **way(ticket, f.OPERATOR)), "已经有回执")


async def test_t05_t06_a_refusal_is_reviewed_within_fifteen_days() -> None:
    ticket = await a_ticket_in("refused")
    assert ticket.ground == "legal_channel"
    await refused(actions.uphold(ticket, f.WHY, **way(ticket, f.MANAGER, NOW + 16 * DAY)), "15 日")
    await actions.uphold(ticket, f.WHY, **way(ticket, f.MANAGER, NOW + DAY))
    assert (ticket.state, (await clocks(ticket))["dispatch"].running) == ("reg", True)
    await nothing_differs()


async def test_t07_what_lacks_its_place_waits_for_dispatch_as_soon_as_somebody_writes_it_down() -> None:
    ticket = await a_ticket_in("reg")
    for told, field in ((forms.Elements(), "address"), (forms.Elements(area_code="310101"), "area_code")):
        with pytest.raises(FormRejected) as wrong:
            await actions.queue(ticket, told, **way(ticket, f.OPERATOR))
        assert [*wrong.value.fields] == [field]
    due = (await clocks(ticket))["dispatch"].due_at
    await actions.queue(ticket, forms.Elements(address=Sealed("滨江大道 8 号")), **way(ticket, f.OPERATOR, NOW + DAY))
    assert (ticket.state, await queries.address(ticket)) == ("pdisp", "滨江大道 8 号")
    assert (await clocks(ticket))["dispatch"].due_at == due, "the same dispatch clock runs on"
    await nothing_differs()


async def test_t07_a_consult_that_an_agency_must_answer_needs_no_place() -> None:
    ticket = await a_ticket(type="consult", address=None)
    await actions.queue(ticket, forms.Elements(), **way(ticket, f.SHIFT_LEAD))
    assert ticket.state == "pdisp"


async def test_t11_the_next_unit_bears_the_time_only_if_the_unit_was_at_fault() -> None:
    for fault, start in ((True, NOW), (False, NOW + DAY)):
        ticket = await a_ticket_in("disp")
        facts = forms.Recall(reason="长时间不签收，收回重派", unit_fault=fault)
        await actions.recall(ticket, facts, **way(ticket, f.DISPATCHER, NOW + DAY))
        anew = forms.Dispatch(lead="ZJ", basis="职责清单第9条")
        await actions.dispatch(ticket, anew, **way(ticket, f.DISPATCHER, NOW + DAY))
        assert (await clocks(await share_of(ticket)))["handle"].started_at == start
    await nothing_differs()


async def test_t29_a_redo_never_erases_the_first_result() -> None:
    ticket = await a_ticket_in("visit")
    await actions.visit(ticket, f.UNHAPPY, **way(ticket, f.VISITOR))
    await actions.redo(ticket, f.AGAIN, **way(ticket, f.REVIEWER))
    share = await share_of(ticket)
    again = f.REPLY.model_copy(update={"outcome": forms.Outcome.PARTLY})
    await actions.reply(share, again, **way(share, f.LEADER))
    assert (share.first_outcome, share.outcome) == ("solved", "partly")
    assert (ticket.first_solved, ticket.first_satisfied) == ("no", "dissatisfied")
    assert await SealedText.filter(subject=share.ref, field="body").count() == 2
    assert (await clocks(share))["handle"].stopped_at == NOW
    await nothing_differs()


async def test_t31_t32_what_needs_time_is_followed_up_within_ninety_days() -> None:
    ticket = await a_ticket_in("visit")
    with pytest.raises(FormRejected):
        far = f.HOLD.model_copy(update={"until": NOW + timedelta(days=120)})
        await actions.hold_long(ticket, far, **way(ticket, f.MANAGER))
    await actions.hold_long(ticket, f.HOLD, **way(ticket, f.MANAGER))
    assert (await clocks(ticket))["follow_up"].budget == [[60, "d"]]
    on = forms.FollowUp(solved=False, reason="到期，恢复办理")
    await actions.follow_up(ticket, on, **way(ticket, f.SUPERVISOR))
    assert (ticket.state, (await share_of(ticket)).state) == ("hand", "a_signed")
    await nothing_differs()


async def test_t35_supervision_has_its_own_clock_and_keeps_the_night_from_closing() -> None:
    ticket = await a_ticket_in("visit")
    for hours in (0, 6, 26):
        await actions.visit(ticket, f.NOT_REACHED, **way(ticket, f.VISITOR, NOW + timedelta(hours=hours)))
    await actions.supervise(ticket, f.WATCH, **way(ticket, f.SUPERVISOR, NOW + 2 * DAY))
    assert (await clocks(ticket))["supervise"].budget == [[3, "wd"]]
    assert await jobs.close_unreached({}, at=NOW + 2 * DAY) == 0
    with pytest.raises(NotNow, match="督办员确认"):
        red = forms.Supervise(kind="red", reason="超期一日")
        await actions.supervise(ticket, red, **way(ticket, f.MACHINE))


async def test_t30_nobody_reached_in_different_parts_of_the_day_is_closed_by_the_night() -> None:
    same_hour, spread = await a_ticket_in("visit"), await a_ticket_in("visit")
    for ticket, hours in ((same_hour, (0, 1, 24)), (spread, (0, 6, 26))):
        for hour in hours:
            await actions.visit(ticket, f.NOT_REACHED, **way(ticket, f.VISITOR, NOW + timedelta(hours=hour)))
    assert await jobs.close_unreached({}, at=NOW + 2 * DAY) == 1
    await spread.refresh_from_db()
    assert (spread.state, spread.satisfied) == ("closed", None)


async def test_reopen_window_is_measured_from_closing_only() -> None:
    ticket = await a_ticket_in("closed", by=f.CITIZEN, channel="web")
    note = forms.Note(text=Sealed("又坏了。"), internal=False)
    await actions.note(ticket, note, **way(ticket, f.CITIZEN, NOW + 14 * DAY))
    await refused(actions.reopen(ticket, f.WHY, **way(ticket, f.CITIZEN, NOW + 16 * DAY)), "超过 15 日")
    await actions.reopen(ticket, f.WHY, **way(ticket, f.MANAGER, NOW + 30 * DAY))
    share = await share_of(ticket)
    assert (ticket.state, share.state, (await clocks(share))["redo"].running) == ("hand", "a_signed", True)
    await nothing_differs()


async def test_t37_a_caller_reopens_once() -> None:
    ticket = await a_ticket_in("closed", by=f.CITIZEN, channel="web")
    await actions.reopen(ticket, f.WHY, **way(ticket, f.CITIZEN))
    share = await share_of(ticket)
    await actions.reply(share, f.REPLY, **way(share, f.LEADER))
    await ticket.refresh_from_db()
    await actions.review(ticket, f.PASS, **way(ticket, f.REVIEWER))
    await actions.visit(ticket, f.HAPPY, **way(ticket, f.VISITOR))
    await actions.close(ticket, Nothing(), **way(ticket, f.VISITOR))
    await refused(actions.reopen(ticket, f.WHY, **way(ticket, f.CITIZEN)), "已经重开过一次")


async def test_an_agency_closed_in_the_middle_is_recalled_or_the_ticket_dispatched_anew() -> None:
    unsigned, answered = await a_ticket_in("disp"), await a_ticket_in("closed")
    await Organisation.filter(code="SW").update(active=False)
    await actions.recall(unsigned, f.BACK, **way(unsigned, f.DISPATCHER))
    with pytest.raises(FormRejected):
        await actions.dispatch(unsigned, f.DISPATCH, **way(unsigned, f.DISPATCHER))
    await actions.dispatch(unsigned, forms.Dispatch(lead="ZJ", basis="机构改革"), **way(unsigned, f.DISPATCHER))
    await actions.reopen(answered, f.WHY, **way(answered, f.MANAGER))
    assert answered.state == "pdisp"
    await nothing_differs()


async def test_a_ticket_that_a_closed_unit_had_signed_waits_for_the_dispatcher_and_is_called_back(
    signed_in: Client,
) -> None:
    signed, other = await a_ticket_in("hand"), await f.a_dispatched_ticket(lead="ZJ", title="另一件还在办的事")
    await refused(actions.recall(signed, f.BACK, **way(signed, f.DISPATCHER)), "已签收，不能收回")
    desk = signed_in(f.DISPATCHER)
    assert signed.no not in (await desk.get("/hotline/dispatch?show=orphaned")).text
    await Organisation.filter(code="SW").update(active=False)
    page = (await desk.get("/hotline/dispatch?show=orphaned")).text
    assert signed.no in page
    assert other.no not in page
    assert "按首选派出" not in page, "they were dispatched already"
    await actions.recall(signed, f.BACK, **way(signed, f.DISPATCHER))
    await actions.dispatch(signed, forms.Dispatch(lead="ZJ", basis="机构改革"), **way(signed, f.DISPATCHER))
    assert not await Clock.filter(subject__endswith=f"{signed.no}/1", stopped_at=None).exists()
    await nothing_differs()


async def test_a_place_outside_the_city_is_told_to_ring_there() -> None:
    with pytest.raises(FormRejected) as rejected:
        await a_ticket(area_code="110101")
    assert "不在澜州市" in rejected.value.fields["area_code"]


async def test_paused_ticket_shows_no_breach_but_shows_its_deadline() -> None:
    share = await share_of(await a_ticket_in("hand"))
    facts = forms.PauseFor(basis="judicial", until=NOW + timedelta(days=30))
    await actions.pause(share, facts, **way(share, f.MANAGER))
    clock = (await clocks(share))["handle"]
    assert clock.running
    assert clock.due_at > NOW + timedelta(days=30)


async def test_pause_survives_policy_and_urgency_change() -> None:
    ticket = await a_ticket_in("hand")
    share = await share_of(ticket)
    facts = forms.PauseFor(basis="judicial", until=NOW + timedelta(days=10))
    await actions.pause(share, facts, **way(share, f.MANAGER))
    await ticket.refresh_from_db()
    urgent = forms.Reclassify(urgency="urgent", reason="停水涉及医院")
    await actions.reclassify(ticket, urgent, **way(ticket, f.DISPATCHER, NOW + DAY))
    old, new = await Clock.filter(subject=share.ref, step="handle").order_by("span")
    assert new.pauses == old.pauses
    assert old.pauses


async def test_anything_else_is_refused() -> None:
    ticket = await a_ticket_in("merged")
    with pytest.raises(WrongState):
        await actions.dispatch(ticket, f.DISPATCH, **way(ticket, f.DISPATCHER))
    assert await Entry.filter(subject=ticket.ref).order_by("-seq").first().values_list("move", flat=True) == "merge"


def test_every_actor_here_is_somebody_else() -> None:
    people: list[Actor] = [PIPES, HOUSING_LEADER, f.LEADER, f.LIAISON]
    assert len({actor.id for actor in people}) == len(people)
