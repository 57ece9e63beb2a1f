"""A rule fires through the sweep, a person confirms red, the unit answers and appeals: on both databases."""

from datetime import datetime, timedelta
from html import unescape
from itertools import product

import pytest

from hotline.tickets import actions as tickets
from hotline.tickets import forms as ticket_forms
from hotline.tickets.models import Assignment, Ticket
from kernel import lifecycle, outbox
from kernel.citytime import day_of
from kernel.clocks import alarms, replay
from kernel.clocks.models import Clock
from kernel.errors import NotAllowed, NotFound, OwnWork, Refusal, WrongState
from kernel.forms import Form
from kernel.inbox.models import Message
from kernel.journal import Sealed
from kernel.lifecycle import Nothing, allowed_moves
from kernel.models import Delivery, Entry
from kernel.notices import actions as notices
from kernel.notices import rendering
from kernel.notices.models import Notice, Sign
from kernel.people.models import Organisation
from kernel.upkeep import actions as upkeep
from oversight.cards import actions, forms, queries
from oversight.cards.models import Card
from oversight.cards.states import CardState
from oversight.documents import URGE
from oversight.ladder import queries as ladder
from oversight.ladder.actions import Declared
from oversight.ladder.models import Level
from oversight.permissions import OF_THE_UNIT, P
from tests import factories as f
from tests.attempts import attempted
from tests.conftest import Client
from tests.factories import NOW, a_dispatched_ticket, share_of, way
from tests.officers import hire

pytestmark = pytest.mark.usefixtures("database")
WHY = forms.Reason(reason="核实后认定情况属实")
REPLY = forms.Reply(explanation=Sealed("管道老化，抢修延误。"), measures=Sealed("已增派人手。"))
APPEAL = forms.Appeal(grounds=Sealed("逾期因诉求人要求改期。"))
SECOND = f.officer(30, "督办员老高", "supervisor")
ACTORS = (
    f.OPERATOR, f.SHIFT_LEAD, f.DISPATCHER, f.LIAISON, f.HANDLER, f.LEADER, f.HOUSING, f.REVIEWER, f.VISITOR,
    f.SUPERVISOR, f.ADJUDICATOR, f.MANAGER, f.CITIZEN, f.STRANGER, f.MACHINE, SECOND,
)  # fmt: skip
FACTS: dict[str, Form] = {
    "dismiss": WHY, "reply": REPLY, "appeal": APPEAL, "uphold": WHY, "revoke": WHY,
    "number": forms.Numbered(doc_no="热催〔2026〕1号"),
}  # fmt: skip


async def ring(at: datetime) -> None:
    """The sweep and the deliveries, as the worker does them."""
    while await alarms.sweep(at=at):
        pass
    while await outbox.deliver(worker="test", now=lambda: at):
        pass


async def due_of(share: Assignment, step: str = "handle") -> datetime:
    return (await Clock.get(subject=share.ref, step=step)).due_at


async def a_signed_share(**given: str) -> Assignment:
    ticket = await a_dispatched_ticket(**given)
    share = await share_of(ticket)
    await tickets.sign(share, Nothing(), **way(share, f.LIAISON))
    await tickets.contact(share, f.CONTACT, **way(share, f.HANDLER))
    return share


async def levels(share: Assignment) -> list[tuple[str, str]]:
    cards = await Card.filter(about=share.ref).order_by("id")
    return [(card.level.value, card.state.value) for card in cards]


async def a_red_card(state: str = "proposed") -> Card:
    share = await a_signed_share()
    await ring(await due_of(share))
    card = await Card.get(about=share.ref, level=Level.RED)
    for verb, facts, by, reached in (
        (actions.issue, Nothing(), f.SUPERVISOR, "issued"),
        (actions.reply, REPLY, f.LEADER, "replied"),
        (actions.appeal, APPEAL, f.LEADER, "appealed"),
        (actions.uphold, WHY, SECOND, "upheld"),
    ):
        if card.state == state:
            break
        if state == "dismissed":
            return await actions.dismiss(card, WHY, **way(card, f.SUPERVISOR))
        await verb(card, facts, **way(card, by))  # type: ignore[arg-type]
        if reached == "issued" and state == "revoked":
            return await actions.revoke(card, WHY, **way(card, f.SUPERVISOR))
    assert card.state == state
    return card


