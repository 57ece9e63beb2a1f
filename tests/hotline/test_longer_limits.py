"""疑难件与法定时限: a longer limit holds only where the agency asked for it and the hotline's manager approved."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient, Response

from hotline.policies import limits, replaying
from hotline.policies.longer import LAWS, LongerBy
from hotline.policies.presets import PRESETS, document_of
from hotline.tickets import actions, forms
from hotline.tickets.models import Assignment, Ticket
from kernel.calendar import current
from kernel.citytime import midnight
from kernel.clocks.models import Clock
from kernel.errors import FormRejected, NotAllowed, OwnWork
from kernel.models import Entry
from tests import factories as f
from tests.conftest import Client
from tests.factories import NOW, a_ticket, share_of, way
from tests.hotline.test_life_of_a_ticket import nothing_differs
from tests.hotline.test_whole_life import clocks, refused
from tests.oversight.test_kpi import counts

REASON = "权属复杂，需多部门会商"
HARD = forms.AskLonger(basis=LongerBy.COMPLEX, reason=REASON)
BY_LAW = forms.AskLonger(basis=LongerBy.PENALTY, reason="已立案，按行政处罚程序办理")
TWENTY_DAYS = forms.AskLonger(basis=LongerBy.DISCLOSURE, reason="申请公开政府信息，依条例答复")
YES, NO = forms.Ruling(granted=True, reason="情况属实"), forms.Ruling(granted=False, reason="五个工作日可以办完")


async def at_work(*, at: datetime = NOW, **given: Any) -> tuple[Ticket, Assignment]:
    """Signed by its lead agency, the caller contacted."""
    ticket = await a_ticket(at=at, **given)
    await f.walk(ticket, f.LIFE[:3], at=at)
    return ticket, await share_of(ticket)


async def approved(share: Assignment, facts: forms.AskLonger) -> None:
    await actions.ask_longer(share, facts, **way(share, f.LIAISON))
    await actions.rule_longer(share, YES, **way(share, f.MANAGER))


def last_moment(day: str) -> datetime:
    return midnight(date.fromisoformat(day) + timedelta(days=1))


# ---- what the policies say


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_says_how_long_a_hard_case_and_each_law_gives(name: str) -> None:
    told = document_of(name)["longer"]
    assert set(told) == {"complex", *LAWS}
    assert "critical" not in told["complex"], "what is critical is never put off"
    assert all(limits.span_of(document_of(name), basis, "demand") for basis in (LongerBy.COMPLEX, *LAWS))


def test_the_default_policy_is_the_tables_row() -> None:
    told = document_of("default-v1")["longer"]["complex"]
    assert told == {"urgent": "3 d", "consult": "3 wd", "demand": "15 wd", "suggest": "15 wd"}


# ---- who asks, who approves, what the clocks do


@pytest.mark.usefixtures("database")
async def test_a_hard_case_gets_its_limit_only_by_an_approved_request() -> None:
    ticket, share = await at_work()
    before = await clocks(share), await clocks(ticket)
    await actions.ask_longer(share, HARD, **way(share, f.LIAISON))
    assert (await clocks(share))["handle"].due_at == before[0]["handle"].due_at, "asking moves nothing"
    await actions.rule_longer(share, YES, **way(share, f.MANAGER))

    first, second = await Clock.filter(subject=share.ref, step="handle").order_by("span")
    assert (first.replaced, second.started_at, second.budget) == (True, first.started_at, [[15, "wd"]])
    assert (share.complex, share.extensions, share.longer_asked, share.statutory_basis) == (True, 1, None, None)
    assert second.due_at == last_moment("2026-03-23")
    total = (await clocks(ticket))["total"]
    assert [15, "wd"] in total.budget
    assert [5, "wd"] not in total.budget
    entry = await Entry.get(subject=share.ref, move="rule_longer")
    assert entry.facts["reason"] == YES.reason
    assert entry.facts["_clocks"]["renew"][0]["budget"] == [[15, "wd"]]
    assert (await Entry.get(subject=ticket.ref, move="prolong")).facts["basis"] == "complex"
    await nothing_differs()


@pytest.mark.usefixtures("database")
async def test_only_the_agency_asks_and_only_the_manager_who_did_not_ask_approves() -> None:
    _, share = await at_work()
    for stranger in (f.HANDLER, f.HOUSING, f.DISPATCHER, f.CITIZEN):
        with pytest.raises(NotAllowed):
            await actions.ask_longer(share, HARD, **way(share, stranger))
    await actions.ask_longer(share, HARD, **way(share, f.LIAISON))
    for lower in (f.LIAISON, f.DISPATCHER, f.REVIEWER, f.SUPERVISOR):
        with pytest.raises(NotAllowed):
            await actions.rule_longer(share, YES, **way(share, lower))
    both = f.officer(f.LIAISON.id, "兼任主管的联络员", "manager")
    with pytest.raises(OwnWork):
        await actions.rule_longer(share, YES, **way(share, both))


@pytest.mark.usefixtures("database")
async def test_a_refusal_moves_nothing_and_it_may_be_asked_again() -> None:
    ticket, share = await at_work()
    before = (await clocks(share))["handle"].due_at, (await clocks(ticket))["total"].due_at
    await actions.ask_longer(share, HARD, **way(share, f.LIAISON))
    await actions.rule_longer(share, NO, **way(share, f.MANAGER))
    assert ((await clocks(share))["handle"].due_at, (await clocks(ticket))["total"].due_at) == before
    assert (share.complex, share.longer, share.longer_asked) == (False, None, None)
    await approved(share, HARD)
    assert share.complex
    await nothing_differs()


@pytest.mark.usefixtures("database")
async def test_it_is_asked_in_time_once_after_telling_the_caller_and_not_beside_an_extension() -> None:
    ticket = await a_ticket()
    await f.walk(ticket, f.LIFE[:2])
    share = await share_of(ticket)
    await refused(actions.ask_longer(share, HARD, **way(share, f.LIAISON)), "告知诉求人")
    await actions.contact(share, f.CONTACT, **way(share, f.HANDLER))
    await refused(actions.rule_longer(share, YES, **way(share, f.MANAGER)), "没有待批")
    late = (await clocks(share))["handle"].due_at
    await refused(actions.ask_longer(share, HARD, **way(share, f.LIAISON, late)), "到期前申请")
    await actions.extend(share, f.MORE_TIME, **way(share, f.LIAISON))
    await refused(actions.ask_longer(share, HARD, **way(share, f.LIAISON)), "还没有批")
    await actions.rule_extension(share, f.GRANT_TIME, **way(share, f.DISPATCHER))
    await actions.ask_longer(share, HARD, **way(share, f.LIAISON))
    await refused(actions.extend(share, f.MORE_TIME, **way(share, f.LIAISON)), "还没有批")
    await actions.rule_longer(share, YES, **way(share, f.MANAGER))
    await refused(actions.ask_longer(share, BY_LAW, **way(share, f.LIAISON)), "不能再申请")
    await refused(actions.extend(share, f.MORE_TIME, **way(share, f.LIAISON)), "不再延期")


@pytest.mark.usefixtures("database")
async def test_the_limit_of_a_hard_case_is_a_whole_in_which_earlier_extensions_lie() -> None:
    ticket, share = await at_work()
    await actions.extend(share, f.MORE_TIME, **way(share, f.LIAISON))
    await actions.rule_extension(share, f.GRANT_TIME, **way(share, f.DISPATCHER))
    await approved(share, HARD)
    handle, total = (await clocks(share))["handle"], (await clocks(ticket))["total"]
    assert (handle.whole, handle.due_at) == ([[15, "wd"]], last_moment("2026-03-23"))
    assert total.extended == []
    assert share.extensions == 2
    await nothing_differs()


@pytest.mark.usefixtures("database")
async def test_a_critical_matter_is_never_a_hard_case_and_one_that_becomes_urgent_is_none_any_more() -> None:
    _, share = await at_work(urgency="critical", type="help")
    with pytest.raises(FormRejected) as told:
        await actions.ask_longer(share, HARD, **way(share, f.LIAISON))
    assert "没有给这类诉求规定" in told.value.fields["basis"]

    ticket, share = await at_work()
    await approved(share, HARD)
    await ticket.refresh_from_db()
    facts = forms.Reclassify(urgency="critical", reason="发现有人身危险")
    await actions.reclassify(ticket, facts, **way(ticket, f.DISPATCHER))
    assert (await clocks(share))["handle"].budget == [[2, "h"]]
    assert [2, "h"] in (await clocks(ticket))["total"].budget
    await nothing_differs()


@pytest.mark.usefixtures("database")
async def test_pauses_are_carried_into_the_longer_limit() -> None:
    _, share = await at_work()
    until = NOW + timedelta(days=3)
    await actions.pause(share, forms.PauseFor(basis="appraisal", until=until), **way(share, f.MANAGER))
    pauses = (await clocks(share))["handle"].pauses
    await approved(share, HARD)
    handle = (await clocks(share))["handle"]
    assert handle.pauses == pauses
    assert handle.due_at > last_moment("2026-03-23")
    await nothing_differs()


# ---- what a special law says


@pytest.mark.usefixtures("database")
async def test_a_longer_limit_of_the_law_overrides_the_policys_and_is_cited() -> None:
    ticket, share = await at_work(by=f.CITIZEN, channel="web")
    await approved(share, BY_LAW)
    await ticket.refresh_from_db()
    law = "《中华人民共和国行政处罚法》第六十条"
    assert (share.statutory_basis, ticket.statutory_basis, share.complex) == (law, law, False)
    assert share.extensions == 0, "what the law says is no extension"
    assert (await clocks(share))["handle"].budget == [[90, "d"]]
    assert [90, "d"] in (await clocks(ticket))["total"].budget
    facts = forms.Reclassify(urgency="urgent", reason="涉及供水安全")
    await actions.reclassify(ticket, facts, **way(ticket, f.DISPATCHER))
    assert (await clocks(share))["handle"].budget == [[90, "d"]], "the law doesn't go by our classes"
    await nothing_differs()


@pytest.mark.usefixtures("database")
async def test_a_law_that_the_policy_does_not_know_is_cited_with_its_working_days() -> None:
    for given in ({}, {"law": "《建设工程质量管理条例》第四十九条"}, {"days": 30}):
        with pytest.raises(FormRejected):
            forms.AskLonger.check({"basis": "other", "reason": REASON} | given)
    with pytest.raises(FormRejected):
        forms.AskLonger.check({"basis": "penalty", "reason": REASON, "days": 30})
    ticket, share = await at_work()
    cited = {"law": "《江州市物业管理条例》第二十条", "days": 30}
    await approved(share, forms.AskLonger.check({"basis": "other", "reason": REASON} | cited))
    await ticket.refresh_from_db()
    assert ticket.statutory_basis == cited["law"]
    assert (await clocks(share))["handle"].budget == [[30, "wd"]]
    await nothing_differs()


@pytest.mark.usefixtures("database")
async def test_a_limit_of_the_law_that_ends_no_later_than_what_runs_is_not_asked_for() -> None:
    _, share = await at_work()
    shorter = forms.AskLonger(basis=LongerBy.OTHER, law="《某某条例》第一条", days=5, reason=REASON)
    with pytest.raises(FormRejected) as told:
        await actions.ask_longer(share, shorter, **way(share, f.LIAISON))
    assert "不比现在的期限晚" in told.value.fields["basis"]


# ---- figures, trials, screens


@pytest.mark.usefixtures("database")
async def test_a_hard_case_is_on_time_and_counts_as_extended_a_legal_limit_is_no_extension() -> None:
    for facts, unextended in ((HARD, (0, 1)), (TWENTY_DAYS, (1, 2))):
        _, share = await at_work()
        await approved(share, facts)
        late = NOW + timedelta(days=10)
        await actions.reply(share, f.REPLY, **way(share, f.HANDLER, late))
        after = (await clocks(share))["handle"].due_at + timedelta(days=1)
        assert await counts("on_time_unextended", at=after) == unextended
    assert await counts("on_time", at=after) == (2, 2)
    assert await counts("extended", at=after) == (1, 2)


@pytest.mark.usefixtures("database")
async def test_a_trial_gives_a_hard_case_what_the_other_version_gives_hard_cases() -> None:
    _, share = await at_work()
    await approved(share, HARD)
    clock, other = (await clocks(share))["handle"], document_of("default-v1")
    other["longer"]["complex"]["demand"] = "9 wd"
    verdict = replaying.judged(clock, "demand", document_of("default-v1"), other, await current(), NOW)
    assert verdict is not None
    assert verdict.due_now == last_moment("2026-03-13")


async def test_the_page_asks_shows_and_rules_and_the_caller_reads_the_law(signed_in: Client) -> None:
    ticket, _ = await at_work(at=datetime.now(UTC), by=f.CITIZEN, channel="web")
    address, law = f"/hotline/tickets/{ticket.no}", LAWS[LongerBy.PENALTY]
    liaison, manager, citizen = signed_in(f.LIAISON), signed_in(f.MANAGER), signed_in(f.CITIZEN)

    async def sent(by: AsyncClient, move: str, **fields: str) -> Response:
        page = (await by.get(address)).text
        form = page.partition(f'{address}/{move}"')[2].partition("</form")[0]
        hidden = dict(re.findall(r'name="(_csrf|_key|_version|_move|_share)" value="([^"]*)"', form))
        return await by.post(f"{address}/{move}", data=hidden | fields)

    assert f"行政处罚，{law}" in (await liaison.get(address)).text
    wrong = await sent(liaison, "ask_longer", basis="other", reason=REASON)
    assert wrong.status_code == 422
    assert "请写明法律依据" in wrong.text
    assert REASON in wrong.text, "what was typed stays"
    assert (await sent(liaison, "ask_longer", basis="penalty", reason=REASON)).status_code == 303
    assert "待批“行政处罚”时限" in (await manager.get(address)).text
    assert (await sent(manager, "rule_longer", granted="true", reason="已核对立案决定书")).status_code == 303
    assert f"<dt>法定时限</dt><dd>{law}</dd>" in (await manager.get(address)).text
    assert f"办理时限依据{law}" in (await citizen.get(address)).text
    told = (await manager.get(f"/api/v1/tickets/{ticket.no}")).json()
    assert (told["statutory_basis"], told["assignments"][0]["statutory_basis"]) == (law, law)
    assert told["assignments"][0]["complex"] is False
