"""Several at once, on databases that really let them: one wins, the others read a sentence, nothing is half done."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

import pytest

from hotline.tickets import actions, forms
from hotline.tickets.models import Assignment, Ticket
from hotline.tickets.states import AssignmentState, TicketState
from kernel import verify
from kernel.clocks import alarms
from kernel.errors import Refusal, StaleVersion, WrongState
from kernel.journal import Sealed
from kernel.lifecycle import Nothing
from kernel.models import Entry
from tests import factories as f
from tests.factories import NOW, a_dispatched_ticket, a_ticket, share_of, way

pytestmark = pytest.mark.usefixtures("database")


async def outcomes(*attempts: Coroutine[Any, Any, Any]) -> list[Refusal | None]:
    """None for a success; anything that is no refusal fails the test."""
    found = await asyncio.gather(*attempts, return_exceptions=True)
    assert not [one for one in found if isinstance(one, BaseException) and not isinstance(one, Refusal)], found
    return [one if isinstance(one, Refusal) else None for one in found]


async def all_holds() -> None:
    checked, differences = await verify.chains(True, lambda done, of: None)
    assert checked
    assert differences == []


async def test_in13_of_eight_dispatchers_at_once_one_wins_and_seven_are_told_so() -> None:
    ticket = await a_ticket()
    seen = [await Ticket.get(id=ticket.id) for _ in range(8)]

    told = await outcomes(*[actions.dispatch(mine, f.DISPATCH, **way(mine, f.DISPATCHER)) for mine in seen])

    assert told.count(None) == 1
    assert {type(one) for one in told if one} <= {WrongState, StaleVersion}
    assert await Assignment.filter(ticket_id=ticket.id).count() == 1
    await all_holds()


async def test_signing_and_recalling_at_once_end_in_one_of_the_two() -> None:
    for _ in range(6):
        ticket = await a_dispatched_ticket()
        share = await share_of(ticket)
        told = await outcomes(
            actions.sign(share, Nothing(), **way(share, f.LIAISON)),
            actions.recall(await Ticket.get(id=ticket.id), f.BACK, **way(ticket, f.DISPATCHER)),
        )
        await share.refresh_from_db()
        await ticket.refresh_from_db()
        assert told.count(None) >= 1, told
        assert (ticket.state, share.state) in {
            (TicketState.HAND, AssignmentState.A_SIGNED),
            (TicketState.PDISP, AssignmentState.A_RECALL),
        }
    await all_holds()


async def test_ad01_forty_notes_at_once_are_forty_entries_of_one_unbroken_chain() -> None:
    ticket = await a_ticket()

    async def note(number: int) -> None:
        for _ in range(60):  # who decided on an old page looks again
            mine = await Ticket.get(id=ticket.id)
            try:
                await actions.note(mine, forms.Note(text=Sealed(f"第 {number} 条")), **way(mine, f.OPERATOR))
            except StaleVersion:
                continue
            return
        raise AssertionError("never got through")

    await asyncio.gather(*[note(number) for number in range(40)])

    assert await Entry.filter(subject=ticket.ref, move="note").count() == 40
    await all_holds()


async def test_an_alarm_and_a_move_at_the_same_moment_both_find_their_place() -> None:
    tickets = [await a_dispatched_ticket() for _ in range(10)]
    shares = [await share_of(ticket) for ticket in tickets]
    late = NOW + timedelta(days=30)

    sweeps = [alarms.sweep(at=late) for _ in range(3)]
    signs = [actions.sign(share, Nothing(), **way(share, f.LIAISON, late)) for share in shares]
    rung = await asyncio.gather(*sweeps, *signs, return_exceptions=True)

    assert not [one for one in rung if isinstance(one, BaseException) and not isinstance(one, Refusal)], rung
    for share in shares:
        alarmed = await Entry.filter(subject=share.ref, move="alarm").values_list("facts", flat=True)
        assert len(alarmed) == len({str(facts) for facts in alarmed}), "no clock rings twice"
    await all_holds()
