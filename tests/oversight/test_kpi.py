"""A figure is its definition, its counts and its interval; without a denominator it is nothing."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.clusters import actions as clusters
from hotline.clusters.forms import Gather
from hotline.knowledge import actions as articles
from hotline.knowledge.forms import Written
from hotline.knowledge.models import Article
from hotline.kpi.composites import THREE_RATES, of_parts
from hotline.kpi.criteria import Criteria
from hotline.kpi.definitions import BY_CODE, FIGURES
from hotline.tickets import actions as tickets
from hotline.tickets import forms
from hotline.tickets.models import Ticket
from kernel.calendar import current
from kernel.clocks.models import Clock
from kernel.journal import Sealed
from kernel.lifecycle import Nothing
from kernel.permissions import Clearance
from kernel.ratings import actions as ratings
from kernel.ratings.forms import Rate
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
async def test_a_direct_answer_from_an_article_is_a_hit_and_one_given_freely_is_not() -> None:
    article = await an_article()
    for number, article_no in enumerate((article.no, None, None)):
        consult = await f.a_ticket(type="consult", address=None, title=f"办理身份证带什么材料（{number}）")
        told = forms.Answer(answer=Sealed("请到派出所办理。"), article=article_no)
        await tickets.answer_directly(consult, told, **f.way(consult, f.OPERATOR))
    await f.a_ticket_in("hand")
    assert await counts("knowledge") == (1, 3)
    assert await counts("direct") == (3, 4)


@pytest.mark.usefixtures("database")
async def test_a_ticket_that_joined_another_or_a_cluster_is_a_repeated_demand() -> None:
    await f.a_ticket_in("merged")
    gathered = [await f.a_ticket(title=f"三号楼停水（{number}）") for number in range(2)]
    facts = Gather(title="三号楼停水", tickets=tuple(one.no for one in gathered))
    await clusters.begin(facts, no=await clusters.draw_number(f.NOW), region=f.CITY, by=f.DISPATCHER, at=f.NOW)
    assert await counts("repeated") == (3, 4)


@pytest.mark.usefixtures("database")
async def test_an_objection_granted_and_a_recall_as_wrong_were_sent_to_the_wrong_unit() -> None:
    await f.a_ticket_in("hand")
    await f.a_ticket_in("a_back")  # granted
    await f.a_ticket_in("a_recall")  # for another reason
    await f.a_ticket_in("a_obj")  # nobody has ruled yet
    ticket = await f.a_dispatched_ticket()
    wrong = forms.Recall(reason="派错单位，请重派", wrong_unit=True)
    await tickets.recall(ticket, wrong, **f.way(ticket, f.DISPATCHER))
    found = await the("sent_right")
    assert (found.numerator, found.denominator, found.excluded) == (2, 4, 1)


@pytest.mark.usefixtures("database")
async def test_how_long_open_matters_are_late_is_told_in_working_hours() -> None:
    calendar = await current()
    late = [await f.a_ticket_in("hand") for _ in range(2)]
    await f.a_ticket_in("closed")
    monday = f.NOW  # ten o'clock in the city
    await Ticket.filter(id=late[0].id).update(due_at=monday)
    await Ticket.filter(id=late[1].id).update(due_at=monday + timedelta(days=1))
    at = monday + timedelta(days=1, hours=1, minutes=30)  # Tuesday, half past eleven
    assert calendar.hours_between(monday, at) == timedelta(hours=8, minutes=30)  # six on Monday, two and a half then
    found = await the("overrun", at=at)
    assert (found.numerator, found.denominator, found.p50, found.p90) == (9 + 2, 2, 2, 9)


@pytest.mark.usefixtures("database")
async def test_ratings_of_tickets_are_counted_by_who_may_see_the_ticket(signed_in: Client) -> None:
    for level in (5, 3, 2):
        await rated(await f.a_ticket_in("closed"), level)
    secret = await f.a_ticket_in("closed", secrecy="confidential", title="不该看见的标题")
    await rated(secret, 1)
    assert await counts("rated_matter") == (2, 4)
    uncleared = replace(f.MANAGER, clearance=Clearance.PLAIN)
    async with signed_in(uncleared) as manager:
        page = (await manager.get("/hotline/kpi/rated_matter?from=2026-03-01&to=2026-03-31&part=missed")).text
        assert page.count("data-row") == 1
        assert "不满意" in page
        assert secret.title not in page


@pytest.mark.usefixtures("database")
async def test_the_three_rates_weigh_what_the_policy_in_force_says(signed_in: Client) -> None:
    await f.a_ticket_in("closed")
    ticket = await f.a_ticket_in("visit")
    await tickets.visit(ticket, f.UNHAPPY, **f.way(ticket, f.VISITOR))
    await Ticket.filter(id=ticket.id).update(closed_at=f.NOW)
    days = "from=2026-03-01&to=2026-03-31"
    async with signed_in(f.MANAGER) as manager:
        (told,) = (await manager.get(f"/api/v1/hotline/kpi?{days}")).json()["composites"]
        parts = {one["code"]: (one["weight"], one["value"]) for one in told["parts"]}
        assert parts == {"contacted": (30, 1), "solved": (35, 0.5), "satisfied": (35, 0.5)}
        assert told["value"] == pytest.approx(0.65)
        assert (told["policy"], told["ranked"]) == ("default-v1", False)
        page = (await manager.get(f"/hotline/kpi/three_rates?{days}")).text
        assert "65.0%" in page
        assert "/hotline/kpi/solved?from=2026-03-01" in page
        assert "65.0%" in (await manager.get(f"/hotline/kpi?{days}")).text
        empty = (await manager.get("/api/v1/hotline/kpi?from=2025-03-03&to=2025-03-03")).json()["composites"]
        assert [one["value"] for one in empty] == [None]
        for page in ("/hotline/kpi", "/hotline/kpi/three_rates", "/hotline/kpi/units"):  # before there was any policy
            assert (await manager.get(f"{page}?from=2010-03-03&to=2010-03-03")).status_code == 200


def test_without_weights_or_with_a_part_missing_there_is_no_composite() -> None:
    whole = [Figure(BY_CODE[code], 40, 40, 0) for code in THREE_RATES.of]
    said = Criteria("p", {"contacted": 30, "solved": 35, "satisfied": 35}, {})
    assert of_parts(whole, said).value == 1
    assert of_parts(whole, said).ranked
    assert of_parts(whole, Criteria("p", {}, {})).value is None
    assert of_parts([*whole[:2], Figure(BY_CODE["satisfied"], 0, 0, 0)], said).value is None
    assert not of_parts([*whole[:2], Figure(BY_CODE["satisfied"], 2, 29, 0)], said).ranked


async def rated(ticket: Ticket, level: int) -> None:
    facts, no = Rate(subject=ticket.ref, level=level), await ratings.draw_number(f.NOW)
    await ratings.rate(facts, no=no, by=f.CITIZEN.holding(ticket.ref), at=f.NOW)


async def an_article() -> Article:
    editor = f.officer(40, "知识库管理员", "knowledge_editor")
    facts = Written.check({
        "title": "居民身份证办理", "body": "带户口簿到户籍派出所。", "source": "居民身份证法", "owner": "RX",
        "visibility": "public", "valid_to": "2030-01-01",
    })  # fmt: skip
    article = await articles.draft(facts, region=f.CITY, by=editor, at=f.NOW)
    await articles.submit(article, Nothing(), **f.way(article, editor))
    return await articles.publish(article, Nothing(), **f.way(article, f.MANAGER))


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
