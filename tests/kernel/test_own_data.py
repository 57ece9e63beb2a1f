"""What is held about a person is theirs to see, to take along, to mend and to have deleted."""

from datetime import timedelta

import pytest

from hotline.tickets import actions as tickets
from hotline.tickets import disclosure, forms, queries
from hotline.tickets.disclosure import Reveal
from hotline.tickets.models import Ticket
from hotline.tickets.searchable import documents
from kernel.citizens import actions as citizens
from kernel.citizens.models import Profile
from kernel.companies import actions as companies
from kernel.errors import FormRejected, NotFound
from kernel.journal import Sealed
from kernel.owndata import actions
from kernel.owndata import queries as own
from kernel.owndata.actions import StillOpen, StillOwner
from kernel.owndata.forms import Ask, Right
from kernel.people.models import Account
from kernel.people.queries import actor_of
from kernel.permissions import Actor
from tests import factories as f
from tests.factories import CITY, NOW, way
from tests.kernel.test_companies import FACTS, known
from tests.kernel.test_registering import PASSWORD, PHONE, a_citizen

pytestmark = pytest.mark.usefixtures("database")
CONTENT = "小区停水两天，无人通知，家里有老人。"


async def a_person() -> Actor:
    return await actor_of(await a_citizen(), NOW)


async def their_ticket(actor: Actor, *, ended: bool = True) -> Ticket:
    told = {
        "type": "help", "title": "小区停水两天", "content": CONTENT, "channel": "web", "caller_name": "张小明",
        "caller_phone": PHONE, "address": "江北区云谷路 66 号",
    }  # fmt: skip
    no = await tickets.draw_number(NOW)
    ticket, _ = await tickets.register(forms.Register.check(told), no=no, region=CITY, by=actor, at=NOW)
    return await tickets.withdraw(ticket, f.WITHDRAW, **way(ticket, actor)) if ended else ticket


async def test_the_page_of_ones_own_data_shows_what_every_module_holds() -> None:
    actor = await a_person()
    ticket = await their_ticket(actor)
    held = {one.line.name: one.rows for one in await own.held(actor.owner)}
    assert held["account"][0]["手机号"] == PHONE
    assert held["tickets"][0]["编号"] == ticket.no
    assert CONTENT in held["tickets"][0]["诉求内容"]


async def test_deleting_restricts_what_the_law_keeps_and_says_so_under_a_number() -> None:
    actor = await a_person()
    ended, going = await their_ticket(actor), await their_ticket(actor, ended=False)
    request = await actions.erase(by=actor, at=NOW)

    _, answer = await own.said(request)
    assert request.state.label == "已办理"
    assert f"工单 {ended.no}：档案保存期内，限制使用，保留到 2036-" in answer
    assert f"工单 {going.no}：还在办理" in answer
    assert [one.no for one in await queries.visible_to(f.DISPATCHER)] == [going.no]
    assert [one.no for one in await documents([ended.ref, going.ref])] == [going.no]
    with pytest.raises(NotFound):
        await queries.one(actor, ended.no)


async def test_who_looked_is_told_by_agency_step_and_purpose_and_never_by_name() -> None:
    actor = await a_person()
    ticket = await their_ticket(actor, ended=False)
    clerk = await Account.create(username="zhou", name="周话务", kind="staff", created_at=NOW, org_id=1)
    looking = Actor(id=clerk.id, name=clerk.name, powers=f.OPERATOR.powers, home=f.CENTRE)
    await disclosure.reveal(ticket, Reveal.check({"purpose": "回拨核实"}), by=looking, at=NOW + timedelta(minutes=1))

    (look,) = await own.looks(await own.subjects_of(actor.owner))
    assert (look.agency, look.purpose, look.step) == ("热线中心", "回拨核实", ticket.state.label)
    assert "周话务" not in repr(look)


async def test_a_name_is_corrected_directly_until_it_has_been_verified() -> None:
    actor = await a_person()
    await citizens.correct_name("张晓明", by=actor, at=NOW)
    assert (await own.held(actor.id))[0].rows[0]["姓名"] == "张晓明"
    await Profile.filter(account_id=actor.id).update(level=3)
    with pytest.raises(FormRejected):
        await citizens.correct_name("张大明", by=actor, at=NOW)


async def test_what_needs_a_look_is_answered_by_the_officer_and_nobody_else_sees_it() -> None:
    actor, other = await a_person(), await known("13900003333")
    request = await actions.ask(Ask(right=Right.CORRECT, text=Sealed("姓名写错一个字")), by=actor, at=NOW)
    with pytest.raises(NotFound):
        await own.one(other, request.no)
    assert (await own.one(actor, request.no)).state == "open"


async def test_an_account_is_closed_when_nothing_is_under_way_and_no_company_depends_on_it() -> None:
    actor = await known()
    ticket = await their_ticket(actor, ended=False)
    with pytest.raises(StillOpen, match="1 件"):
        await actions.close_account(PASSWORD, by=actor, at=NOW)
    await tickets.withdraw(ticket, f.WITHDRAW, **way(ticket, actor))
    await companies.register(FACTS, by=actor, at=NOW)
    with pytest.raises(StillOwner):
        await actions.close_account(PASSWORD, by=actor, at=NOW)
    with pytest.raises(FormRejected):
        await actions.close_account("wrong", by=actor, at=NOW)


async def test_a_closed_account_is_nobodys_and_its_number_may_register_anew() -> None:
    actor = await a_person()
    await actions.close_account(PASSWORD, by=actor, at=NOW)
    account = await Account.get(id=actor.id)
    assert (account.active, account.name) == (False, "已注销用户")
    again = await a_citizen()
    assert again.id != actor.id
