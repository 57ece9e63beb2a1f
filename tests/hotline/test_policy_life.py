"""The time limits as versions: a second person publishes, tickets and shares keep theirs, deadlines are recomputed."""

import copy
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline.policies import actions, cells, consumers, forms, jobs, limits, queries
from hotline.policies.forms import Period, Publish, Reason, Started, Written
from hotline.policies.models import Policy, Replay
from hotline.policies.presets import PRESETS, document_of
from hotline.policies.states import PolicyState
from hotline.tickets import actions as tickets
from hotline.tickets.forms import Delegate, Extension, Reclassify
from hotline.tickets.models import Assignment, Ticket
from kernel import verify
from kernel.calendar import actions as calendar
from kernel.calendar.days import Calendar
from kernel.clocks import arithmetic, effects
from kernel.clocks.models import Clock
from kernel.errors import FormRejected, NotAllowed, OwnWork, Refusal, WrongState
from kernel.forms import Form
from kernel.inbox.models import Message
from kernel.lifecycle import Nothing
from kernel.models import Entry, Event
from kernel.permissions import SYSTEM, Actor
from tests import factories as f
from tests.attempts import attempted
from tests.factories import CITY, DISPATCHER, MANAGER, NOW, SUPERVISOR, a_ticket, share_of, way
from tests.officers import hire

ACTORS = (MANAGER, SUPERVISOR, f.OPERATOR, f.DISPATCHER, f.LEADER, f.CITIZEN, f.NOBODY, f.STRANGER, f.MACHINE)
TODAY = date(2026, 3, 2)
WHY = Reason(reason="改用别的办法")


def sheet(base: str = "default-v1", **changes: str) -> dict[str, Any]:
    """`handle__demand="3 wd"`: that cell of the steps differs."""
    document = copy.deepcopy(document_of(base))
    for name, told in changes.items():
        step, _, column = name.partition("__")
        document["steps"][step][column] = told
    return document


async def a_policy(
    state: str = "published", no: str = "city-1", *, since: date = TODAY, at: datetime = NOW, **changes: str
) -> Policy:
    facts = Started(no=no, title="本市的时限", base="default-v1")
    policy = await actions.draft(facts, region=CITY, by=MANAGER, at=at)
    written = Written(title="本市的时限", document=sheet(**(changes or {"handle__demand": "3 wd"})))
    await actions.edit(policy, written, **way(policy, MANAGER, at))
    if state in {"submitted", "published"}:
        await actions.submit(policy, Nothing(), **way(policy, MANAGER, at))
    if state == "published":
        await actions.publish(policy, Publish(effective_from=since), **way(policy, SUPERVISOR, at))
    if state == "wdrawn":
        await actions.withdraw(policy, WHY, **way(policy, MANAGER, at))
    return policy


async def clock_of(thing: Ticket | Assignment, step: str) -> Clock:
    found = await Clock.filter(subject=thing.ref, step=step).order_by("-span").first()
    assert found is not None
    return found


async def problems() -> list[str]:
    return (await verify.chains(full=True, progress=lambda done, total: None))[1]


# ---- the sheet


@pytest.mark.parametrize("name", PRESETS)
def test_what_a_sheet_shows_may_be_typed_into_it_again(name: str) -> None:
    document = document_of(name)
    again, wrong = cells.read(cells.typed(document))
    assert wrong == {}
    assert cells.built(again) == document
    assert forms.Written(title="照抄一遍", document=document).document == document


@settings(deadline=None)
@given(text=st.text(max_size=12), cell=st.sampled_from(sorted(cells.ROW_OF)))
def test_whatever_is_typed_into_a_cell_is_understood_or_answered_in_its_own_place(text: str, cell: str) -> None:
    sent = cells.typed(document_of("default-v1")) | {cell: text}
    again, wrong = cells.read(sent)
    if wrong:
        assert all(name in cells.ROW_OF and problem.endswith("。") for name, problem in wrong.items())
    else:
        assert cells.read(cells.typed(cells.built(again)))[0] == again


