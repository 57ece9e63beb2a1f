"""A year's notice is taken in: what moves, what becomes certain, what is journaled, and what a refusal leaves alone."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from hotline.tickets import actions as tickets
from hotline.tickets.models import Ticket
from kernel import verify
from kernel.calendar import Calendar, actions, current, queries
from kernel.calendar.importing import CALENDAR, rows
from kernel.calendar.models import CalendarYear
from kernel.clocks import arithmetic, replay
from kernel.clocks.models import Clock
from kernel.database import transaction
from kernel.errors import FormRejected
from kernel.importing import running
from kernel.models import Entry, Event
from kernel.permissions import SYSTEM
from tests.conftest import shared_data
from tests.factories import DISPATCH, DISPATCHER, a_ticket, share_of, way
from tests.kernel.test_calendar_days import city

pytestmark = pytest.mark.usefixtures("database")
LATE = city("2026-12-30T10:00").astimezone(UTC)


def notice(year: int = 2027, *, papers: tuple[str, ...] = ("https://example.cn/2027",), **days: bool) -> dict[str, Any]:
    """`d0104=False`: that day of the year is made up for; True: it is off."""
    told = [{"name": "元旦", "date": f"{year}-{name[1:3]}-{name[3:]}", "isOffDay": off} for name, off in days.items()]
    return {"year": year, "papers": list(papers), "days": told}


async def take_in(data: dict[str, Any]) -> list[str]:
    return await actions.import_year(data, by=SYSTEM, at=LATE)


async def handling(ticket: Ticket) -> Clock:
    share = await share_of(ticket)
    return await Clock.get(subject=share.ref, step="handle")


async def late_ticket() -> Ticket:
    ticket = await a_ticket(at=LATE)
    return await tickets.dispatch(ticket, DISPATCH, **way(ticket, DISPATCHER, LATE))


async def problems() -> list[str]:
    _, found = await verify.chains(full=True, progress=lambda done, total: None)
    return found


async def test_a_new_hall_knows_eleven_years_each_with_its_document() -> None:
    years = await CalendarYear.all().order_by("year")
    assert [one.year for one in years] == [*range(2016, 2027)]
    assert all("gov.cn" in one.document for one in years)
    await actions.seed(LATE)
    assert await CalendarYear.all().count() == 11
    assert not (await current()).provisional(date(2026, 12, 31))


async def test_a_limit_into_the_next_year_is_provisional_until_the_notice_comes() -> None:
    clock = await handling(await late_ticket())
    assert clock.provisional
    assert await take_in(notice(d0101=True)) == []
    await clock.refresh_from_db()
    assert not clock.provisional
    assert (await current()).announced >= {2027}


async def test_every_shifted_deadline_is_told_journaled_and_seen_in_lists() -> None:
    ticket = await late_ticket()
    share = await share_of(ticket)
    before = (await handling(ticket)).due_at
    shifts = await take_in(notice(d0101=True, d0102=False, d0104=True, d0105=True, d0106=True))
    clock = await handling(ticket)
    assert arithmetic.last_day(before) == date(2027, 1, 7)  # 31 December, 4 to 7 January
    assert arithmetic.last_day(clock.due_at) == date(2027, 1, 11)  # 31 December, 2, 7, 8 and 11 January
    assert f"承办 {share.no}：2027-01-07 改为 2027-01-11" in shifts
    entry = await Entry.filter(subject=share.ref, move="shift").order_by("-seq").first()
    assert entry is not None
    assert (entry.facts["calendar"], clock.calendar) == (12, 12)
    assert await Event.filter(topic="assignment.shift", subject=share.ref).exists()
    await ticket.refresh_from_db()
    open_ = await Clock.filter(subject=ticket.ref, stopped_at=None).order_by("due_at")
    assert ticket.due_at == open_[0].due_at
    assert await problems() == []


async def test_what_ends_before_the_first_new_day_is_left_alone() -> None:
    ticket = await a_ticket(at=city("2026-12-01T10:00").astimezone(UTC))
    before = await Clock.filter(subject=ticket.ref).order_by("id").values()
    await take_in(notice(d0101=True, d0104=True))
    assert await Clock.filter(subject=ticket.ref).order_by("id").values() == before
    assert (await Ticket.get(id=ticket.id)).version == ticket.version


async def test_a_stopped_clock_keeps_the_date_it_was_judged_by() -> None:
    ticket = await late_ticket()
    [stopped] = await Clock.filter(subject=ticket.ref, step="dispatch")
    due = stopped.due_at
    await take_in(notice(d0101=True, d0104=True))
    await stopped.refresh_from_db()
    assert stopped.due_at == due


async def test_a_notice_may_revise_days_of_its_neighbours() -> None:
    data = notice(d0101=True)
    data["days"].append({"name": "元旦", "date": "2026-12-31", "isOffDay": True})
    await take_in(data)
    calendar = await current()
    assert not calendar.is_working(date(2026, 12, 31))
    assert calendar.label(date(2026, 12, 31)) == "元旦"


async def test_a_corrected_notice_replaces_the_first_of_its_year() -> None:
    await take_in(notice(d0101=True, d0104=True))
    await take_in(notice(d0101=True, d0105=True))
    calendar = await current()
    assert calendar.is_working(date(2027, 1, 4))
    assert not calendar.is_working(date(2027, 1, 5))
    assert calendar.revision == 13
    assert not (await queries.as_of(12)).is_working(date(2027, 1, 4))  # what was computed then can be computed again


async def test_the_same_notice_again_changes_nothing() -> None:
    await take_in(notice(d0101=True))
    assert await take_in(notice(d0101=True)) == []
    assert await CalendarYear.filter(year=2027).count() == 1


async def test_the_notices_of_the_past_import_as_they_are_published() -> None:
    data = json.loads(shared_data("workdays", "holiday-cn_2026.json").read_text())
    before = await current()
    assert await take_in(data) == []
    assert before.first_change(await current()) is None


async def test_a_year_that_has_not_been_announced_is_refused() -> None:
    with pytest.raises(FormRejected) as refused:
        await take_in(json.loads(shared_data("workdays", "holiday-cn_2027.json").read_text()))
    assert "没有公布" in refused.value.fields["days"]


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "days"),
        ({"year": 2027}, "days"),
        ({"year": "next", "days": []}, "days"),
        ({"year": 2027, "days": {"a": 1}}, "days"),
        ({"year": 2027, "days": [{"name": "元旦", "date": "2027-02-30", "isOffDay": True}]}, "days"),
        ({"year": 2027, "days": [{"name": "元旦", "date": "2027-01-01"}]}, "days"),
        ({"year": 2027, "days": [{"name": "元旦", "date": "2027-01-01", "isOffDay": "false"}]}, "days"),
        ({"year": 1900, "days": [{"name": "元旦", "date": "1900-01-01", "isOffDay": True}]}, "year"),
        ({"year": 2027, "days": [{"name": "元旦", "date": "2021-01-01", "isOffDay": True}]}, "days"),
    ],
)
async def test_a_wrong_file_is_refused_and_nothing_changes(data: dict[str, Any], field: str) -> None:
    with pytest.raises(FormRejected) as refused:
        await take_in(data)
    assert field in refused.value.fields
    assert await queries.revision() == 11


async def test_what_is_rolled_back_was_never_the_calendar() -> None:
    before = await current()
    with pytest.raises(LookupError):
        async with transaction():
            await take_in(notice(d0104=True))
            raise LookupError
    assert (await current()).revision == before.revision == 11
    assert (await current()).is_working(date(2027, 1, 4))


async def test_the_report_says_created_updated_unchanged_and_warns_of_each_shift() -> None:
    await late_ticket()
    assert CALENDAR.whole is not None
    asked = running.Asked(by=SYSTEM, at=LATE, source="2027.json")
    tried = await running.run_whole(CALENDAR.whole, notice(d0104=True), asked, dry=True)
    assert (tried.created, await queries.revision()) == (1, 11)
    reports = [
        await running.run_whole(CALENDAR.whole, data, asked)
        for data in (notice(d0101=True, d0104=True), notice(d0101=True, d0104=True), notice(d0101=True))
    ]
    assert [(one.created, one.unchanged, one.updated) for one in reports] == [(1, 0, 0), (0, 1, 0), (0, 0, 1)]
    assert reports[0].warned == len(reports[0].rows) > 0
    assert "期限变更" in str(reports[0].rows[0]["reason"])
    assert await problems() == []


async def test_the_table_can_be_taken_out_again() -> None:
    told = [row async for row in rows()]
    assert ("2026-02-14", "春节", "上班") in told
    assert ("2026-02-16", "春节", "休息") in told
    assert told == sorted(told)


async def test_clocks_of_any_revision_are_derived_again_from_the_journal() -> None:
    ticket = await late_ticket()
    await take_in(notice(d0101=True, d0104=True))
    await take_in(notice(d0101=True, d0104=True, d0105=True))
    share = await share_of(ticket)
    entries = {share.ref: await Entry.filter(subject=share.ref).order_by("seq")}
    assert await replay.differences([share], entries) == []
    derived = await replay.Replay().clocks(share.ref, entries[share.ref])
    assert {one.calendar for one in derived if one.step == "handle"} == {13}


def test_calendars_differ_first_where_a_day_or_a_year_does() -> None:
    known = {date(2027, 1, 4): (False, "元旦")}
    one, two = Calendar(1, {}, [2026]), Calendar(2, known, [2026])
    assert one.first_change(two) == date(2027, 1, 4)
    assert one.first_change(Calendar(2, known, [2026, 2027])) == date(2027, 1, 1)
    assert one.first_change(Calendar(2, {}, [2026])) is None
    assert datetime.combine(date(2027, 1, 1), datetime.min.time(), UTC) > LATE
