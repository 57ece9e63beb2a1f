"""Where somebody looks twice: at a refusal, a reply, a withdrawal, a redo; and what a machine may do alone."""

from datetime import UTC, datetime, timedelta

import pytest

from hotline.dispatching import actions as rules
from hotline.dispatching import forms as rule_forms
from hotline.dispatching import jobs as dispatching
from hotline.dispatching import proving
from hotline.dispatching.models import DispatchRule
from hotline.tickets import actions, forms, jobs
from hotline.tickets.checking import rules as checking
from hotline.tickets.forms import Outcome, Satisfied, Solved
from hotline.tickets.models import Ticket
from hotline.tickets.rules import NotNow
from hotline.tickets.settling.rules import drawn
from kernel.clocks.models import Clock
from kernel.errors import FormRejected, NotAllowed, OwnWork
from kernel.journal import Sealed
from kernel.lifecycle import Nothing
from kernel.models import Entry
from kernel.settings import settings
from tests import factories as f
from tests.conftest import Client
from tests.factories import NOW, a_ticket, a_ticket_in, share_of, walk, way
from tests.hotline.test_knowledge_pages import send
from tests.hotline.test_life_of_a_ticket import nothing_differs

pytestmark = pytest.mark.usefixtures("database")
ASK = forms.AskReview(text=Sealed("法院说要先由城管处理。"))
STAND = forms.StandBy(text=Sealed("经复核，此事应向法院起诉，维持原决定。"))
RULE = rule_forms.Propose(category="0102", agency="SW", basis="职责清单第3条")
DAY = timedelta(days=1)


async def refused_ticket() -> Ticket:
    return await a_ticket_in("refused", by=f.CITIZEN, channel="web")


# ---- T06


async def test_t06_the_caller_asks_once_within_fifteen_days_and_the_dispatch_begins_again() -> None:
    ticket = await refused_ticket()
    with pytest.raises(NotNow, match="15 日内"):
        await actions.ask_review(ticket, ASK, **way(ticket, f.CITIZEN, NOW + 16 * DAY))
    await actions.ask_review(ticket, ASK, **way(ticket, f.CITIZEN, NOW + 14 * DAY))
    with pytest.raises(NotNow, match="只能申请一次"):
        await actions.ask_review(ticket, ASK, **way(ticket, f.CITIZEN, NOW + 14 * DAY))

    late = NOW + 20 * DAY  # who asked in time isn't the loser of a slow review
    await actions.uphold(ticket, f.WHY, **way(ticket, f.MANAGER, late))
    assert (ticket.state, ticket.refused_at, ticket.review_asked_at) == ("reg", None, None)
    clock = await Clock.filter(subject=ticket.ref, step="dispatch").order_by("-span").first()
    assert clock
    assert (clock.started_at, clock.running) == (late, True)
    await nothing_differs()


async def test_t06_who_refused_does_not_review_and_a_review_may_stand_by_it_with_words_for_the_caller() -> None:
    ticket = await refused_ticket()
    with pytest.raises(NotNow, match="没有等待答复"):
        await actions.stand_by(ticket, STAND, **way(ticket, f.MANAGER))
    await actions.ask_review(ticket, ASK, **way(ticket, f.CITIZEN))
    both = f.officer(f.SHIFT_LEAD.id, "身兼两职", "manager")
    with pytest.raises(OwnWork):
        await actions.stand_by(ticket, STAND, **way(ticket, both))
    await actions.stand_by(ticket, STAND, **way(ticket, f.MANAGER))
    assert ticket.state == "refused"
    with pytest.raises(NotNow):
        await actions.ask_review(ticket, ASK, **way(ticket, f.CITIZEN))
    with pytest.raises(NotNow, match="15 日内"):
        await actions.uphold(ticket, f.WHY, **way(ticket, f.MANAGER, NOW + 16 * DAY))
    await nothing_differs()


async def test_t06_without_an_account_number_and_code_are_enough_on_the_page_of_progress(signed_in: Client) -> None:
    no = await actions.draw_number(NOW)
    told = f.told(address=None)
    ticket, code = await actions.register(told, no=no, region=f.CITY, by=f.OPERATOR, at=NOW)
    await actions.refuse(ticket, f.REFUSE, **way(ticket, f.SHIFT_LEAD))
    await Ticket.filter(id=ticket.id).update(refused_at=datetime.now(UTC))
    anyone = signed_in(f.NOBODY)
    shown = await send(anyone, "/hotline/track", "/hotline/track", no=no, code=code)
    assert "申请复核" in shown.text
    version = str((await Ticket.get(id=ticket.id)).version)
    sent = {"_no": no, "_code": code, "_move": "ask_review", "_version": version, "text": "法院说要先由城管处理。"}
    done = await send(anyone, "/hotline/track", "/hotline/track/ask_review", **sent)
    assert done.status_code == 200
    assert (await Ticket.get(id=ticket.id)).review_asked_at is not None
    assert "法院说要先由城管处理" in done.text