@pytest.mark.parametrize(
    ("cell", "text", "words"),
    [
        ("steps.handle.demand", "五天", "“五天”"), ("steps.handle.demand", "", "不能空着"),
        ("steps.handle.demand", "0 日", "1 到 999"), ("steps.sign.urgent", "30 秒", "不按秒计"),
        ("steps.sign.urgent", "-5 日", "这样的数和单位"), ("warn.demand", "150%", "1% 到 99%"),
        ("warn.demand", "5 个工作日", "提前 1 个工作日"), ("caps.extensions.demand", "许多", "0 到 10 的整数"),
        ("caps.pause_days.demand", "366", "0 到 365 的整数"), ("caps.reopen_days.demand", "0", "至少 1 日"),
        ("weights.satisfied", "34", "合计须为 100，现在合计 99"), ("weights.satisfied", "", "三项都要写"),
        ("weights.satisfied", "101", "0 到 100 的整数"), ("loads.middle", "300", "大量件须多于中量件"),
        ("caps.extension_days.critical", "3", "与次数不一致"), ("ladder.1.demand", "1 个工作日", "须晚于"),
    ],
)  # fmt: skip
def test_a_cell_that_is_wrong_says_what_to_write_instead(cell: str, text: str, words: str) -> None:
    _, wrong = cells.read(cells.typed(document_of("default-v1")) | {cell: text})
    assert list(wrong) == [cell]
    assert words in wrong[cell]


@pytest.mark.parametrize(
    ("text", "stored"),
    [("5个工作日", "5 wd"), ("5 工作日", "5 wd"), ("24小时", "24 h"), ("4 个工作小时", "4 wh"),
     ("7天", "7 d"), ("30分钟", "30 min")],
)  # fmt: skip
def test_people_write_a_limit_as_they_say_it(text: str, stored: str) -> None:
    again, wrong = cells.read(cells.typed(document_of("default-v1")) | {"steps.handle.demand": text})
    assert (wrong, again["steps.handle.demand"]) == ({}, stored)


# ---- the life of a version


async def attempt(policy: Policy, name: str, actor: Actor) -> Refusal | None:
    facts: dict[str, Form] = {
        "edit": Written(title="再改一次", document=sheet(handle__demand="4 wd")), "send_back": WHY, "withdraw": WHY,
        "publish": Publish(effective_from=TODAY),
    }  # fmt: skip
    return await attempted(policy, name, facts.get(name, Nothing()), **way(policy, actor))


@pytest.mark.usefixtures("database")
async def test_every_state_and_move_and_role_is_in_the_table_or_refused() -> None:
    asked_for = [name for name, move in Policy.moves.items() if move.permission and move.sources]
    allowed, reached = 0, set[str]()
    for state in PolicyState:
        policy = await a_policy(state.value, f"of-{state.value}")
        for name, actor in product(asked_for, ACTORS):
            move = Policy.moves[name]
            expected: type[Refusal] | None = WrongState if state not in move.sources else None
            if move.permission not in actor.powers:
                expected = NotAllowed
            elif expected is None and name == "publish" and actor is MANAGER:
                expected = OwnWork  # who wrote it
            refusal = await attempt(policy, name, actor)
            assert (type(refusal) if refusal else None) is expected, (state, name, actor.name, refusal)
            if refusal is None:
                allowed, reached = allowed + 1, reached | {name}
    assert reached == {*asked_for}
    assert allowed == 7  # the manager writes, sends, gives up a draft and a submitted one; two send back; one publishes


@pytest.mark.usefixtures("database")
async def test_who_wrote_it_or_lent_a_hand_to_it_does_not_publish_it() -> None:
    policy = await a_policy("submitted")
    helper = replace(SUPERVISOR, stands_for=MANAGER.id)
    for by in (MANAGER, helper):
        with pytest.raises(OwnWork):
            await actions.publish(policy, Publish(effective_from=TODAY), **way(policy, by))
    await actions.send_back(policy, WHY, **way(policy, SUPERVISOR))
    await actions.submit(policy, Nothing(), **way(policy, MANAGER))
    await actions.publish(policy, Publish(effective_from=TODAY), **way(policy, SUPERVISOR))
    assert policy.state is PolicyState.PUBLISHED


@pytest.mark.usefixtures("database")
async def test_a_version_is_not_published_for_the_past_nor_without_a_change_nor_twice_under_one_name() -> None:
    policy = await a_policy("submitted")
    with pytest.raises(FormRejected, match="1 处"):
        await actions.publish(policy, Publish(effective_from=TODAY - timedelta(days=1)), **way(policy, SUPERVISOR))
    same = await actions.draft(
        Started(no="same", title="什么也没改", base="default-v1"), region=CITY, by=MANAGER, at=NOW
    )
    with pytest.raises(WrongState, match="完全相同"):
        await actions.submit(same, Nothing(), **way(same, MANAGER))
    for taken in ("same", "beijing"):
        with pytest.raises(FormRejected) as refused:
            await actions.draft(Started(no=taken, title="重名的版本", base="beijing"), region=CITY, by=MANAGER, at=NOW)
        assert "换一个版本名" in refused.value.fields["no"]


