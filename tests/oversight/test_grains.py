"""Daily grains are what the rows say: kept up by what happens, counted anew where something changed, verified."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hotline.calls.models import Call
from hotline.categories.models import Category
from hotline.knowledge import actions as articles
from hotline.knowledge.forms import Fault
from hotline.kpi.definitions import BY_CODE, FIGURES
from hotline.tickets import actions as tickets
from hotline.tickets import forms
from kernel import outbox
from kernel.citytime import CITY, midnight
from kernel.clocks.models import Clock
from kernel.journal import Sealed
from kernel.permissions import Actor, Clearance
from kernel.workdays import actions as workdays
from kernel.workdays.forms import Typed
from oversight.kpi import actions, declared, queries, verifying
from oversight.kpi.definitions import Definition
from oversight.kpi.models import Grain, GrainDay
from tests import factories as f
from tests.conftest import Client
from tests.kernel.test_workdays import KEEPER

pytestmark = pytest.mark.usefixtures("database")
LATER = f.NOW + timedelta(days=60)
SINCE = midnight((f.NOW - timedelta(days=1)).date())
GRAINED = [one for one in FIGURES if one.grained]
Told = dict[str, tuple[int, int, int]]


async def delivered() -> None:
    while await outbox.deliver(worker="w", now=lambda: LATER):
        pass


async def folded() -> None:
    await delivered()
    while await actions.fold(at=LATER, days_max=50):
        pass


def asked(unit: str = "") -> queries.Asked:
    return queries.Asked(since=SINCE, until=midnight(LATER.date()), at=LATER, unit=unit)


async def from_grains(actor: Actor = f.MANAGER, unit: str = "", of: list[Definition] | None = None) -> Told:
    found = await queries.figures(GRAINED if of is None else of, actor, asked(unit))
    return {one.definition.code: (one.numerator, one.denominator, one.excluded) for one in found}


async def from_rows(actor: Actor = f.MANAGER, unit: str = "") -> Told:
    found = [await queries.figure(one, actor, asked(unit)) for one in GRAINED]
    return {one.definition.code: (one.numerator, one.denominator, one.excluded) for one in found}


async def the_same(actor: Actor = f.MANAGER) -> None:
    for unit in ("", f.CITY, f.WATER_PATH, f.HOUSING_PATH):
        assert await from_grains(actor, unit) == await from_rows(actor, unit), unit


async def test_a_hall_that_opens_with_what_happened_before_keeps_grains_of_those_days_too() -> None:
    """Its first entry is its own beginning; the days before it would be counted from the rows for ever."""
    await workdays.propose(
        Typed(year=2026, local=True, document="澜政办发〔2026〕3号", days="2026-03-04 停 台风").notice(),
        no=await workdays.draw_number(f.NOW), by=KEEPER, at=f.NOW + timedelta(days=40),
    )  # fmt: skip
    await f.a_ticket_in("closed")
    await folded()
    assert await GrainDay.filter(day=f.NOW.date()).exists()
    await the_same()


async def a_city() -> None:
    await f.a_ticket_in("closed")
    await f.a_ticket_in("hand")
    await f.a_ticket_in("a_fix")
    await f.a_ticket_in("a_recall")
    await f.a_ticket_in("a_back")
    await f.a_dispatched_ticket(lead="ZJ")
    await f.a_ticket_in("closed", secrecy="confidential")
    await f.a_ticket_in("closed", secrecy="anonymous")


async def test_grains_say_what_the_rows_say_for_every_figure_and_unit() -> None:
    await a_city()
    await folded()
    assert await Grain.all().count() > 0
    assert (await from_grains())["on_time"][1] == (await from_rows())["on_time"][1] > 0
    await the_same()


async def test_who_may_not_see_confidential_matters_gets_the_sum_without_them() -> None:
    await a_city()
    await folded()
    uncleared = replace(f.MANAGER, clearance=Clearance.PLAIN)
    await the_same(uncleared)
    assert (await from_grains(uncleared))["solved"][1] < (await from_grains())["solved"][1]


async def test_grains_are_read_where_a_day_is_fresh_and_the_rows_where_it_is_marked() -> None:
    await f.a_ticket_in("closed")
    await folded()
    await Grain.filter(code="solved", unit="").update(numerator=7)
    assert (await from_grains())["solved"][0] == 7
    await GrainDay.all().update(marks=99)
    assert (await from_grains())["solved"][0] == 1


async def test_what_moves_to_another_day_leaves_the_one_where_it_was() -> None:
    ticket = await f.a_ticket_in("hand")
    await folded()
    share = await f.share_of(ticket)
    clock = await Clock.get(subject=share.ref, step="handle")
    before = clock.due_at
    await Clock.filter(id=clock.id).update(due_at=before + timedelta(days=9))
    await tickets.contact(share, f.CONTACT, **f.way(share, f.HANDLER, f.NOW + timedelta(hours=1)))
    await folded()
    await the_same()
    days = await Grain.filter(code="on_time", unit="", denominator__gt=0).values_list("day", flat=True)
    assert days == [(before + timedelta(days=9)).astimezone(CITY).date()]


async def test_a_unit_that_is_handed_a_share_has_the_ticket_among_its_own_from_then_on() -> None:
    """The ticket itself has not moved: it belongs to one unit more, on the days on which it is counted."""
    share = await f.share_of(await f.a_ticket_in("hand"))
    await folded()
    way = f.way(share, f.LIAISON, f.NOW + timedelta(hours=1))
    await tickets.delegate(share, forms.Delegate(unit="GW", days=3), **way)
    await folded()
    _, differences = await verifying.grains(False, lambda done, of: None)
    assert differences == []
    await the_same()


async def test_a_step_that_ran_twice_is_counted_on_the_day_of_its_last_running_only() -> None:
    ticket = await f.a_ticket_in("a_recall")
    first = await Clock.get(subject=ticket.ref, step="dispatch", span=1)
    await Clock.filter(subject=ticket.ref, step="dispatch", span=2).update(due_at=first.due_at + timedelta(days=3))
    one = replace(BY_CODE["dispatched"], parts="", unit="region_path")
    day = timedelta(days=1)
    begin = midnight(first.due_at.astimezone(CITY).date())
    counted = [
        (await queries.figure(one, f.MANAGER, queries.Asked(since=b, until=b + day, at=LATER))).denominator
        for b in (begin, begin + 3 * day)
    ]
    assert counted == [0, 1]


async def test_another_formula_makes_every_day_to_be_counted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    await f.a_ticket_in("closed")
    await folded()
    assert await queries.fresh_days(SINCE.date(), LATER.date(), LATER)
    monkeypatch.setattr(declared, "fingerprint", lambda: "another")
    assert not await queries.fresh_days(SINCE.date(), LATER.date(), LATER)


async def test_a_day_that_is_over_is_counted_anew_when_the_same_demand_comes_again_or_an_answer_was_wrong() -> None:
    await Category.create(code="020101", name="坑洼", path_name="交通 / 道路 / 坑洼", level=3)
    where: dict[str, Any] = {"category": "020101", "area_code": "369902001"}
    await f.a_ticket_in("closed", **where)
    article = await f.an_article()
    consult = await f.a_ticket(type="consult", address=None, title="办理身份证带什么材料")
    told = forms.Answer(answer=Sealed("请到派出所办理。"), article=article.no)
    await tickets.answer_directly(consult, told, **f.way(consult, f.OPERATOR))
    await folded()
    both = await from_grains()
    assert (both["at_once"], both["knowledge"]) == ((1, 1, 0), (1, 1, 0))
    await f.a_ticket(at=f.NOW + timedelta(days=20), **where)
    fault = Fault.check({"reason": "办理地点已经变更，原文有误", "wrong": True})
    await articles.correct(article, fault, **f.way(article, f.EDITOR))
    await folded()
    both = await from_grains()
    assert (both["at_once"], both["knowledge"]) == ((0, 1, 0), (0, 1, 0))
    assert (await verifying.grains(False, lambda done, of: None))[1] == []


async def test_verify_counts_anew_and_names_what_differs() -> None:
    await a_city()
    await folded()
    checked, found = await verifying.grains(False, lambda done, of: None)
    assert (checked > 0, found) == (True, [])
    await Grain.filter(code="on_time", unit=f.WATER_PATH).update(numerator=99)
    _, found = await verifying.grains(False, lambda done, of: None)
    assert found
    assert all("on_time" in line and f.WATER_PATH in line and "99" in line for line in found)


async def test_verify_waits_for_what_is_on_its_way_to_its_mark() -> None:
    ticket = await f.a_ticket_in("hand")
    await folded()
    share = await f.share_of(ticket)
    await tickets.contact(share, f.CONTACT, **f.way(share, f.HANDLER, f.NOW + timedelta(hours=1)))
    assert (await verifying.grains(False, lambda done, of: None))[1] == []
    await folded()
    assert (await verifying.grains(False, lambda done, of: None))[1] == []
    await the_same()


async def test_a_program_gets_every_hall_s_figures_with_exclusions_and_units_in_order(signed_in: Client) -> None:
    for _ in range(2):
        await f.a_ticket_in("closed")
    await f.a_ticket_in("closed", secrecy="anonymous")
    days = "from=2026-03-01&to=2026-03-31"
    async with signed_in(f.MANAGER) as manager, signed_in(f.OPERATOR) as operator:
        told = (await manager.get(f"/api/v1/oversight/kpi?{days}")).json()["kpi"]
        assert {one["code"] for one in told} == {one.code for one in FIGURES}
        contacted = next(one for one in told if one["code"] == "contacted")
        assert (contacted["denominator"], contacted["excluded"], contacted["excluded_rate"]) == (2, 0, 0)
        assert [*contacted["definition"]["exclusions"]] == ["anonymous", "answer_waived", "objection_granted"]
        units = (await manager.get(f"/api/v1/oversight/kpi?{days}&code=on_time")).json()["units"]
        assert [(one["unit"], one["class"], one["rank"], one["denominator"]) for one in units] == [
            (f.WATER_PATH, "少量件", None, 3),
        ]
        assert (await manager.get(f"/api/v1/oversight/kpi?{days}&code=nothing")).status_code == 404
        assert (await manager.get(f"/api/v1/oversight/kpi?{days}&code=waiting")).status_code == 422
        assert (await operator.get(f"/api/v1/oversight/kpi?{days}")).status_code == 403


async def a_call(no: str, waited_s: int | None, talked_s: int | None, ended_after_s: int, **more: Any) -> None:
    call = Call(cti_id=no, offered_at=f.NOW, phone_index="x", **more)
    call.answered_at = None if waited_s is None else f.NOW + timedelta(seconds=waited_s)
    call.hangup_at = f.NOW + timedelta(seconds=(waited_s or 0) + (talked_s or 0) if waited_s else ended_after_s)
    call.measure()
    await call.save()


async def test_figures_of_calls_stand_on_their_seconds_with_the_base_told(signed_in: Client) -> None:
    for no, waited in enumerate((5, 10, 15, 60)):
        wrapped = f.NOW + timedelta(seconds=waited + 100 + no + 20 * no)
        await a_call(f"a{no}", waited, 100 + no, 0, wrapped_at=wrapped, level=5 - no)
    await a_call("out", 7, 90, 0, inbound=False)
    await a_call("short", None, None, 3)
    await a_call("missed", None, None, 40, called_back_at=f.NOW + timedelta(hours=1))
    of = {code: await queries.figure(BY_CODE[code], f.MANAGER, asked()) for code in BY_CODE}
    said = {code: (one.numerator, one.denominator) for code, one in of.items() if one.definition.kind == "call"}
    assert said == {
        "answered": (4, 6), "answered_15s": (3, 6), "answered_15s_of_answered": (3, 4), "abandoned": (1, 6),
        "abandoned_short": (1, 6), "called_back": (1, 2), "waiting": (90, 4), "talking": (406, 4),
        "talking_out": (90, 1), "after_call": (120, 4), "rated_call": (3, 4),
    }  # fmt: skip
    assert (of["waiting"].value, of["waiting"].p50, of["waiting"].p90) == (22.5, 10, 60)
    assert (of["after_call"].value, of["after_call"].p50, of["after_call"].p90) == (30, 20, 60)
    async with signed_in(f.MANAGER) as manager:
        page = (await manager.get("/hotline/kpi/answered?from=2026-03-01&to=2026-03-31&part=missed")).text
        assert page.count("data-row") == 2
        whole = (await manager.get("/hotline/kpi?from=2026-03-01&to=2026-03-31")).text
        assert BY_CODE["answered_15s"].base in whole
        assert "P50 10，P90 60" in whole