async def test_after_one_thing_by_number_and_code_the_next_can_be_done_as_well(signed_in: Client) -> None:
    no = await actions.draw_number(NOW)
    _, code = await actions.register(f.told(), no=no, region=f.CITY, by=f.OPERATOR, at=NOW)
    anyone = signed_in(f.NOBODY)
    for move, words in (("note", "在七号楼东侧。"), ("urge", "已经三天了。"), ("withdraw", "自己修好了。")):
        version = str((await Ticket.get(no=no)).version)
        sent = {"_no": no, "_code": code, "_move": move, "_version": version, "internal": "false"}
        field = {"reason": words} if move == "withdraw" else {"text": words}
        sent = sent if move == "note" else {name: told for name, told in sent.items() if name != "internal"}
        page = (await send(anyone, "/hotline/track", f"/hotline/track/{move}", **sent, **field)).text
        assert words in page
        assert '<a href="/hotline/track">查进度</a>' in page, (
            "not the pages of an account, which nobody is signed in to"
        )
        assert 'action="/hotline/track/' in page or move == "withdraw"
        assert f'action="/hotline/tickets/{no}' not in page


# ---- T28, T36


async def test_t28_a_caller_who_is_content_closes_the_matter_and_one_who_is_not_waits_for_the_visit() -> None:
    happy, unhappy = [await a_ticket_in("visit", by=f.CITIZEN, channel="web") for _ in range(2)]
    content = forms.SelfRate(solved=Solved.YES, satisfied=Satisfied.SATISFIED)
    with pytest.raises(NotAllowed):
        await actions.self_rate(happy, content, **way(happy, f.NEIGHBOUR))
    await actions.self_rate(happy, content, **way(happy, f.CITIZEN))
    await happy.refresh_from_db()
    assert (happy.state, happy.closed_at, happy.satisfied) == ("closed", NOW, "satisfied")
    assert not await Clock.filter(subject=happy.ref, stopped_at=None).exists()

    bad = forms.SelfRate(solved=Solved.NO, satisfied=Satisfied.DISSATISFIED, text=Sealed("还是没有水。"))
    await actions.self_rate(unhappy, bad, **way(unhappy, f.CITIZEN))
    assert unhappy.state == "visit"
    with pytest.raises(NotNow, match="已有评价"):
        await actions.self_rate(unhappy, content, **way(unhappy, f.CITIZEN))
    await actions.redo(unhappy, f.AGAIN, **way(unhappy, f.REVIEWER))
    assert unhappy.state == "hand"
    await nothing_differs()


async def test_t28_under_supervision_a_rating_closes_nothing() -> None:
    ticket = await a_ticket_in("visit", by=f.CITIZEN, channel="web")
    await actions.supervise(ticket, f.WATCH, **way(ticket, f.SUPERVISOR))
    content = forms.SelfRate(solved=Solved.YES, satisfied=Satisfied.BASIC)
    await actions.self_rate(ticket, content, **way(ticket, f.CITIZEN))
    assert ticket.state == "visit"


def test_t36_every_tenth_withdrawal_is_drawn_and_nobody_chooses_which() -> None:
    numbers = [f"12345-20260302-{n:06d}-0" for n in range(3000)]
    assert 240 <= sum(drawn(no) for no in numbers) <= 370
    assert [drawn(no) for no in numbers] == [drawn(no) for no in numbers]


async def test_t36_a_drawn_withdrawal_is_asked_after_until_somebody_is_reached_or_three_times() -> None:
    tickets = [await a_ticket() for _ in range(2)]
    for ticket in tickets:
        await actions.withdraw(ticket, f.WITHDRAW, **way(ticket, f.OPERATOR))
        assert ticket.check_withdrawal is drawn(ticket.no)
        await Ticket.filter(id=ticket.id).update(check_withdrawal=True)
        await ticket.refresh_from_db()
    reached, silent = tickets
    pressed = forms.CheckWithdrawal(reached=True, pressed=True, note=Sealed("物业上门要求撤诉。"))
    await actions.check_withdrawal(reached, pressed, **way(reached, f.VISITOR))
    assert (reached.state, reached.check_withdrawal) == ("wdrawn", False)
    with pytest.raises(NotNow, match="核查完毕"):
        await actions.check_withdrawal(reached, pressed, **way(reached, f.VISITOR))
    for _ in range(3):
        missed = forms.CheckWithdrawal(reached=False)
        await actions.check_withdrawal(silent, missed, **way(silent, f.VISITOR))
    assert silent.check_withdrawal is False
    with pytest.raises(FormRejected):
        forms.CheckWithdrawal.check({"reached": True})