async def test_a_rule_really_fires_through_the_sweep_rung_by_rung() -> None:
    """Rules of another system were validated, stored and never executed."""
    share = await a_signed_share()
    clock = await Clock.get(subject=share.ref, step="handle")
    assert clock.next_alarm_at is not None
    await ring(clock.next_alarm_at - timedelta(seconds=1))
    assert await levels(share) == []
    await ring(clock.next_alarm_at)
    assert await levels(share) == [("yellow", "issued")]
    await ring(clock.due_at - timedelta(seconds=1))
    assert len(await levels(share)) == 1
    await ring(clock.due_at)
    assert (await levels(share))[1:] == [("red", "proposed")]
    await ring(clock.due_at + timedelta(days=1))  # 24:00 of the first working day after
    assert (await levels(share))[2:] == [("urge_notice", "proposed")]  # nobody with a sign to issue it: a person must
    await ring(clock.due_at + timedelta(days=7))
    assert (await levels(share))[3:] == [("raise", "issued")]
    await ring(clock.due_at + timedelta(days=30))
    assert await Card.filter(about=share.ref).count() == 4
    await share.refresh_from_db()
    entries = await Entry.filter(subject=share.ref).order_by("seq")
    assert await replay.differences([share], {share.ref: entries}) == []


async def test_a_sweep_that_was_down_for_a_month_catches_up_every_rung_once() -> None:
    share = await a_signed_share()
    await ring(await due_of(share) + timedelta(days=30))
    assert [level for level, _ in await levels(share)] == ["red", "urge_notice", "raise"]


async def test_a_comment_resets_no_clock_and_brings_no_second_card() -> None:
    share = await a_signed_share()
    due = await due_of(share)
    ticket = await Ticket.get(id=share.ticket_id)
    await tickets.note(ticket, ticket_forms.Note(text=Sealed("已电话询问进展。")), **way(ticket, f.OPERATOR))
    assert await due_of(share) == due
    await ring(due)
    await ticket.refresh_from_db()
    await tickets.note(ticket, ticket_forms.Note(text=Sealed("再次询问进展。")), **way(ticket, f.OPERATOR, due))
    await ring(due + timedelta(hours=1))
    assert await levels(share) == [("red", "proposed")]
    assert await due_of(share) == due


async def test_what_was_answered_in_time_brings_nothing() -> None:
    share = await a_signed_share()
    await tickets.reply(share, f.REPLY, **way(share, f.HANDLER))
    await ring(NOW + timedelta(days=60))
    assert await levels(share) == []


async def test_an_unsigned_assignment_is_warned_for_signing() -> None:
    share = await share_of(await a_dispatched_ticket())
    await ring(await due_of(share, "sign"))
    assert ("yellow", "issued") in await levels(share)


async def test_the_notice_has_a_number_without_gaps_a_reply_duty_and_goes_to_the_unit() -> None:
    supervisor, liaison = await hire("urger", "supervisor"), await hire("answers", "liaison", "SW", f.WATER_PATH)
    await notices.seed([URGE], NOW)
    office = await Organisation.get(code="RX")
    await Sign.create(org=office, word="澜热")
    for _ in range(2):
        share = await a_signed_share()
        await ring(await due_of(share) + timedelta(days=1))
    found = await Card.filter(level=Level.URGE_NOTICE).order_by("id")
    assert [(card.state.value, card.doc_no) for card in found] == [
        ("issued", "澜热催〔2026〕1号"), ("issued", "澜热催〔2026〕2号"),
    ]  # fmt: skip
    assert {notice.about for notice in await Notice.all()} == {card.ref for card in found}
    assert found[0].due_at is not None  # the reply's
    told = await Message.filter(account_id=liaison.id, url=f"/oversight/cards/{found[0].no}")
    assert [message.title for message in told if "催办通知书" in message.title]
    assert await Message.filter(account_id=supervisor.id, title__contains="红牌").exists()


async def test_the_rungs_after_due_send_no_second_reminder_of_the_time_limit() -> None:
    handler = await hire("works", "handler", "SW", f.WATER_PATH)
    share = await a_signed_share()
    due = await due_of(share)
    await ring(due)
    reminders = Message.filter(account_id=handler.id, title__startswith="承办时限提醒")
    told = await reminders.count()
    assert told
    await ring(due + timedelta(days=30))
    assert await Card.filter(about=share.ref, level=Level.RAISE).exists()
    assert await reminders.count() == told


