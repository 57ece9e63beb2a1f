"""A figure is its definition, its counts and its interval; without a denominator it is nothing."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.kpi.definitions import BY_CODE, FIGURES
from hotline.tickets import actions as tickets
from hotline.tickets import forms
from kernel.clocks.models import Clock
from kernel.permissions import Clearance
from oversight.kpi import queries
from oversight.kpi.definitions import Figure, wilson
from tests import factories as f
from tests.conftest import Client


@given(st.integers(1, 10_000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_wilsons_interval_holds_the_share_and_stays_within_nought_and_one(counts: tuple[int, int]) -> None:
    low, high = wilson(*counts)
    assert 0 <= low <= counts[0] / counts[1] + 1e-12
    assert counts[0] / counts[1] - 1e-12 <= high <= 1


def test_wilsons_interval_of_one_late_in_five() -> None:
    low, high = wilson(4, 5)
    assert (round(low, 3), round(high, 3)) == (0.376, 0.964)


@pytest.mark.usefixtures("database")
async def test_the_figures_of_a_day_with_definitions_and_no_ranking_of_few(signed_in: Client) -> None:
    await f.a_ticket_in("closed")
    await f.a_ticket_in("hand")
    async with signed_in(f.MANAGER) as manager, signed_in(f.LIAISON) as liaison:
        told = (await manager.get("/api/v1/hotline/kpi?from=2026-03-02&to=2026-03-02")).json()["kpi"]
        by_code = {one["code"]: one for one in told}
        assert [by_code["solved"][name] for name in ("numerator", "denominator", "value", "ranked")] == [1, 1, 1, False]
        assert by_code["redone"]["numerator"] == 0
        empty = (await manager.get("/api/v1/hotline/kpi?from=2025-03-03&to=2025-03-03")).json()["kpi"]
        assert {one["value"] for one in empty if one["time_role"] != "live"} == {None}
        assert (await manager.get("/api/v1/hotline/kpi?from=x&to=2026-03-03")).status_code == 422
        assert (await liaison.get("/api/v1/hotline/kpi?from=2026-03-02&to=2026-03-02")).status_code == 403


LATER = f.NOW + timedelta(days=60)


async def the(code: str, unit: str = "", at: datetime = LATER) -> Figure:
    asked = queries.Asked(since=f.NOW - timedelta(days=1), until=LATER, at=at, unit=unit)
    found = await queries.figure(BY_CODE[code], f.MANAGER, asked)
    if BY_CODE[code].share:
        assert await queries.hits(BY_CODE[code], f.MANAGER, asked).count() == found.numerator
        assert await queries.misses(BY_CODE[code], f.MANAGER, asked).count() == found.denominator - found.numerator
    return found


async def counts(code: str, unit: str = "", at: datetime = LATER) -> tuple[int, int]:
    found = await the(code, unit, at)
    return found.numerator, found.denominator


@pytest.mark.usefixtures("database")
async def test_what_is_late_never_answered_or_not_due_yet_is_counted_as_the_formula_says() -> None:
    await f.a_ticket_in("closed")
    await f.a_ticket_in("hand")  # signed, never contacted, never answered
    await f.a_ticket_in("a_recall")
    late = await f.a_ticket_in("hand")
    share = await f.share_of(late)
    after = (await Clock.get(subject=share.ref, step="handle")).due_at + timedelta(hours=1)
    await tickets.contact(share, f.CONTACT, **f.way(share, f.HANDLER, after))
    await tickets.reply(share, f.REPLY, **f.way(share, f.HANDLER, after))
    assert await counts("on_time") == (1, 3)
    assert await counts("contacted") == (1, 3)
    assert await counts("signed") == (3, 3)
    assert await counts("on_time", at=f.NOW) == (1, 2)  # what runs and isn't due yet says nothing: the late one stopped
    assert await counts("dispatched") == (3, 3)  # the one that was called back has no agency any more
    assert await counts("visited") == (1, 1)
    assert await counts("at_once") == (1, 1)
    assert await counts("hands") == (1, 1)


@pytest.mark.usefixtures("database")
async def test_a_unit_narrows_to_what_was_assigned_to_it() -> None:
    await f.a_ticket_in("closed")
    await f.a_dispatched_ticket(lead="ZJ")
    for code in ("on_time", "signed", "dispatched"):
        of_all = (await the(code)).denominator
        assert (of_all, (await the(code, f.WATER_PATH)).denominator, (await the(code, f.HOUSING_PATH)).denominator) == (
            2, 1, 1,
        ), code  # fmt: skip
    assert await counts("solved", f.WATER_PATH) == (1, 1)
    assert await counts("solved", f.HOUSING_PATH) == (0, 0)
    assert await counts("signed", f.CITY) == (1, 2)


@pytest.mark.usefixtures("database")
async def test_an_extension_counts_with_it_and_not_without_it() -> None:
    ticket = await f.a_ticket_in("closed")
    share = await f.share_of(ticket)
    assert await counts("on_time_unextended") == (1, 1)
    await Clock.filter(subject=share.ref, step="handle").update(extended=[[3, "wd"]])
    assert await counts("on_time") == (1, 1)
    assert await counts("on_time_unextended") == (0, 1)


@pytest.mark.usefixtures("database")
async def test_what_was_returned_once_was_not_done_at_once_and_a_direct_answer_has_no_agency() -> None:
    ticket = await f.a_ticket_in("a_fix")
    await f.walk(ticket, f.LIFE[3:])
    await f.a_ticket_in("closed")
    assert await counts("at_once") == (1, 2)
    consult = await f.a_ticket(type="consult", address=None)
    await tickets.answer_directly(
        consult, forms.Answer.check({"answer": "办理身份证请到派出所。"}), **f.way(consult, f.OPERATOR)
    )
    assert await counts("direct") == (1, 3)
    assert await counts("direct", f.WATER_PATH) == (0, 0)


@pytest.mark.usefixtures("database")
async def test_every_figure_opens_its_rows_and_no_others_see_them(signed_in: Client) -> None:
    ticket = await f.a_ticket_in("closed")
    hidden = await f.a_ticket_in("closed", secrecy="confidential", title="不该看见的标题")
    query = "from=2026-03-01&to=2026-03-31"
    uncleared = replace(f.MANAGER, clearance=Clearance.PLAIN)
    async with signed_in(uncleared) as manager, signed_in(f.OPERATOR) as operator:
        page = (await manager.get(f"/hotline/kpi?{query}")).text
        assert all(one.name in page for one in FIGURES)
        assert "不足 30 件，不参加排名" in page
        for one in FIGURES:
            told = await manager.get(f"/hotline/kpi/{one.code}?{query}")
            assert told.status_code == 200, one.code
            assert hidden.title not in told.text
        rows = (await manager.get(f"/hotline/kpi/on_time?{query}&part=hit")).text
        assert ticket.no in rows
        assert ticket.no not in (await manager.get(f"/hotline/kpi/on_time?{query}&part=missed")).text
        assert (await manager.get(f"/hotline/kpi/nothing?{query}")).status_code == 404
        wrong = (await manager.get("/hotline/kpi?from=昨天&to=2026-03-31")).text
        assert "昨天" in wrong
        assert "请写成" in wrong
        assert (await operator.get(f"/hotline/kpi?{query}")).status_code == 403