# ---- T29


async def test_t29_the_supervisor_alone_sends_a_redo_elsewhere_and_there_the_leader_signs() -> None:
    ticket = await a_ticket_in("visit")
    await actions.visit(ticket, f.UNHAPPY, **way(ticket, f.VISITOR))
    first = await share_of(ticket)
    elsewhere = forms.Redo(reason="原单位两次未解决", agency="ZJ")
    with pytest.raises(NotNow, match="督办员"):
        await actions.redo(ticket, elsewhere, **way(ticket, f.REVIEWER))
    with pytest.raises(FormRejected):
        await actions.redo(ticket, forms.Redo(reason="原单位重办", agency="SW"), **way(ticket, f.SUPERVISOR))
    await actions.redo(ticket, elsewhere, **way(ticket, f.SUPERVISOR))

    await first.refresh_from_db()
    second = await share_of(ticket)
    await second.fetch_related("agency")
    assert (first.state, second.agency.code, second.state) == ("a_done", "ZJ", "a_new")
    assert await Clock.filter(subject=second.ref, step="redo", stopped_at=None).exists()
    await actions.sign(second, Nothing(), **way(second, f.HOUSING))
    handler = f.officer(40, "住建局经办", "handler", f.HOUSING_PATH, f.HOUSING_PATH)
    leader = f.officer(41, "住建局局长", "leader", f.HOUSING_PATH, f.HOUSING_PATH)
    await actions.contact(second, f.CONTACT, **way(second, handler))
    with pytest.raises(NotNow, match="负责人签发"):
        await actions.reply(second, f.REPLY, **way(second, handler))
    await actions.reply(second, f.REPLY, **way(second, leader))
    assert first.outcome == "solved"  # what was answered first stays beside it
    await nothing_differs()


# ---- T27


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("您好，您反映的问题已收悉，我单位高度重视，正在处理中，请您耐心等待，感谢您的理解。", "empty"),
        ("已联系业主陈明（13900002206），今晚八点恢复供水。", "personal"),
    ],
)
async def test_t27_a_reply_of_stock_phrases_or_with_a_number_in_it_is_noticed(body: str, code: str) -> None:
    ticket = await a_ticket_in("hand")
    share = await share_of(ticket)
    await actions.contact(share, f.CONTACT, **way(share, f.HANDLER))
    facts = forms.Reply(body=Sealed(body), outcome=Outcome.SOLVED)
    await actions.reply(share, facts, **way(share, f.HANDLER))
    assert code in [one.code for one in await checking.noticed(ticket)]


async def test_t27_a_copy_a_missing_contact_and_a_law_without_a_name_are_noticed_and_shown(signed_in: Client) -> None:
    long = "管道已抢修完毕，恢复供水。维修人员于三月二日上午更换了破损的阀门，并对相邻楼栋的水压进行了测试。"
    facts = forms.Reply(body=Sealed(long), outcome=Outcome.UNTRUE, laws="按有关规定")
    older, ticket = await a_ticket_in("hand", title="东门停水"), await a_ticket_in("hand")
    for one, reached in ((older, True), (ticket, False)):
        share = await share_of(one)
        contact = f.CONTACT.model_copy(update={"reached": reached})
        await actions.contact(share, contact, **way(share, f.HANDLER))
        await actions.reply(share, facts, **way(share, f.HANDLER))
        await one.refresh_from_db()
    assert {one.code for one in await checking.noticed(older)} == {"law"}
    assert {one.code for one in await checking.noticed(ticket)} == {"contact", "law", "copy"}
    page = (await signed_in(f.REVIEWER).get(f"/hotline/tickets/{ticket.no}")).text
    assert "自动检查" in page
    assert "都没有联系上" in page
    assert "自动检查" not in (await signed_in(f.HANDLER).get(f"/hotline/tickets/{ticket.no}")).text


async def test_t27_the_system_passes_only_named_types_with_nothing_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    good, other = await a_ticket_in("review", type="suggest"), await a_ticket_in("review")
    assert await jobs.pass_reviews({}, at=NOW) == 0
    monkeypatch.setattr(settings(), "auto_review", ("suggest",))
    assert await jobs.pass_reviews({}, at=NOW) == 1
    await good.refresh_from_db()
    assert good.state == "visit"
    with pytest.raises(NotNow, match="审核员"):
        await actions.review(other, f.PASS, **way(other, f.MACHINE))
    urgent = await a_ticket_in("review", type="suggest", urgency="urgent")
    with pytest.raises(NotNow, match="审核员"):
        await actions.review(urgent, f.PASS, **way(urgent, f.MACHINE))
    assert (await Entry.get(subject=good.ref, move="review")).actor_id == f.MACHINE.id