async def test_the_leader_is_told_of_what_is_raised() -> None:
    leader = await hire("boss", "leader", "SW", f.WATER_PATH)
    share = await a_signed_share()
    await ring(await due_of(share) + timedelta(days=8))
    assert await Message.filter(account_id=leader.id, title__contains="提级通报").exists()


async def test_who_owes_an_explanation_and_gives_none_is_proposed_a_red_card() -> None:
    card = await a_red_card("issued")
    assert card.due_at is not None
    await ring(card.due_at)
    follows = await Card.get(about=card.ref)
    assert (follows.rule, follows.level, follows.state.value) == ("S1", Level.RED, "proposed")
    assert follows.org_path == f.WATER_PATH


async def test_an_appeal_that_is_lost_leaves_the_explanation_owed_and_there_is_no_second_one() -> None:
    card = await a_red_card("issued")
    await actions.appeal(card, APPEAL, **way(card, f.LEADER))
    assert [clock.step for clock in await Clock.filter(subject=card.ref, stopped_at=None)] == ["appeal"]
    ruled = NOW + timedelta(days=2)
    await actions.uphold(card, WHY, **way(card, SECOND, ruled))
    (owed,) = await Clock.filter(subject=card.ref, stopped_at=None)
    assert (owed.step, owed.started_at) == ("reply", ruled), "the unit isn't charged for the time that the ruling took"
    await actions.reply(card, REPLY, **way(card, f.LEADER, ruled))
    with pytest.raises(WrongState, match="申诉过"):
        await actions.appeal(card, APPEAL, **way(card, f.LEADER, ruled))
    assert (card.state, card.due_at) == (CardState.REPLIED, None)
    assert await replay.differences([card], {card.ref: await Entry.filter(subject=card.ref).order_by("seq")}) == []


async def test_what_was_explained_before_the_appeal_is_not_owed_again() -> None:
    card = await a_red_card("upheld")
    assert not await Clock.exists(subject=card.ref, stopped_at=None)
    with pytest.raises(WrongState, match="不用再交"):
        await actions.reply(card, REPLY, **way(card, f.LEADER))


async def an_urge_notice(**given: str) -> Card:
    await notices.seed([URGE], NOW)
    await Sign.update_or_create(defaults={"word": "澜热"}, org=await Organisation.get(code="RX"))
    share = await a_signed_share(**given)
    await ring(await due_of(share) + timedelta(days=1))
    return await Card.get(about=share.ref, level=Level.URGE_NOTICE)


async def test_the_unit_and_the_supervisor_read_the_notice_itself_and_nobody_elses_unit_does(signed_in: Client) -> None:
    await hire("urger", "supervisor")
    card = await an_urge_notice(title="云谷路路面塌陷")
    async with signed_in(f.LIAISON) as unit, signed_in(f.SUPERVISOR) as centre, signed_in(f.HOUSING) as other:
        for client in (unit, centre):
            assert f"/oversight/cards/{card.no}/document" in (await client.get(f"/oversight/cards/{card.no}")).text
            paper = unescape((await client.get(f"/oversight/cards/{card.no}/document")).text)
            for told in (card.doc_no, "水务局", "你单位承办的“云谷路路面塌陷”", "1个工作日内"):
                assert told in paper
        assert (await other.get(f"/oversight/cards/{card.no}/document")).status_code == 404
        red = await Card.get(about=card.about, level=Level.RED)
        assert (await centre.get(f"/oversight/cards/{red.no}/document")).status_code == 404


async def test_who_has_papers_sealed_is_told_that_one_waits() -> None:
    await hire("urger", "supervisor")
    clerk = await hire("papers", "notice_clerk")
    card = await an_urge_notice()
    (told,) = await Message.filter(account_id=clerk.id, title__startswith="待申请用印")
    notice = await Notice.get(about=card.ref)
    assert (told.title, told.url) == (f"待申请用印：催办通知书 {card.doc_no}", f"/notices/{notice.public_id}")