@pytest.mark.usefixtures("database")
async def test_a_published_version_that_was_changed_behind_the_journals_back_is_found() -> None:
    policy = await a_policy()
    assert await problems() == []
    await Policy.filter(id=policy.id).update(document=sheet(handle__demand="30 wd"))
    assert any("document" in problem for problem in await problems())


@pytest.mark.usefixtures("database")
async def test_each_day_has_the_version_that_was_in_force_on_it() -> None:
    await a_policy(no="later", since=date(2026, 4, 1))
    await a_policy(no="soon", since=date(2026, 3, 10))
    await a_policy(no="soon-corrected", since=date(2026, 3, 10), handle__demand="4 wd", at=NOW + timedelta(hours=1))
    days = {date(2026, 3, 9): "default-v1", date(2026, 3, 10): "soon-corrected", date(2026, 4, 1): "later"}
    for day, no in days.items():
        assert await limits.in_force(datetime(day.year, day.month, day.day, 1, tzinfo=UTC)) == no


async def test_a_draft_and_a_version_that_has_not_begun_time_nothing(database: str) -> None:
    await a_policy("draft", "one")
    await a_policy("submitted", "two")
    await a_policy(no="three", since=TODAY + timedelta(days=30))
    assert (await a_ticket()).policy == "default-v1"


async def test_who_may_publish_is_told_that_a_version_waits(database: str) -> None:
    publisher, operator = await hire("publisher", "supervisor"), await hire("other", "operator")
    await a_policy("submitted")
    for event in await Event.filter(topic="time_policy.submit"):
        await consumers.tell(event)
    [message] = await Message.filter(account_id__in=[publisher.id, operator.id])
    assert (message.account_id, message.url) == (publisher.id, "/hotline/policies/city-1")


# ---- what tickets and shares keep (rule 4)


@pytest.mark.usefixtures("database")
async def test_a_version_that_begins_between_registering_and_dispatch_times_the_agency_and_not_the_caller() -> None:
    ticket = await a_ticket()
    await a_policy(handle__demand="3 wd", sign__demand="2 wh")
    at = NOW + timedelta(minutes=5)
    await tickets.dispatch(ticket, f.DISPATCH, **way(ticket, DISPATCHER, at))
    share = await share_of(ticket)
    assert (ticket.policy, share.policy) == ("default-v1", "city-1")
    total, handle, sign = (
        await clock_of(ticket, "total"),
        await clock_of(share, "handle"),
        await clock_of(share, "sign"),
    )
    assert (total.policy, [5, "wd"] in total.budget) == ("default-v1", True)
    assert (handle.policy, handle.budget, sign.budget) == ("city-1", [[3, "wd"]], [[2, "wh"]])
    later = await a_ticket(at=at, title="路灯不亮")
    assert later.policy == "city-1"
    assert [3, "wd"] in (await clock_of(later, "total")).budget
    assert await problems() == []


@pytest.mark.usefixtures("database")
async def test_what_is_open_keeps_its_version_through_corrections_extensions_and_delegation() -> None:
    """A new span from the same start; neither its policy nor its pauses get lost with the class (GLPI)."""
    ticket = await f.a_dispatched_ticket()
    await tickets.sign(await share_of(ticket), Nothing(), **way(share := await share_of(ticket), f.LIAISON))
    await a_policy(handle__demand="9 wd", handle__consult="9 wd", handle__urgent="99 h")
    await tickets.delegate(share, Delegate(unit="GW", days=2), **way(share := await share_of(ticket), f.LIAISON))
    child = await Assignment.filter(ticket=ticket).order_by("-id").first()
    assert child is not None
    assert (child.policy, child.depth) == ("default-v1", 2)
    await ticket.refresh_from_db()
    await tickets.reclassify(ticket, Reclassify(urgency="urgent", reason="水厂停产"), **way(ticket, DISPATCHER))
    first, second = await Clock.filter(subject=share.ref, step="handle").order_by("span")
    assert (first.replaced, second.started_at, second.policy) == (True, first.started_at, "default-v1")
    assert second.budget == [[24, "h"]]
    assert await problems() == []


