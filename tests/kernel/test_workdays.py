"""The calendar as people keep it: written down by one, confirmed by another, every shifted deadline told."""

import json
from dataclasses import replace
from datetime import UTC, date
from html import unescape
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline import consumers
from hotline.tickets import actions as tickets
from kernel import verify
from kernel.calendar import current
from kernel.calendar import queries as tables
from kernel.calendar.actions import Notice, as_if, take_in
from kernel.clocks import alarms, arithmetic
from kernel.clocks.models import Clock
from kernel.errors import FormRejected, NotAllowed, OwnWork, Refusal, WrongState
from kernel.inbox.models import Message
from kernel.lifecycle import Nothing
from kernel.models import Entry, Event
from kernel.people.models import Account
from kernel.permissions import SYSTEM, Actor, powers
from kernel.workdays import actions, forms, jobs, queries
from kernel.workdays import consumers as waiting
from kernel.workdays.forms import Reason, Typed
from kernel.workdays.models import Proposal
from kernel.workdays.permissions import ROLES
from kernel.workdays.states import ProposalState
from tests import factories as f
from tests.attempts import attempted
from tests.conftest import Client, shared_data
from tests.hotline.test_knowledge_pages import send
from tests.kernel.test_calendar_days import city
from tests.officers import hire

LATE = city("2026-12-30T10:00").astimezone(UTC)
KEEPER = replace(f.STRANGER, id=70, name="系统管理员", powers=powers([("system_admin", "/")], ROLES), home=f.CENTRE)
SECOND = replace(KEEPER, id=71, name="安全管理员", powers=powers([("security_admin", "/")], ROLES))
NO = Reason(reason="与原文不符")
LINES = "2027-01-01 休 元旦\n2027-01-02 班 元旦\n2027-01-04 至 2027-01-06 休 元旦"


def notice(
    days: str = LINES, *, year: int = 2027, local: bool = False, document: str = "国办发明电〔2026〕7号"
) -> Notice:
    return Typed(year=year, local=local, document=document, days=days).notice()


async def a_proposal(state: str = "proposed", told: Notice | None = None) -> Proposal:
    no = await actions.draw_number(LATE)
    proposal = await actions.propose(told or notice(), no=no, by=KEEPER, at=LATE)
    if state == "confirmed":
        await actions.confirm(proposal, Nothing(), **f.way(proposal, SECOND, LATE))
        await actions.shift(proposal, at=LATE)
    if state == "refused":
        await actions.refuse(proposal, NO, **f.way(proposal, SECOND, LATE))
    if state == "wdrawn":
        await actions.withdraw(proposal, NO, **f.way(proposal, KEEPER, LATE))
    return proposal


async def a_late_ticket() -> str:
    ticket = await f.a_ticket(at=LATE, by=f.CITIZEN, channel="web")
    await tickets.dispatch(ticket, f.DISPATCH, **f.way(ticket, f.DISPATCHER, LATE))
    return ticket.no


# ---- what is typed