async def test_of_a_confidential_matter_the_notice_says_only_its_number() -> None:
    await hire("urger", "supervisor")
    card = await an_urge_notice(title="举报李四私接水管", secrecy="confidential")
    words = await rendering.printed(await Notice.get(about=card.ref))
    assert "李四" not in f"{words}"
    assert "保密事项" in f"{words}"


async def test_cards_are_called_by_the_title_of_what_they_are_about_and_filters_go_together(signed_in: Client) -> None:
    share = await a_signed_share(title="云谷路路面塌陷")
    await ring(await due_of(share))
    waits = await a_red_card("proposed")
    red = await Card.get(about=share.ref, level=Level.RED)
    await actions.issue(red, Nothing(), **way(red, f.SUPERVISOR))
    async with signed_in(f.SUPERVISOR) as client:
        both = unescape((await client.get("/oversight/cards?level=red&state=issued")).text)
        assert red.no in both
        assert waits.no not in both
        assert ">云谷路路面塌陷</a>" in both
        assert "?state=issued&level=" in both, "a chip that is pressed again is let go, the other stays"
        day, later = day_of(NOW), day_of(NOW + timedelta(days=1))
        of_that_day = (await client.get(f"/oversight/cards?level=red&from={day}&to={day}")).text
        assert red.no in of_that_day
        assert waits.no not in of_that_day, "what hasn't gone out isn't counted as issued"
        assert red.no not in (await client.get(f"/oversight/cards?level=red&from={later}&to={later}")).text
        await actions.revoke(red, WHY, **way(red, f.SUPERVISOR))
        assert red.no not in (await client.get(f"/oversight/cards?level=red&from={day}&to={day}")).text


async def test_a_tickets_page_shows_the_cards_over_it_and_which_limit_rang(signed_in: Client) -> None:
    share = await a_signed_share()
    await ring(await due_of(share) + timedelta(days=8))
    red = await Card.get(about=share.ref, level=Level.RED)
    raised = await Card.get(about=share.ref, level=Level.RAISE)
    address = f"/hotline/tickets/{share.no.partition('/')[0]}"
    async with signed_in(f.SUPERVISOR) as centre, signed_in(f.LIAISON) as unit, signed_in(f.DISPATCHER) as desk:
        told = unescape((await centre.get(address)).text)
        assert f"/oversight/cards/{red.no}" in told
        assert "红牌（办理）" in told
        assert "已超期，第 2 次提醒" in told
        seen = (await unit.get(address)).text
        assert f"/oversight/cards/{raised.no}" in seen
        assert red.no not in seen, "what a person hasn't confirmed is no card yet"
        assert "监督卡</h2>" not in (await desk.get(address)).text
        assert 'value="supervise"' in told
        assert 'value="red"' not in told, "a card has a number and can be appealed against"


async def test_a_red_rule_can_never_be_automatic() -> None:
    with pytest.raises(ValueError, match="红牌须由人确认"):
        Declared(code="X", kind="card", steps=("reply",), rung="due", level=Level.RED, says="", basis="")
    rule = (await ladder.that_fit("assignment", "handle", "due", NOW))[0]
    share = await a_signed_share()
    told = forms.Fired(rule="H2", rule_version=1, level="red", about=share.ref, step="handle", span=1, org_path="/")
    with pytest.raises(NotAllowed, match="督办员确认"):
        await lifecycle.move(Card(no="1", region_path="/"), "give", told, by=f.MACHINE, at=NOW, version=0)
    assert rule.level is Level.RED
    assert not rule.auto


async def test_who_issued_does_not_decide_the_appeal_and_nobody_their_own_units() -> None:
    card = await a_red_card("appealed")
    for verb in (actions.uphold, actions.revoke):
        with pytest.raises(OwnWork):
            await verb(card, WHY, **way(card, f.SUPERVISOR))
    ours = f.officer(31, "水务局的督办员", "supervisor", f.WATER_PATH)
    with pytest.raises(OwnWork):
        await actions.revoke(card, WHY, **way(card, ours))
    await actions.revoke(card, WHY, **way(card, SECOND))
    assert card.state is CardState.REVOKED
    entry = await Entry.filter(subject=card.ref).order_by("-seq").first()
    assert entry is not None
    assert entry.facts["reason"] == WHY.reason