@pytest.mark.usefixtures("database")
async def test_how_often_and_how_long_time_is_given_is_what_the_shares_own_version_says() -> None:
    document = sheet()
    document["caps"]["extension_days"]["demand"], document["caps"]["reopen_days"]["demand"] = 1, 3
    policy = await a_policy("draft")
    written = Written(title="延期一日", document=document)
    await actions.edit(policy, written, **way(policy, MANAGER))
    ticket = await a_ticket()
    await actions.submit(policy, Nothing(), **way(policy, MANAGER))
    await actions.publish(policy, Publish(effective_from=TODAY), **way(policy, SUPERVISOR))
    await f.walk(ticket, f.LIFE[:3], "")
    share = await share_of(ticket)
    with pytest.raises(FormRejected) as refused:
        await tickets.extend(share, Extension(days=2, reason="等待配件到货"), **way(share, f.LIAISON))
    assert "最多延期 1 个工作日" in refused.value.fields["days"]
    assert (await ticket.caps()).reopen_days == 15, "the caller keeps the window of the day of registering"


@pytest.mark.usefixtures("database")
async def test_the_window_for_reopening_is_the_versions_own_and_the_archive_waits_for_it() -> None:
    document = sheet()
    document["caps"]["reopen_days"]["demand"] = 30
    policy = await a_policy("draft")
    await actions.edit(policy, Written(title="三十日内重开", document=document), **way(policy, MANAGER))
    await actions.submit(policy, Nothing(), **way(policy, MANAGER))
    await actions.publish(policy, Publish(effective_from=TODAY), **way(policy, SUPERVISOR))
    ticket = await f.a_ticket_in("closed", by=f.CITIZEN, channel="web")
    with pytest.raises(WrongState, match="满 30 日"):
        await tickets.archive(ticket, Nothing(), **way(ticket, f.MACHINE, NOW + timedelta(days=16)))
    with pytest.raises(WrongState, match="超过 30 日"):
        await tickets.reopen(ticket, f.WHY, **way(ticket, f.CITIZEN, NOW + timedelta(days=31)))
    await tickets.reopen(ticket, f.WHY, **way(ticket, f.CITIZEN, NOW + timedelta(days=29)))
    assert await problems() == []


# ---- due = f(start, policy version, calendar revision, ledger)

OPS = st.lists(
    st.tuples(st.sampled_from(["pause", "resume", "extend", "stop_reopen", "comment"]), st.integers(1, 60 * 24 * 4)),
    max_size=8,
)


@settings(deadline=None)
@given(
    base=st.sampled_from(sorted(PRESETS)), step=st.sampled_from(["dispatch", "handle", "total"]),
    column=st.sampled_from(sorted(cells.CLASSES)), start=st.integers(0, 60 * 24 * 300), ops=OPS,
    off=st.lists(st.integers(0, 364), max_size=12),
)  # fmt: skip
def test_a_due_date_follows_from_its_ledger_alone_whatever_version_and_calendar(
    base: str, step: str, column: str, start: int, ops: list[tuple[str, int]], off: list[int]
) -> None:
    """Replayed from the words of the journal it is the same; a comment changes nothing; a new calendar changes it to
    what a fresh computation by that calendar gives."""
    days = {date(2026, 1, 1) + timedelta(days=n): (False, "停") for n in off}
    calendars = [Calendar(1, {}, [2026, 2027]), Calendar(2, days, [2026, 2027])]
    limit = limits.told(document_of(base), base, step, column)
    assert limit is not None
    at = begun = datetime(2026, 1, 5, 1, tzinfo=UTC) + timedelta(minutes=start)
    story: list[tuple[dict[str, Any], datetime]] = [({"start": [{"step": step} | effects._limit(limit)]}, begun)]
    for name, minutes in ops:
        at += timedelta(minutes=minutes)
        ends = effects._instant(at + timedelta(minutes=minutes))
        told: dict[str, list[dict[str, Any]]] = {
            "pause": [{"step": step, "until": ends}], "resume": [{"step": step}],
            "extend": [{"step": step, "amount": 2}],
        }  # fmt: skip
        if name == "stop_reopen":
            story.append(({"stop": [{"step": step}]}, at))
            at += timedelta(minutes=minutes)
            story.append(({"reopen": [{"step": step, "floor": list(limit.fix_min or [])}]}, at))
        elif name != "comment":
            story.append(({name: told[name]}, at))

    def replayed(calendar: Calendar) -> Clock:
        clocks: list[Clock] = []
        for entry, when in story:
            effects.play(entry, "ticket:1", clocks, calendar, when)
        return clocks[0]

    for table in calendars:
        one, two = replayed(table), replayed(table)
        assert one.due_at == two.due_at
        assert one.due_at == arithmetic.due(begun, one.whole, table, arithmetic.blocked_of(one), one.floors)
    shifted = replayed(calendars[0])
    arithmetic.derive(shifted, calendars[1], at)
    assert shifted.due_at == replayed(calendars[1]).due_at


