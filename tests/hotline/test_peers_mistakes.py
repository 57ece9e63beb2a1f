"""What other systems get wrong, each as a sentence: the clocks, the races, the merges, the agency that is gone."""

from datetime import UTC, datetime, timedelta

import pytest

from hotline.tickets import actions, forms
from hotline.tickets.models import Ticket
from hotline.tickets.rules import NotNow
from kernel.calendar import current
from kernel.clocks import arithmetic
from kernel.clocks.models import Clock
from kernel.errors import StaleVersion
from kernel.journal import Sealed
from kernel.people.models import Organisation
from tests import factories as f
from tests.factories import NOW, a_ticket, a_ticket_in, share_of, way
from tests.hotline.test_life_of_a_ticket import nothing_differs

pytestmark = pytest.mark.usefixtures("database")
HOUR = timedelta(hours=1)


async def test_lunch_is_no_working_time_and_neither_is_the_evening() -> None:
    """10:00 on a Monday: two hours are left of the morning, the other two begin at 13:00."""
    calendar = await current()
    assert arithmetic.due(NOW, [(4, "wh")], calendar) == NOW + 5 * HOUR
    noon = datetime(2026, 3, 2, 4, 30, tzinfo=UTC)  # 12:30
    assert arithmetic.due(noon, [(1, "wh")], calendar) == datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
    evening = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)  # 18:00
    assert arithmetic.due(evening, [(1, "wh")], calendar) == datetime(2026, 3, 3, 2, 0, tzinfo=UTC)


async def test_of_two_operators_on_one_ticket_the_second_is_told_and_nothing_is_lost() -> None:
    ticket = await a_ticket(address=None)
    seen = ticket.version
    first = forms.Reclassify(urgency="urgent", reason="停水涉及医院")
    await actions.reclassify(ticket, first, by=f.OPERATOR, at=NOW, version=seen)
    second = await Ticket.get(id=ticket.id)
    other = forms.Reclassify(urgency="critical", reason="停水涉及学校")
    with pytest.raises(StaleVersion, match="刚被他人更新"):
        await actions.reclassify(second, other, by=f.SHIFT_LEAD, at=NOW, version=seen)
    assert (await Ticket.get(id=ticket.id)).urgency == "urgent"
    await nothing_differs()


async def test_the_reopening_window_runs_from_closing_alone_whatever_is_noted_later() -> None:
    ticket = await a_ticket_in("closed", by=f.CITIZEN, channel="web")
    for day in (5, 10, 14):
        note = forms.Note(text=Sealed("诉求人来电补充。"))
        await actions.note(ticket, note, **way(ticket, f.OPERATOR, NOW + timedelta(days=day)))
    with pytest.raises(NotNow, match="超过 15 日"):
        await actions.reopen(ticket, f.WHY, **way(ticket, f.CITIZEN, NOW + timedelta(days=16)))
    await actions.reopen(ticket, f.WHY, **way(ticket, f.CITIZEN, NOW + timedelta(days=15)))
    assert ticket.state == "hand"


async def test_an_agency_that_is_closed_while_it_works_still_answers_and_its_redo_is_dispatched_anew() -> None:
    ticket = await a_ticket_in("hand")
    await Organisation.filter(code="SW").update(active=False)
    share = await share_of(ticket)
    await actions.contact(share, f.CONTACT, **way(share, f.HANDLER))
    await actions.reply(share, f.REPLY, **way(share, f.HANDLER))
    await ticket.refresh_from_db()
    await actions.review(ticket, f.PASS, **way(ticket, f.REVIEWER))
    await actions.visit(ticket, f.UNHAPPY, **way(ticket, f.VISITOR))
    await actions.redo(ticket, f.AGAIN, **way(ticket, f.REVIEWER))
    await ticket.refresh_from_db()
    assert ticket.state == "pdisp"
    assert await Clock.filter(subject=ticket.ref, step="dispatch", stopped_at=None).exists()
    await nothing_differs()


async def test_twenty_merged_then_one_split_each_of_the_others_is_answered_with_the_target() -> None:
    target = await a_ticket()
    others = [await a_ticket() for _ in range(20)]
    for one in others:
        await actions.merge(one, forms.Merge(into=target.no), **way(one, f.DISPATCHER))
    await actions.split(others[7], f.WHY, **way(others[7], f.DISPATCHER))
    await target.refresh_from_db()
    await f.walk(target, f.LIFE[:5])
    assert await Ticket.filter(merged_into=target.no, state="visit").count() == 19
    assert (await Ticket.get(id=others[7].id)).state == "pdisp"
    assert await Clock.filter(step="visit", stopped_at=None).count() == 20
    await nothing_differs()