async def test_state_by_move_by_role_is_in_the_table_or_refused() -> None:
    asked = [move for move in Card.moves.values() if move.permission and move.sources]
    cells = 0
    for state in CardState:
        card = await a_red_card(state.value)
        for move, actor in product(asked, ACTORS):
            refusal = await attempt(card, move.name, actor)
            if not granted(card, move.permission, actor):
                assert isinstance(refusal, NotAllowed), (state, move.name, actor.name, refusal)
            elif state not in move.sources or (state, move.name) == ("upheld", "reply"):  # it was given before
                assert isinstance(refusal, WrongState), (state, move.name, actor.name, refusal)
            else:
                issuer = move.name in {"uphold", "revoke"} and state == "appealed" and actor is f.SUPERVISOR
                assert isinstance(refusal, OwnWork) if issuer else refusal is None, (state, move.name, actor.name)
            offered = {one.name for one in await allowed_moves(card, actor, NOW)}
            assert (move.name in offered) is (refusal is None)
            cells += 1
    assert cells == len(CardState) * len(asked) * len(ACTORS)


def granted(card: Card, permission: object, actor: object) -> bool:
    if permission in OF_THE_UNIT:
        named = {P.CARD_REPLY: (f.LIAISON, f.LEADER), P.CARD_APPEAL: (f.LEADER,)}
        return card.issued_at is not None and any(actor is one for one in named[permission])  # type: ignore[index]
    judges = {P.CARD_ISSUE: (f.SUPERVISOR, SECOND), P.CARD_JUDGE: (f.SUPERVISOR, SECOND, f.MANAGER)}
    return any(actor is one for one in judges.get(permission, (f.MACHINE,)))  # type: ignore[call-overload]


async def attempt(card: Card, move: str, actor: object) -> Refusal | None:
    return await attempted(card, move, FACTS.get(move, Nothing()), **way(card, actor))  # type: ignore[arg-type]


async def test_the_unit_sees_its_cards_only_once_they_are_out_and_others_never() -> None:
    card = await a_red_card("proposed")
    with pytest.raises(NotFound):
        await queries.one(f.LEADER, card.no)
    await actions.issue(card, Nothing(), **way(card, f.SUPERVISOR))
    assert (await queries.one(f.LEADER, card.no)).no == card.no
    with pytest.raises(NotFound):
        await queries.one(f.HOUSING, card.no)


async def test_cards_over_the_api_and_as_pages(signed_in: Client) -> None:
    card = await a_red_card("proposed")
    async with signed_in(f.SUPERVISOR) as supervisor, signed_in(f.LEADER) as leader, signed_in(f.OPERATOR) as operator:
        rows = (await supervisor.get("/api/v1/oversight/cards?state=proposed")).json()["items"]
        assert [row["no"] for row in rows] == [card.no]
        assert (await leader.get(f"/api/v1/oversight/cards/{card.no}")).status_code == 404
        assert (await operator.get("/api/v1/oversight/cards")).status_code == 403
        assert (await supervisor.get("/api/v1/oversight/cards?state=nothing")).status_code == 422
        sent = {"version": card.version, "facts": {}}
        issued = await supervisor.post(f"/api/v1/oversight/cards/{card.no}/moves/issue", json=sent)
        assert (issued.status_code, issued.json()["state"]) == (200, "issued")
        assert [clock["step"] for clock in issued.json()["clocks"]] == ["reply"]
        facts = {"explanation": "管道老化，抢修延误。", "measures": "已增派人手。"}
        sent = {"version": issued.json()["version"], "facts": facts}
        replied = await leader.post(f"/api/v1/oversight/cards/{card.no}/moves/reply", json=sent)
        assert replied.json()["state"] == "replied", replied.text
        told = await supervisor.get(f"/oversight/cards/{card.no}")
        assert "抢修延误" in told.text
        assert "水务局" in told.text
        assert card.no in (await supervisor.get("/oversight/cards")).text
        rules = (await supervisor.get("/oversight/rules")).text
        assert all(said in rules for said in ("H2", "系统拟发，督办员确认", "催办通知书", "到期后第一响"))


async def test_what_watches_over_the_hall_rings_too_but_its_bell_is_no_clock() -> None:
    await upkeep.keep([("磁盘", "只剩 1 GB", "清理磁盘")], at=NOW)
    await ring(NOW)
    assert await Delivery.exclude(problem="").values_list("consumer", "problem") == []
    assert not await Card.exists()