@pytest.mark.usefixtures("database")
async def test_verify_recomputes_every_deadline_across_versions_and_revisions() -> None:
    walked: list[Ticket] = []
    states = ["pdisp", "a_signed", "a_obj", "a_fix", "visit", "closed", "long", "xfer"]
    for turn, state in enumerate(states):
        walked.append(await f.a_ticket_in(state, title=f"第 {turn} 件"))
        if turn % 2:
            await a_policy(no=f"v{turn}", handle__demand=f"{turn + 1} wd", visit__demand=f"{turn} d")
        if turn % 3 == 0:
            local = {"year": 2026, "papers": [f"第 {turn} 号"], "days": [
                {"name": "停", "date": f"2026-03-{10 + n:02}", "isOffDay": True} for n in range(turn + 1)
            ]}  # fmt: skip
            await calendar.import_year(local, by=SYSTEM, at=NOW)
    pinned = {share.policy for share in await Assignment.all()}
    assert {"default-v1", "v1", "v3"} <= pinned
    assert await Entry.filter(move="shift").exists()
    assert await problems() == []


# ---- trials


async def tried(policy: Policy, *, batch: int = jobs.BATCH, at: datetime = NOW + timedelta(days=40)) -> Replay:
    total = 5
    replay = await actions.try_out(policy, Period(first=TODAY, last=TODAY), total, by=MANAGER, at=at)
    for _ in range(total):
        await jobs.work(replay, worker="one", at=at, batch=batch)
    return replay


@pytest.mark.usefixtures("database")
async def test_a_trial_counts_what_would_have_been_late_and_moves_no_clock() -> None:
    for turn in range(3):
        await f.a_ticket_in("closed", title=f"第 {turn} 件")
    slow = await f.a_dispatched_ticket(title="三天后才答复")
    await f.walk(slow, f.LIFE[1:3], "")
    share, late = await share_of(slow), NOW + timedelta(days=4)
    await tickets.reply(share, f.REPLY, **way(share, f.HANDLER, late))
    before = await Clock.all().order_by("id").values()

    policy = await a_policy("draft", handle__demand="2 wd")
    replay = await tried(policy)
    assert replay.tally["handle|demand"] == [4, 0, 1]
    assert replay.tally["dispatch|demand"] == [4, 0, 0]
    assert not [name for name in replay.tally if name.startswith("objection")], "who doesn't object isn't late"
    assert [(row[0], row[1], row[4]) for row in replay.changed if row[1] == "handle"] == [(slow.no, "handle", "late")]
    assert (replay.finished_at is not None, replay.done) == (True, 4)
    assert await Clock.all().order_by("id").values() == before

    longer = await tried(await a_policy("draft", "longer", handle__demand="20 wd"), at=NOW + timedelta(days=15))
    assert longer.tally["handle|demand"][2] == 0


@pytest.mark.usefixtures("database")
async def test_under_its_own_version_a_trial_finds_what_really_happened() -> None:
    for state in ("closed", "a_fix", "a_obj", "long", "visit"):
        await f.a_ticket_in(state, title=f"停在{state}")
    own = await Policy.get(no="default-v1")
    replay = await tried(own)
    assert all(then == now for _, then, now in replay.tally.values())
    assert sum(then for _, then, _ in replay.tally.values()) > 0, "forty days later much is late"
    assert replay.changed == []


@pytest.mark.usefixtures("database")
async def test_a_trial_goes_on_where_its_worker_died_and_two_workers_do_not_share_one() -> None:
    for turn in range(3):
        await f.a_ticket_in("closed", title=f"第 {turn} 件")
    policy = await a_policy("draft", handle__demand="1 wd")
    replay = await actions.try_out(policy, Period(first=TODAY, last=TODAY), 3, by=MANAGER, at=NOW)
    at = NOW + timedelta(days=9)
    assert await jobs.work(replay, worker="one", at=at, batch=2) == 2
    stale = await Replay.get(id=replay.id)
    assert await queries.claim(replay, worker="two", until=at + jobs.LEASE, at=at)
    assert await jobs.work(stale, worker="three", at=at) == 0, "somebody else has it"
    assert await queries.unfinished(at) == []
    [again] = await queries.unfinished(at + jobs.LEASE + timedelta(seconds=1))
    assert await jobs.work(again, worker="four", at=at + timedelta(minutes=3), ends=float("inf")) == 1
    assert (again.done, again.finished_at is not None) == (3, True)
    assert again.tally["handle|demand"][0] == 3