@settings(deadline=None)
@given(
    days=st.dictionaries(
        st.dates(date(2027, 1, 1), date(2027, 12, 31)), st.tuples(st.booleans(), st.sampled_from(["元旦", "春节"])),
        min_size=1, max_size=30,
    ),
    local=st.booleans(),
)  # fmt: skip
def test_what_a_notice_shows_may_be_typed_into_it_again(days: dict[date, tuple[bool, str]], local: bool) -> None:
    assert notice(forms.lines(days, local=local), local=local).days == days


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ("元旦放假一天", "第 1 行"), ("2027-01-01 休 元旦\n1月2日 休", "第 2 行"), ("2027-02-30 休", "日期不存在"),
        ("2027-01-05 至 2027-01-01 休", "结束不能早于开始"), ("2027-01-01 休\n2027-01-01 班", "不止一次"),
        ("", "没有可以导入"),
        ("2021-01-01 休 元旦", "不属于 2027 年"), ('{"year": 2026, "days": []}', "不是 2027 年"), ("{", "不完整"),
        ('{"year": 2027, "days": [{"name": "元旦"}]}', "每一天须有"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_read_says_which_and_what_to_write(days: str, words: str) -> None:
    with pytest.raises(FormRejected) as refused:
        notice(days)
    assert words in refused.value.fields["days"]


def test_the_published_file_of_a_year_may_be_pasted_whole() -> None:
    text = shared_data("workdays", "holiday-cn_2026.json").read_text()
    told = notice(text, year=2026)
    assert told.days[date(2026, 2, 14)] == (True, "春节")
    assert len(told.days) == len(json.loads(text)["days"])


# ---- the life of a notice


async def attempt(proposal: Proposal, name: str, actor: Actor) -> Refusal | None:
    facts = NO if name in {"refuse", "withdraw"} else Nothing()
    return await attempted(proposal, name, facts, **f.way(proposal, actor, LATE))


@pytest.mark.usefixtures("database")
async def test_every_state_and_move_and_role_is_in_the_table_or_refused() -> None:
    asked_for = [name for name, move in Proposal.moves.items() if move.permission and move.sources]
    allowed = 0
    for turn, state in enumerate(ProposalState):
        proposal = await a_proposal(state.value, notice(document=f"第 {turn} 号文件"))
        for name, actor in product(asked_for, (KEEPER, SECOND, f.MANAGER, f.OPERATOR, f.CITIZEN, f.NOBODY)):
            move = Proposal.moves[name]
            expected: type[Refusal] | None = WrongState if state not in move.sources else None
            if move.permission not in actor.powers:
                expected = NotAllowed
            elif expected is None and actor is KEEPER and name != "withdraw":
                expected = OwnWork
            refusal = await attempt(proposal, name, actor)
            assert (type(refusal) if refusal else None) is expected, (state, name, actor.name, refusal)
            allowed += refusal is None
    assert allowed == 3, "its author takes it back; the other one confirms or refuses"


@pytest.mark.usefixtures("database")
async def test_nothing_moves_before_a_second_person_has_confirmed_and_then_everything_does() -> None:
    no = await a_late_ticket()
    before = await Clock.all().order_by("id").values()
    proposal = await a_proposal()
    for by in (KEEPER, replace(SECOND, stands_for=KEEPER.id)):
        with pytest.raises(OwnWork):
            await actions.confirm(proposal, Nothing(), **f.way(proposal, by, LATE))
    assert await Clock.all().order_by("id").values() == before
    assert (await current()).provisional(date(2027, 1, 4))

    then = await as_if(notice())
    looked, everything, foreseen = await alarms.would_shift(
        then, at=LATE, since=then.first_change(await current()), clocks_max=100
    )
    assert await Clock.all().order_by("id").values() == before, "a preview writes nothing"
    await actions.confirm(proposal, Nothing(), **f.way(proposal, SECOND, LATE))
    assert await Clock.all().order_by("id").values() == before, "what runs is the worker's"
    assert [one.no for one in await queries.to_shift()] == [proposal.no]
    await actions.shift(proposal, at=LATE)
    assert await queries.to_shift() == []
    table = await current()
    assert not table.provisional(date(2027, 1, 4))
    assert not table.is_working(date(2027, 1, 4))
    shifts = await Entry.filter(move="shift").order_by("id")
    assert everything
    assert 0 < len(foreseen) <= looked
    told = {(one.subject, one.step, arithmetic.last_day(one.after)) for one in foreseen}
    clocks = {(clock.subject, clock.step): clock.due_at for clock in await Clock.all()}
    assert told == {
        (e.subject, e.facts["step"], arithmetic.last_day(clocks[e.subject, e.facts["step"]])) for e in shifts
    }
    assert proposal.shift_count == len(shifts) == len(foreseen)
    assert any(no in line for line in proposal.shifts)
    assert (await verify.chains(full=True, progress=lambda done, total: None))[1] == []


async def a_half_done_notice() -> tuple[Proposal, int]:
    """Its job died after the first few; how many deadlines it moves in all."""
    for _ in range(4):
        await a_late_ticket()
    proposal = await a_proposal()
    then = await as_if(notice())
    since = then.first_change(await current())
    _, _, foreseen = await alarms.would_shift(then, at=LATE, since=since, clocks_max=100)
    await actions.confirm(proposal, Nothing(), **f.way(proposal, SECOND, LATE))
    few = await Clock.filter(subject__in=[one.subject for one in foreseen[:2]], stopped_at=None)
    done = await alarms._shift_all(few, then, LATE)
    assert 0 < len(done) < len(foreseen)
    return proposal, len(foreseen)


@pytest.mark.usefixtures("database")
async def test_a_job_that_died_half_way_goes_on_and_every_shift_is_counted_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proposal, many = await a_half_done_notice()
    await jobs.shift_deadlines({})
    await proposal.refresh_from_db()
    assert proposal.shift_count == len(proposal.shifts) == await Entry.filter(move="shift").count() == many
    assert (await verify.chains(full=True, progress=lambda done, total: None))[1] == []


@pytest.mark.usefixtures("database")
async def test_nothing_rings_at_a_time_that_a_confirmed_notice_has_taken_from_it() -> None:
    proposal, many = await a_half_done_notice()
    old = {(clock.subject, clock.step): clock.due_at for clock in await Clock.filter(calendar=11)}
    at = max(old.values())
    while await alarms.sweep(at=at):
        pass
    rung = await Entry.filter(move="alarm").values_list("subject", "facts")
    clocks = {(clock.subject, clock.step): clock for clock in await Clock.all()}
    for subject, facts in rung:
        assert facts["rung"] == "warn" or clocks[subject, facts["step"]].due_at <= at
    assert {one.calendar for one in clocks.values() if one.due_at > at and one.stopped_at is None} == {12}
    await actions.shift(proposal, at=at)
    assert proposal.shift_count == many, "those that the sweep moved are counted, too"
    assert (await verify.chains(full=True, progress=lambda done, total: None))[1] == []


@pytest.mark.usefixtures("database")
async def test_who_confirms_reads_that_the_deadlines_are_on_their_way_and_then_which(signed_in: Client) -> None:
    no = await a_late_ticket()
    proposal = await a_proposal()
    await actions.confirm(proposal, Nothing(), **f.way(proposal, SECOND, LATE))
    async with signed_in(SECOND) as second:
        address = f"/admin/calendar/notices/{proposal.no}"
        assert "正由后台逐个重算" in (await second.get(address)).text
        await jobs.shift_deadlines({})
        page = (await second.get(address)).text
    assert "正由后台逐个重算" not in page
    assert f"工单 {no}：" in page


@pytest.mark.usefixtures("database")
async def test_a_refused_notice_changes_nothing_and_one_that_says_nothing_new_is_not_taken() -> None:
    for state in ("refused", "wdrawn"):
        await a_proposal(state)
    assert await tables.revision() == 11
    await a_proposal("confirmed")
    with pytest.raises(FormRejected) as refused:
        await a_proposal()
    assert "没有改动" in refused.value.fields["days"]


@pytest.mark.usefixtures("database")
async def test_shifts_are_told_to_the_agency_and_the_caller_once_each() -> None:
    handler = await hire("handler", "handler", "SW", f.WATER_PATH)
    caller = await Account.create(id=f.CITIZEN.id, username="caller", name="陈先生", kind="citizen", created_at=LATE)
    await a_late_ticket()
    await a_proposal("confirmed")
    for event in await Event.filter(topic__endswith=".shift"):
        await consumers.tell(event)
    told = {message.account_id: message.title for message in await Message.filter(title__startswith="工作日历调整")}
    assert {*told} == {handler.id, caller.id}
    assert await Message.filter(title__startswith="工作日历调整", account_id=caller.id).count() == 1


@pytest.mark.usefixtures("database")
async def test_who_may_confirm_is_told_that_a_notice_waits() -> None:
    second, other = await hire("second", "security_admin"), await hire("other", "operator")
    proposal = await a_proposal()
    for event in await Event.filter(topic="calendar_notice.propose"):
        await waiting.tell(event)
    [message] = await Message.filter(account_id__in=[second.id, other.id])
    assert (message.account_id, message.url) == (second.id, f"/admin/calendar/notices/{proposal.no}")


# ---- the city's own days


@pytest.mark.usefixtures("database")
async def test_local_days_lie_over_the_states_and_can_be_taken_back() -> None:
    storm = date(2026, 3, 4)
    await take_in(notice("2026-03-04 停 台风\n2026-03-07 班 台风补班", year=2026, local=True), by=SYSTEM, at=LATE)
    table = await current()
    assert (table.is_working(storm), table.label(storm), table.is_working(date(2026, 3, 7))) == (False, "台风", True)
    assert table.is_working(date(2026, 2, 14)), "what the State Council said of the year stays"
    data = shared_data("workdays", "holiday-cn_2026.json").read_text()
    await take_in(notice(data, year=2026, document="更正后的文件"), by=SYSTEM, at=LATE)
    assert not (await current()).is_working(storm), "a later notice of the State Council doesn't lift it"
    await take_in(notice("", year=2026, local=True), by=SYSTEM, at=LATE)
    assert (await current()).is_working(storm)
    assert not (await tables.as_of(12)).is_working(storm), "what was computed then can be computed again"


async def test_the_story_of_a_ticket_tells_which_deadline_moved_and_by_which_document(
    database: str, signed_in: Client
) -> None:
    ticket = await f.a_dispatched_ticket(by=f.CITIZEN, channel="web")
    told = notice("2026-03-04 停 台风", year=2026, local=True, document="澜政办发〔2026〕3号")
    await take_in(told, by=SYSTEM, at=f.NOW)
    address = f"/hotline/tickets/{ticket.no}"
    async with signed_in(f.DISPATCHER) as desk, signed_in(f.CITIZEN) as caller:
        story, mine = unescape((await desk.get(address)).text), unescape((await caller.get(address)).text)
    for page in (story, mine):
        assert "期限重算" in page
        assert "2026-03-16 改为 2026-03-17" in page, "of the total that was promised"
        assert "2026 年工作日历有改动（澜政办发〔2026〕3号）" in page
    assert "2026-03-09 改为 2026-03-10" in story, "of the handling"
    assert "2026-03-09 改为 2026-03-10" not in mine, "that is between the hotline and its agency"


@pytest.mark.usefixtures("database")
async def test_a_local_day_does_not_make_a_year_announced() -> None:
    await take_in(notice("2027-03-04 停 台风", local=True), by=SYSTEM, at=LATE)
    table = await current()
    assert not table.is_working(date(2027, 3, 4))
    assert table.provisional(date(2027, 3, 5))


@pytest.mark.parametrize(
    ("days", "year", "local"),
    [(LINES, 2027, False), ("2026-03-04 停 台风", 2026, True), ("2026-05-06 休 劳动节", 2026, False)],
)
async def test_as_if_is_what_it_becomes(database: str, days: str, year: int, local: bool) -> None:
    told = notice(days, year=year, local=local)
    foreseen = await as_if(told)
    await take_in(told, by=SYSTEM, at=LATE)
    became = await current()
    assert (foreseen.days, foreseen.announced, foreseen.revision) == (became.days, became.announced, became.revision)


# ---- the pages


async def test_a_year_goes_from_a_paper_over_two_people_into_the_calendar(signed_in: Client) -> None:
    keeper, second, manager = signed_in(KEEPER), signed_in(SECOND), signed_in(f.MANAGER)
    year, new = "/admin/calendar?year=2027", "/admin/calendar/new?year=2027"
    assert "暂定" in (await manager.get(year)).text
    told = {"year": "2027", "local": "false", "document": "国办发明电〔2026〕7号", "days": "2027-01-01 放假"}
    refused = await send(keeper, new, "/admin/calendar/new", **told)
    assert refused.status_code == 422
    assert "第 1 行“2027-01-01 放假”看不懂" in unescape(refused.text)
    assert ">2027-01-01 放假</textarea>" in refused.text, "what was typed stays"
    address = (await send(keeper, new, "/admin/calendar/new", **told | {"days": LINES})).headers["location"]
    assert (await send(keeper, address, f"{address}/confirm")).status_code == 403
    shown = unescape((await second.get(address)).text)
    assert "改变的日子，5 天" in shown
    assert '<td class="n">2027-01-04</td><td>上班</td><td><b>休息（元旦）</b></td>' in shown
    assert (await send(second, address, f"{address}/confirm")).status_code == 303
    page = unescape((await manager.get(year)).text)
    assert "已公布" in page
    assert "国办发明电〔2026〕7号" in page
    assert "1 月 4 日至 1 月 6 日，3 天" in page
    assert (await manager.get(address)).status_code == 200
    assert (await send(manager, address, f"{address}/confirm")).status_code == 403


async def test_only_keepers_of_deadlines_see_it_and_any_year_can_be_asked_for(signed_in: Client) -> None:
    for who in (f.OPERATOR, f.CITIZEN, f.LIAISON):
        assert (await signed_in(who).get("/admin/calendar")).status_code == 403
    keeper = signed_in(KEEPER)
    for asked in ("2016", "2026", "2028", "2035", "1", "x", "99999"):
        assert (await keeper.get("/admin/calendar", params={"year": asked})).status_code == 200
    assert (await keeper.get("/admin/calendar/notices/none")).status_code == 404
