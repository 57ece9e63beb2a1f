"""What rings, when, how often, and what the journal says of it afterwards, on both databases."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from hotline.tickets import actions, forms, jobs
from hotline.tickets.models import Assignment, Ticket
from kernel import verify
from kernel.clocks import alarms, arithmetic, replay
from kernel.clocks.models import Clock
from kernel.journal import Sealed
from kernel.lifecycle import Nothing
from kernel.models import Entry, Event
from tests.factories import (
    ASK,
    CONTACT,
    DISPATCHER,
    HANDLER,
    LIAISON,
    NOW,
    OPERATOR,
    SHIFT_LEAD,
    a_dispatched_ticket,
    a_ticket,
    share_of,
    way,
)  # fmt: skip

pytestmark = pytest.mark.usefixtures("database")
FAR = NOW + timedelta(days=60)


async def clock_of(thing: Ticket | Assignment, step: str) -> Clock:
    found = await Clock.filter(subject=thing.ref, step=step).order_by("-span").first()
    assert found is not None
    return found


async def rung(thing: Ticket | Assignment) -> list[tuple[str, str, str]]:
    entries = await Entry.filter(subject=thing.ref, move__in=["alarm", "run_again"]).order_by("seq")
    return [(entry.move, entry.facts["step"], entry.facts.get("rung", "")) for entry in entries]


async def a_signed_share() -> tuple[Ticket, Assignment]:
    ticket = await a_dispatched_ticket()
    share = await share_of(ticket)
    return ticket, await actions.sign(share, Nothing(), **way(share, LIAISON))


async def problems(*things: Ticket | Assignment) -> list[str]:
    """The chain against the row, and the clocks of the journal against those of the table."""
    found = []
    for thing in things:
        await thing.refresh_from_db()
        entries = await Entry.filter(subject=thing.ref).order_by("seq")
        found += verify.differences(thing, entries) + await replay.differences([thing], {thing.ref: entries})
    return found


async def test_a_clock_rings_yellow_then_red_each_once() -> None:
    ticket = await a_ticket()  # to be dispatched within 24 natural hours
    assert await alarms.sweep(at=NOW + timedelta(hours=11)) == 0
    assert await alarms.sweep(at=NOW + timedelta(hours=12)) == 1
    assert await alarms.sweep(at=NOW + timedelta(hours=12)) == 0
    assert await alarms.sweep(at=NOW + timedelta(hours=24)) == 1
    assert await alarms.sweep(at=NOW + timedelta(hours=25)) == 0
    assert await rung(ticket) == [("alarm", "dispatch", "warn"), ("alarm", "dispatch", "due")]
    assert await Event.filter(topic="ticket.alarm", subject=ticket.ref).count() == 2
    assert await problems(ticket) == []


async def test_a_sweep_that_comes_late_rings_red_only() -> None:
    ticket = await a_ticket()
    await alarms.sweep(at=NOW + timedelta(hours=30))
    assert await rung(ticket) == [("alarm", "dispatch", "due")]


async def test_what_is_done_in_time_never_rings() -> None:
    ticket = await a_dispatched_ticket()
    await alarms.sweep(at=NOW + timedelta(hours=30))
    assert not [one for one in await rung(ticket) if one[1] == "dispatch"]


async def test_an_alarm_makes_nobodys_page_stale() -> None:
    ticket = await a_ticket()
    seen = ticket.version
    await alarms.sweep(at=NOW + timedelta(hours=12))
    facts = forms.Dispatch(lead="SW", basis="职责清单第3条")
    await actions.dispatch(ticket, facts, by=DISPATCHER, at=NOW + timedelta(hours=13), version=seen)
    assert await problems(ticket) == []


async def test_while_a_clock_is_paused_nothing_rings_and_it_says_when_it_runs_again() -> None:
    ticket, share = await a_signed_share()
    await actions.contact(share, CONTACT, **way(share, HANDLER))
    await actions.ask_caller(share, ASK, **way(share, HANDLER))
    clock = await clock_of(share, "handle")
    until = arithmetic.paused_until(clock, NOW + timedelta(minutes=1))
    assert until is not None
    assert clock.next_alarm_at == until
    assert await jobs.lapse({}, at=until - timedelta(seconds=2)) == 1  # the objection window ends by itself
    await alarms.sweep(at=until - timedelta(seconds=1))
    assert await rung(share) == []
    await alarms.sweep(at=until)
    assert await rung(share) == [("run_again", "handle", "")]
    await alarms.sweep(at=FAR)
    assert ("alarm", "handle", "due") in await rung(share)
    assert await problems(ticket, share) == []


async def test_a_comment_moves_no_clock() -> None:
    ticket, share = await a_signed_share()
    before = await Clock.all().order_by("id").values()
    await ticket.refresh_from_db()
    note = forms.Note(text=Sealed("来电人补充了门牌号。"))
    await actions.note(ticket, note, **way(ticket, OPERATOR, NOW + timedelta(hours=1)))
    assert await Clock.all().order_by("id").values() == before
    assert await problems(ticket, share) == []


async def test_a_new_class_opens_a_span_from_the_same_start() -> None:
    ticket = await a_ticket()
    old = await clock_of(ticket, "dispatch")
    urgent = forms.Reclassify(urgency=forms.Urgency.URGENT, reason="涉及燃气")
    await actions.reclassify(ticket, urgent, **way(ticket, SHIFT_LEAD, NOW + timedelta(minutes=30)))
    new = await clock_of(ticket, "dispatch")
    assert (new.span, new.started_at, new.due_at) == (2, old.started_at, NOW + timedelta(hours=2))
    await old.refresh_from_db()
    assert old.replaced
    assert ticket.due_at == new.due_at
    assert await problems(ticket) == []


async def test_sweeps_at_the_same_moment_ring_once() -> None:
    tickets = [await a_ticket() for _ in range(5)]
    at = NOW + timedelta(hours=12)
    await asyncio.gather(*(alarms.sweep(at=at) for _ in range(4)))
    await alarms.sweep(at=at)  # what a sweep left to another that then found it done
    for ticket in tickets:
        assert await rung(ticket) == [("alarm", "dispatch", "warn")]
    assert await problems(*tickets) == []


async def test_a_batch_leaves_the_rest_to_the_next_sweep() -> None:
    for _ in range(3):
        await a_ticket()
    at = NOW + timedelta(hours=12)
    assert [await alarms.sweep(at=at, batch=2) for _ in range(3)] == [2, 1, 0]


async def test_a_clock_whose_thing_is_gone_stops_nobody_elses_alarm(caplog: pytest.LogCaptureFixture) -> None:
    ticket = await a_ticket()
    lost = await clock_of(ticket, "dispatch")
    lost.id, lost.subject, lost._saved_in_db = None, "ticket:12345-19990101-000001-X", False
    await lost.save(force_create=True)
    at = NOW + timedelta(hours=12)
    assert await alarms.sweep(at=at) == 1
    assert await alarms.sweep(at=at) == 0
    assert await rung(ticket) == [("alarm", "dispatch", "warn")]
    assert "a clock of nothing" in caplog.text


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("due_at", datetime(2026, 12, 1, tzinfo=UTC), "到期时间"),
        ("stopped_at", NOW + timedelta(hours=2), "停止时间"),
        ("pauses", [["2026-03-02T03:00:00.000000Z", "2026-03-09T03:00:00.000000Z"]], "暂停记录"),
    ],
)
async def test_a_row_that_was_changed_behind_the_journal_is_found(column: str, value: object, said: str) -> None:
    ticket = await a_ticket()
    assert await problems(ticket) == []
    await Clock.filter(subject=ticket.ref, step="dispatch").update(**{column: value})
    assert any(said in problem for problem in await problems(ticket))


async def test_a_clock_that_was_deleted_or_invented_is_found() -> None:
    ticket = await a_ticket()
    clock = await clock_of(ticket, "dispatch")
    await clock.delete()
    assert any("不见了" in problem for problem in await problems(ticket))
    clock.step, clock._saved_in_db = "invented", False
    await clock.save(force_create=True)
    assert any("没有来历" in problem for problem in await problems(ticket))


async def test_two_clocks_of_one_thing_that_ring_together_follow_each_other_on_its_chain() -> None:
    ticket = await a_ticket()
    assert await alarms.sweep(at=FAR) == 2  # its dispatch and its total
    told = await Event.filter(subject=ticket.ref, topic="ticket.alarm").order_by("seq").values_list("seq", flat=True)
    await ticket.refresh_from_db()
    assert list(told) == [ticket.version - 1, ticket.version]
    assert verify.differences(ticket, await Entry.filter(subject=ticket.ref).order_by("seq")) == []
    for event in await Event.filter(subject=ticket.ref, topic="ticket.alarm").prefetch_related("deliveries"):
        assert [delivery.consumer for delivery in event.deliveries]
