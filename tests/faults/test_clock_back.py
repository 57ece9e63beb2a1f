"""The machine's clock is put back in the middle of a ticket's life: nothing stops, no deadline shrinks, all holds."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotline.tickets import actions, forms
from hotline.tickets.models import Ticket
from kernel import verify
from kernel.clocks.models import Clock
from kernel.journal import Sealed
from kernel.models import Entry, Thing
from tests import factories as f
from tests.factories import NOW, a_ticket, share_of, way

pytestmark = pytest.mark.usefixtures("database")
BACK = timedelta(hours=1)
CHAINS = 3  # the time limits of a new hall, the ticket, the share
ASKED = (
    *f.LIFE[:2],
    (actions.contact, f.CONTACT, f.HANDLER, ()),
    (actions.ask_caller, f.ASK, f.HANDLER, ()),
    (actions.supply, forms.Supply(answer=Sealed("3 栋 2 单元。")), f.OPERATOR, ()),
    *f.LIFE[3:],
)


async def lived(steps: Sequence[timedelta]) -> Ticket:
    """Each chapter at its own time, told by a clock that may have been put back since the one before."""
    ticket = await a_ticket(at=NOW)
    for (verb, facts, by, _), step in zip(ASKED, steps, strict=True):
        mover: Thing = ticket if verb.__name__ in Ticket.moves else await share_of(ticket)
        await mover.refresh_from_db()
        await verb(mover, facts, **way(mover, by, NOW + step))
    await ticket.refresh_from_db()
    return ticket


async def test_a_clock_put_back_an_hour_after_every_move_stops_nobody() -> None:
    ticket = await lived([-BACK * number for number in range(1, len(ASKED) + 1)])

    assert ticket.state == "closed"
    assert await verify.chains(True, lambda done, of: None) == (CHAINS, [])
    assert await Clock.filter(stopped_at=None).count() == 0


async def test_the_callers_deadline_counts_from_the_registration_whatever_the_clock_says_later() -> None:
    ticket = await a_ticket(at=NOW)
    due = (await Clock.get(subject=ticket.ref, step="total")).due_at
    await actions.dispatch(ticket, f.DISPATCH, **way(ticket, f.DISPATCHER, NOW - BACK))

    assert (await Clock.get(subject=ticket.ref, step="total")).due_at == due


async def test_a_pause_that_ends_before_it_began_takes_no_time_away() -> None:
    ticket = await a_ticket(at=NOW)
    await f.walk(ticket, ASKED[:3])
    share = await share_of(ticket)
    due = {clock.id: clock.due_at for clock in await Clock.all()}
    await actions.ask_caller(share, f.ASK, **way(share, f.HANDLER, NOW))
    await ticket.refresh_from_db()
    await actions.supply(
        ticket, forms.Supply(answer=Sealed("3 栋 2 单元。")), **way(ticket, f.OPERATOR, NOW - 30 * BACK)
    )

    assert all(clock.due_at >= due[clock.id] for clock in await Clock.all())
    assert await verify.chains(True, lambda done, of: None) == (CHAINS, [])


async def test_the_chain_keeps_the_order_of_what_happened_not_of_what_the_clock_said() -> None:
    ticket = await lived([-BACK] * len(ASKED))

    moves = await Entry.filter(subject=ticket.ref).order_by("seq").values_list("move", flat=True)
    assert list(moves)[:3] == ["register", "queue", "dispatch"]
    assert moves[-1] == "close"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(-40, 40), min_size=len(ASKED), max_size=len(ASKED)))
async def test_whatever_the_clock_does_the_journal_and_the_deadlines_derived_from_it_agree(jumps: list[int]) -> None:
    await lived([timedelta(hours=jump) for jump in jumps])

    _, found = await verify.chains(True, lambda done, of: None)
    assert not found