# ---- T10


async def a_rule_in_force() -> DispatchRule:
    no = await rules.draw_number(NOW)
    rule = await rules.propose(RULE, no=no, region=f.CITY, by=f.DISPATCHER, at=NOW)
    return await rules.approve(rule, rule_forms.Approve(), **way(rule, f.MANAGER))


async def test_t10_a_rule_is_measured_on_who_answered_in_the_end() -> None:
    rule = await a_rule_in_force()
    for lead in ("SW", "SW", "ZJ"):
        ticket = await a_ticket()
        await actions.dispatch(ticket, forms.Dispatch(lead=lead, basis="职责清单第3条"), **way(ticket, f.DISPATCHER))
        await Ticket.filter(id=ticket.id).update(category="010203", state="review")
    await Ticket.filter(id=(await a_ticket()).id).update(category="020101", state="review")
    await dispatching.measure({}, at=NOW + DAY)
    await rule.refresh_from_db()
    assert (rule.measured, rule.right, rule.proven(NOW + DAY)) == (3, 2, False)
    tried = await proving.tried("0102", "", "SW", NOW + DAY)
    assert (tried.all_, tried.fits, tried.answered, tried.right) == (4, 3, 3, 2)
    assert [case.agency for case in tried.wrong] == ["ZJ"]


async def test_t10_the_system_dispatches_by_a_proven_rule_and_never_what_is_critical_or_confidential(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rule = await a_rule_in_force()
    plain, critical = await a_ticket(), await a_ticket(urgency="critical")
    secret, other = await a_ticket(secrecy="confidential"), await a_ticket(title="别的分类的事")
    await Ticket.filter(id__in=[plain.id, critical.id, secret.id]).update(category="010203")
    await DispatchRule.filter(id=rule.id).update(measured_at=NOW, measured=50, right=48)
    monkeypatch.setattr(settings(), "auto_dispatch", True)
    assert await dispatching.dispatch({}, at=NOW) == 0, "96 % isn't enough"
    await DispatchRule.filter(id=rule.id).update(measured=50, right=49)
    monkeypatch.setattr(settings(), "auto_dispatch", False)
    assert await dispatching.dispatch({}, at=NOW) == 0, "the city hasn't switched it on"
    monkeypatch.setattr(settings(), "auto_dispatch", True)
    assert await dispatching.dispatch({}, at=NOW + 3 * DAY) == 0, "measured too long ago"
    assert await dispatching.dispatch({}, at=NOW) == 1

    for ticket in (plain, critical, secret, other):
        await ticket.refresh_from_db()
    assert [one.state for one in (plain, critical, secret, other)] == ["disp", "pdisp", "pdisp", "pdisp"]
    entry = await Entry.get(subject=plain.ref, move="dispatch")
    assert entry.actor_id == f.MACHINE.id
    assert rule.no in entry.facts["basis"]
    with pytest.raises(NotNow, match="派单员派发"):
        await actions.dispatch(critical, f.DISPATCH, **way(critical, f.MACHINE))


async def test_t30_silence_that_the_system_wrote_down_keeps_nobody_from_closing_by_itself() -> None:
    ticket = await a_ticket_in("disp")
    assert await jobs.lapse({}, at=NOW + 2 * DAY) == 1
    await walk(ticket, f.LIFE[2:5])
    for at in (NOW, NOW + timedelta(hours=4), NOW + DAY):
        await ticket.refresh_from_db()
        await actions.visit(ticket, f.NOT_REACHED, **way(ticket, f.VISITOR, at))
    assert await jobs.close_unreached({}, at=NOW + DAY) == 1


# ---- documents


async def test_a_ruling_names_a_file_that_its_author_may_read_and_nobody_elses() -> None:
    from tests.hotline.test_whole_life import a_file

    ticket = await a_ticket_in("closed")
    facts = forms.Finalise(text=Sealed("经复核，维持原答复，不再受理。"), file="SOMEBODY-1")
    await a_file("SOMEBODY-1", f.VISITOR)
    with pytest.raises(FormRejected):
        await actions.finalise(ticket, facts, **way(ticket, f.MANAGER))
    await a_file("MINE-1", f.MANAGER)
    await actions.finalise(ticket, facts.model_copy(update={"file": "MINE-1"}), **way(ticket, f.MANAGER))
    from kernel.files import queries as files

    assert [file.no for file in (await files.of([ticket.ref]))[ticket.ref]] == ["MINE-1"]
    assert (await files.one(f.REVIEWER, "MINE-1")).no == "MINE-1"
