"""A figure is its definition, its counts and its interval; without a denominator it is nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.categories.models import Category
from hotline.clusters import actions as clusters
from hotline.clusters.forms import Gather
from hotline.knowledge import actions as articles
from hotline.knowledge.forms import Fault
from hotline.kpi import partly
from hotline.kpi.composites import THREE_RATES, of_parts
from hotline.kpi.criteria import Criteria
from hotline.kpi.definitions import BY_CODE, FIGURES
from hotline.policies.cells import built
from hotline.tickets import actions as tickets
from hotline.tickets import forms
from hotline.tickets.models import Assignment, Ticket
from kernel.calendar import current
from kernel.citytime import day_of
from kernel.clocks.models import Clock
from kernel.journal import Sealed
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
    assert await queries.left_out(BY_CODE[code], f.MANAGER, asked).count() == found.excluded
    return found


async def counts(code: str, unit: str = "", at: datetime = LATER) -> tuple[int, int]:
    found = await the(code, unit, at)
    return found.numerator, found.denominator


async def test_what_is_left_out_of_a_figure_can_be_opened_like_what_is_in_it(database: str, signed_in: Client) -> None:
    kept, cleared = await f.a_ticket_in("closed"), await f.a_ticket_in("a_back")
    days = "from=2026-03-01&to=2026-04-30"
    async with signed_in(f.MANAGER) as manager:
        assert f"/hotline/kpi/signed?{days}&unit=&part=left_out" in unescape(
            (await manager.get(f"/hotline/kpi?{days}")).text
        )
        out = (await manager.get(f"/hotline/kpi/signed?{days}&part=left_out")).text
        assert f"{cleared.no}/1" in out
        assert kept.no not in out
        assert out.count("<tr data-row>") == 1
        assert f"{cleared.no}/1" not in (await manager.get(f"/hotline/kpi/signed?{days}")).text
        assert "part=left_out" not in (await manager.get(f"/hotline/kpi/direct?{days}")).text, (
            "nothing is ever left out"
        )


async def test_three_rates_of_few_matters_say_so_beside_their_number(database: str, signed_in: Client) -> None:
    await f.a_ticket_in("closed")
    async with signed_in(f.MANAGER) as manager:
        page = (await manager.get("/hotline/kpi?from=2026-03-01&to=2026-04-30")).text
    assert "100.0%（有一项不足 30 件）" in page


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
    article = await f.an_article()
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
    assert await counts("rated_matter", f.WATER_PATH) == (2, 4)  # who led them
    assert await counts("rated_matter", f.HOUSING_PATH) == (0, 0)
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


WHERE: dict[str, Any] = {"category": "020101", "area_code": "369902001", "address": "江北区云谷路 66 号"}


@pytest.fixture
async def two_leaves(database: str) -> None:
    for code, name in (("020101", "坑洼"), ("020102", "积水")):
        await Category.create(code=code, name=name, path_name=f"交通 / 道路 / {name}", level=3)


async def test_the_same_demand_within_thirty_days_of_closing_was_not_done_the_first_time(two_leaves: None) -> None:
    """Later, by somebody else, elsewhere or about another matter it is no repeat."""
    first = await f.a_ticket_in("closed", **WHERE)
    assert await counts("at_once") == (1, 1)
    others: tuple[tuple[int, dict[str, object]], ...] = (
        (31, {}), (1, {"caller_phone": "13900002207"}), (1, {"category": "020102"}), (1, {"address": "滨江大道 1 号"}),
        (1, {"area_code": "369902002"}), (1, {"category": None}),
    )  # fmt: skip
    for days, other in others:
        another = await f.a_ticket(at=f.NOW + timedelta(days=days), **(WHERE | other))
        assert another.repeats is None, other
        await Ticket.filter(id=another.id).update(state="merged", phone_index=None)  # out of the way of the next
    assert await counts("at_once") == (1, 1)
    assert (await counts("repeated"))[0] == 0
    again = await f.a_ticket(at=f.NOW + timedelta(days=29), **WHERE)
    assert (again.repeats, again.after_closing) == (first.no, True)
    assert await counts("at_once") == (0, 1)
    assert (await counts("repeated"))[0] == 1


async def test_asking_again_while_it_is_open_is_a_repeat_and_spoils_no_closing(two_leaves: None) -> None:
    first = await f.a_ticket_in("visit", **WHERE)
    again = await f.a_ticket(**WHERE)
    assert (again.repeats, again.after_closing) == (first.no, False)
    await f.walk(first, f.LIFE[5:])
    assert await counts("at_once") == (1, 1)
    assert await counts("repeated") == (1, 2)


async def test_another_category_makes_it_a_repeat_or_none_any_more(two_leaves: None) -> None:
    await f.a_ticket_in("closed", **WHERE)
    again = await f.a_ticket(at=f.NOW + timedelta(days=1), **(WHERE | {"category": None}))
    later = f.NOW + timedelta(days=1)
    for code, spoilt in (("020101", 0), ("020102", 1)):
        facts = forms.Reclassify(category=code, reason="按内容更正分类")
        await tickets.reclassify(again, facts, **f.way(again, f.DISPATCHER, later))
        assert await counts("at_once") == (spoilt, 1)
        assert (again.repeats is None) is bool(spoilt)


async def test_until_thirty_days_are_over_the_figure_is_said_to_be_provisional(
    two_leaves: None, signed_in: Client
) -> None:
    await f.a_ticket_in("closed", **WHERE)
    assert (await the("at_once", at=LATER + timedelta(days=29))).provisional
    assert not (await the("at_once", at=LATER + timedelta(days=30))).provisional
    assert not (await the("solved", at=f.NOW)).provisional
    today = f"{day_of(datetime.now(UTC))}"
    async with signed_in(f.MANAGER) as manager:
        told = {}
        for last in (today, "2026-03-31"):
            answer = (await manager.get(f"/api/v1/hotline/kpi?from=2026-03-01&to={last}")).json()["kpi"]
            told[last] = [one["code"] for one in answer if one["provisional"]]
        assert told == {today: ["at_once"], "2026-03-31": []}
        assert "1/1（暂定）" in (await manager.get(f"/hotline/kpi?from=2026-03-01&to={today}")).text
        assert "1/1（暂定）" not in (await manager.get("/hotline/kpi?from=2026-03-01&to=2026-03-31")).text


async def test_a_reopened_matter_and_a_redone_one_were_not_done_at_once(database: str) -> None:
    again, redone, _ = [await f.a_ticket_in("closed") for _ in range(3)]
    await tickets.reopen(again, f.WHY, **f.way(again, f.MANAGER))
    assert await counts("at_once") == (2, 2)  # it isn't closed now
    await Ticket.filter(id=again.id).update(state="closed", closed_at=f.NOW)  # once more
    await Ticket.filter(id=redone.id).update(redo_count=1)
    assert await counts("at_once") == (1, 3)


async def test_whose_objection_was_granted_bears_nothing_of_the_ticket_and_a_hop_is_counted(database: str) -> None:
    ticket = await f.a_ticket_in("a_back")
    await tickets.dispatch(ticket, forms.Dispatch(lead="ZJ", basis="职责清单第3条"), **f.way(ticket, f.DISPATCHER))
    end = {"state": "closed", "closed_at": f.NOW, "solved": "no", "satisfied": "dissatisfied", "redo_count": 1}
    await Ticket.filter(id=ticket.id).update(**end)
    for code in ("at_once", "solved", "satisfied"):
        assert await counts(code, f.WATER_PATH) == (0, 0), code
        assert await counts(code, f.HOUSING_PATH) == (0, 1), code
    assert await counts("hands") == (2, 1)  # one objection, two hands


async def test_what_nobody_could_solve_is_left_out_and_said_and_half_solved_stands_apart(database: str) -> None:
    unable, partly, _ = [await f.a_ticket_in("closed") for _ in range(3)]
    await Ticket.filter(id__in=[unable.id, partly.id]).update(solved="partly")
    await Assignment.filter(ticket_id=unable.id).update(outcome="unsolved_objective")
    solved, half = await the("solved"), await the("solved_partly")
    assert (solved.numerator, solved.denominator, solved.excluded) == (1, 2, 1)
    assert (half.numerator, half.denominator, half.excluded) == (1, 2, 1)


async def test_solved_in_part_counts_by_as_much_as_the_policy_says(
    database: str, signed_in: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    half, _ = [await f.a_ticket_in("closed") for _ in range(2)]
    await Ticket.filter(id=half.id).update(solved="partly")

    async def value() -> float:
        async with signed_in(f.MANAGER) as manager:
            told = (await manager.get("/api/v1/hotline/kpi?from=2026-03-01&to=2026-03-31")).json()["kpi"]
            return float(next(one["value"] for one in told if one["code"] == "solved"))

    assert await value() == 0.5  # the policy in force says nothing

    async def said(asked: object) -> Criteria:
        return Criteria("p", {}, {}, built({"counted.partly": "50"})["counted"]["partly"])

    monkeypatch.setattr(partly, "of_period", said)
    assert await value() == 0.75
    async with signed_in(f.MANAGER) as manager:
        page = (await manager.get("/hotline/kpi/solved?from=2026-03-01&to=2026-03-31")).text
        assert "1/2（部分解决 1 件各计 50%）" in page


async def test_an_answer_whose_edition_was_wrong_is_no_hit_any_more(database: str) -> None:
    article = await f.an_article()
    consult = await f.a_ticket(type="consult", address=None, title="办理身份证带什么材料")
    told = forms.Answer(answer=Sealed("请到派出所办理。"), article=article.no)
    await tickets.answer_directly(consult, told, **f.way(consult, f.OPERATOR))
    assert await counts("knowledge") == (1, 1)
    outdated = Fault.check({"reason": "办理地点已经变更，原文有误", "wrong": True})
    await articles.correct(article, outdated, **f.way(article, f.EDITOR))
    assert await counts("knowledge") == (0, 1)
