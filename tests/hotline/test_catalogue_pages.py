"""Pages of mass matters and of the dispatch catalogue, without script."""

import pytest

from hotline.categories.models import Category
from hotline.clusters.models import Cluster
from hotline.dispatching.models import DispatchRule, Precedent
from hotline.dispatching.rulings import RULINGS
from hotline.tickets import actions, forms
from hotline.tickets.models import Ticket
from tests import factories as f
from tests.conftest import Client
from tests.factories import a_ticket, a_ticket_in, share_of, way
from tests.hotline.test_knowledge_pages import send

pytestmark = pytest.mark.usefixtures("database")
INDEX, RULES = "/hotline/clusters", "/hotline/rules"
BODY = "爆管已修复，今晚八点恢复供水。"


async def test_twenty_tickets_are_found_gathered_answered_and_closed_as_one_matter(signed_in: Client) -> None:
    tickets = [await a_ticket(title=f"云谷路停水第{n:02d}户") for n in range(20)]
    alone = await a_ticket(title="西门路灯不亮")
    browser = signed_in(f.DISPATCHER)
    found = (await browser.get(INDEX, params={"q": "云谷路停水"})).text
    assert found.count('name="tickets" value="12345-') == 20, "found, and all of them ticked"
    refused = await send(browser, INDEX, INDEX, title="云", tickets=tickets[0].no)
    assert refused.status_code == 422
    assert tickets[0].no in refused.text, "what was typed stays"

    numbers = "，".join(one.no for one in [*tickets, alone])
    address = (await send(browser, INDEX, INDEX, title="云谷路爆管停水", tickets=numbers)).headers["location"]
    shown = (await browser.get(address)).text
    assert "待答复 21 件" in shown
    assert "还有 21 件工单没有答复" in shown
    out = await send(browser, address, f"{address}/remove", tickets=alone.no, reason="不是同一原因")
    assert out.status_code == 303
    assert (await send(browser, address, f"{address}/reply", body=BODY)).status_code == 303
    assert await Ticket.filter(state="visit").count() == 20
    assert (await send(browser, address, f"{address}/close")).status_code == 303
    assert (await Cluster.get()).state == "closed"
    assert "云谷路爆管停水" in (await browser.get(INDEX, params={"show": "closed"})).text
    assert (await signed_in(f.OPERATOR).get(INDEX)).status_code == 403
    assert (await browser.get(INDEX, params={"show": "none"})).status_code == 422


async def test_a_ticket_is_added_later_and_a_foreign_one_is_refused_with_what_was_typed(signed_in: Client) -> None:
    one, two, three = [await a_ticket() for _ in range(3)]
    browser = signed_in(f.MANAGER)
    told = {"title": "停水事件", "tickets": f"{one.no} {two.no}"}
    address = (await send(browser, INDEX, INDEX, **told)).headers["location"]
    wrong = await send(browser, address, f"{address}/add", tickets="12345-20260302-009999-1", _move="add")
    assert wrong.status_code == 422
    assert "12345-20260302-009999-1" in wrong.text
    await send(browser, address, f"{address}/add", tickets=three.no)
    assert await Ticket.filter(cluster=address.rpartition("/")[2]).count() == 3


async def test_a_rule_is_tried_proposed_and_approved_by_a_second_person_and_keeps_its_versions(
    signed_in: Client,
) -> None:
    ticket = await a_ticket()
    await actions.dispatch(ticket, forms.Dispatch(lead="ZJ", basis="职责清单第3条"), **way(ticket, f.DISPATCHER))
    await Ticket.filter(id=ticket.id).update(category="010203", registered_at=f.NOW.replace(year=2126))
    browser, manager = signed_in(f.DISPATCHER), signed_in(f.MANAGER)
    tried = (await browser.get(RULES, params={"category": "0102", "agency": "SW"})).text
    assert "会派错的" in tried
    assert ticket.no in tried

    told = {"category": "0102", "agency": "SW", "basis": "职责清单第3条"}
    refused = await send(browser, RULES, RULES, **told | {"agency": "NONE", "category": "x"})
    assert refused.status_code == 422
    first = (await send(browser, RULES, RULES, **told)).headers["location"]
    assert (await send(browser, first, f"{first}/approve")).status_code == 403
    assert (await send(manager, first, f"{first}/approve")).status_code == 303
    second = (await send(browser, RULES, RULES, **told | {"agency": "ZJ"})).headers["location"]
    await send(manager, second, f"{second}/approve")

    states = dict(await DispatchRule.all().values_list("agency", "state"))
    assert states == {"SW": "retired", "ZJ": "in_force"}
    page = (await manager.get(second)).text
    assert first.rpartition("/")[2] in page, "the older version stands beside it"
    short = await send(manager, second, f"{second}/retire", reason="短", _move="retire")
    assert short.status_code == 422
    assert (await send(manager, second, f"{second}/retire", reason="机构职责已调整")).status_code == 303
    assert (await signed_in(f.OPERATOR).get(RULES)).status_code == 403


async def test_who_rules_an_objection_sees_what_was_ruled_about_the_same_category(signed_in: Client) -> None:
    older = await a_ticket_in("dispute")
    await Ticket.filter(id=older.id).update(category="010203")
    share = await share_of(older)
    await RULINGS["rule_objection"](share, f.GRANT, **way(share, f.DISPATCHER))
    assert await Precedent.all().count() == 1
    now = await a_ticket_in("dispute")
    await Ticket.filter(id=now.id).update(category="010203")
    page = (await signed_in(f.ADJUDICATOR).get(f"/hotline/tickets/{now.no}")).text
    assert "同类先例" in page
    assert f.GRANT.reason in page
    assert "同类先例" not in (await signed_in(f.LEADER).get(f"/hotline/tickets/{now.no}")).text


async def test_codes_of_a_rule_are_chosen_by_name(signed_in: Client) -> None:
    await Category.create(code="010101", name="供水", path_name="城建 / 市政 / 供水", level=3)
    page = (await signed_in(f.DISPATCHER).get("/hotline/rules")).text
    assert '<option value="010101">城建 / 市政 / 供水</option>' in page.partition('<datalist id="categories">')[2]
    assert page.count('list="categories"') == page.count('list="areas"') == 2
