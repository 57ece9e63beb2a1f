"""TA02, TA05: by two persons' word somebody reads what isn't theirs, for an hour, and auditor and chief hear of it."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from hotline.permissions import HotlinePermission
from hotline.tickets.models import Ticket
from kernel import verify, views
from kernel.edge import csrf
from kernel.edge.models import SecurityEvent
from kernel.errors import FormRejected, NotAllowed, Refusal, WrongState
from kernel.inbox.models import Message
from kernel.models import View
from kernel.warrants import actions, queries
from kernel.warrants.models import Warrant
from kernel.warrants.rules import Over
from kernel.warrants.states import MOVES, WarrantState
from tests import factories as f
from tests.conftest import SECRET, Client
from tests.officers import acting, hire, lend
from tests.warrants import a_warrant, asked_about, crew, step

pytestmark = pytest.mark.usefixtures("database")
WORDS = "小区停水两天，无人通知。"
MAY = {  # the table once more, as a person would say it; the warrant is the first auditor's
    ("asked", "confirm"): {"security", "second security"},
    ("asked", "refuse"): {"security", "second security", "chief", "second chief"},
    ("asked", "withdraw"): {"auditor"},
    ("confirmed", "approve"): {"chief", "second chief"},
    ("confirmed", "refuse"): {"security", "second security", "chief", "second chief"},
    ("confirmed", "withdraw"): {"auditor"},
    ("open", "revoke"): {"security", "chief"},
    ("open", "give_back"): {"auditor"},
}


async def test_ta05_every_state_with_every_move_by_everybody_is_allowed_or_refused_as_said() -> None:
    who, cells, allowed = await crew(), 0, 0
    for state in WarrantState:
        warrant = await a_warrant(who, "12345-20260302-000001-0", state=state.value)
        for name, (role, actor) in product((name for name in MOVES if name != "ask"), who.items()):
            if role in MAY.get((state.value, name), set()):
                fresh = await a_warrant(who, "12345-20260302-000001-0", state=state.value)
                await step(fresh, name, actor)
                allowed += 1
            else:
                with pytest.raises(Refusal) as refused:
                    await step(warrant, name, actor)
                assert isinstance(refused.value, NotAllowed | WrongState), (state, name, role)
                await warrant.refresh_from_db()
            cells += 1
    assert (cells, allowed) == (len(WarrantState) * 7 * len(who), 17)
    assert (await verify.chains(True, lambda done, of: None))[1] == []


@pytest.mark.parametrize("asker", ["auditor", "officer"])
@pytest.mark.parametrize("way", ["page", "api"])
async def test_ta05_it_opens_the_content_of_exactly_these_things_and_each_look_is_told(
    signed_in: Client, asker: str, way: str
) -> None:
    who, ticket, other = await crew(), await f.a_dispatched_ticket(), await f.a_dispatched_ticket()
    client, base = signed_in(who[asker]), "/api/v1/tickets" if way == "api" else "/hotline/tickets"
    assert (await client.get(f"{base}/{ticket.no}")).status_code == 404
    warrant = await _from_now(await a_warrant(who, ticket.no, asker=asker))
    before = await Message.all().count()
    answer = await client.get(f"{base}/{ticket.no}")
    assert answer.status_code == 200
    assert WORDS in answer.text
    assert "13900002206" not in answer.text
    assert (await client.get(f"{base}/{other.no}")).status_code == 404
    assert (await signed_in(who["second auditor"]).get(f"{base}/{ticket.no}")).status_code == 404
    (view,) = await View.all()
    assert (view.actor_id, view.subject) == (who[asker].id, ticket.ref)
    assert (await views.purposes([view]))[view.id] == f"调阅令 {warrant.no}：{warrant.reason}"
    assert warrant.reason not in view.purpose
    told = {one.account_id for one in await Message.filter(id__gt=before, title__contains=warrant.no)}
    assert told >= {who[name].id for name in ("auditor", "second auditor", "chief", "second chief")}
    assert await SecurityEvent.filter(kind="warrant_used", actor_id=who[asker].id).count() == 1


async def test_ta05_reading_is_all_that_a_warrant_opens(signed_in: Client) -> None:
    who, ticket = await crew(), await f.a_dispatched_ticket()
    await _from_now(await a_warrant(who, ticket.no, asker="officer"))
    client = signed_in(who["officer"])
    page = (await client.get(f"/hotline/tickets/{ticket.no}")).text
    assert 'name="_version"' not in page
    sent = {"_csrf": csrf.token(SECRET), "_version": str(ticket.version), "text": "改不了"}
    for move in ("note", "sign", "reply", "reveal"):
        answer = await client.post(f"/hotline/tickets/{ticket.no}/{move}", data=sent)
        assert answer.status_code == 404, move
    await ticket.refresh_from_db()
    assert ticket.version == (await Ticket.get(no=ticket.no)).version


@pytest.mark.parametrize(("minutes", "status"), [(59, 200), (60, 200), (61, 403)])
async def test_ta05_the_sixtieth_minute_is_the_last(signed_in: Client, minutes: int, status: int) -> None:
    """The clock is the product's; the approval was given that long ago."""
    who, ticket = await crew(), await f.a_dispatched_ticket()
    warrant = await a_warrant(who, ticket.no)
    assert warrant.until == f.NOW + timedelta(minutes=60)
    assert await queries.open_for(who["auditor"], ticket.ref, f.NOW + timedelta(minutes=60)) is not None
    assert await queries.open_for(who["auditor"], ticket.ref, f.NOW + timedelta(minutes=61)) is None
    await _from_now(warrant, timedelta(minutes=minutes, seconds=-20 if status == 200 else 0))
    for base in ("/api/v1/tickets", "/hotline/tickets"):
        answer = await signed_in(who["auditor"]).get(f"{base}/{ticket.no}")
        assert answer.status_code == status, base
        assert (WORDS in answer.text) is (status == 200)
    assert await View.all().count() == (2 if status == 200 else 0)


@pytest.mark.parametrize(("name", "by"), [("give_back", "auditor"), ("revoke", "security"), ("revoke", "chief")])
async def test_ta05_given_back_or_revoked_it_is_over_at_once(signed_in: Client, name: str, by: str) -> None:
    who, ticket = await crew(), await f.a_dispatched_ticket()
    warrant = await a_warrant(who, ticket.no)
    await step(warrant, name, who[by], f.NOW + timedelta(minutes=5))
    with pytest.raises(Over):
        await actions.use(ticket.ref, by=who["auditor"], at=f.NOW + timedelta(minutes=6))
    assert (await signed_in(who["auditor"]).get(f"/hotline/tickets/{ticket.no}")).status_code == 403


async def test_ta05_one_alone_opens_nothing_and_neither_is_the_asker_not_even_by_anothers_hand() -> None:
    who, ticket = await crew(), await f.a_dispatched_ticket()
    for state in ("asked", "confirmed"):
        await a_warrant(who, ticket.no, state=state)
        assert await queries.open_for(who["auditor"], ticket.ref, f.NOW) is None
    chief, asker = await hire("zhang", "chief"), await hire("wang", "handler", scope=f.HOUSING_PATH)
    await lend(chief, asker)
    both = await acting(asker)
    warrant = await actions.ask(asked_about(ticket.no), by=both, at=f.NOW)
    await step(warrant, "confirm", who["security"])
    with pytest.raises(NotAllowed):
        await step(warrant, "approve", both)
    await step(warrant, "approve", await acting(chief))


async def test_ta05_every_step_is_told_and_in_the_security_log_without_a_word_of_content() -> None:
    who, ticket = await crew(), await f.a_dispatched_ticket()
    warrant = await a_warrant(who, ticket.no, state="revoked", asker="officer")
    kinds = await SecurityEvent.filter(kind__startswith="warrant_").order_by("id").values_list("kind", flat=True)
    assert [*kinds] == ["warrant_ask", "warrant_confirm", "warrant_approve", "warrant_revoke"]
    for name in ("auditor", "second chief"):
        told = Message.filter(account_id=who[name].id, title__contains=warrant.no)
        assert await told.count() == 4, name
    assert await Message.filter(account_id=who["security"].id, title__contains=warrant.no).count() == 1, "to be decided"
    assert not await Message.filter(title__contains=ticket.title).exists()


async def test_ta05_an_emergency_is_about_one_thing_and_unknown_kinds_are_refused() -> None:
    who = await crew()
    with pytest.raises(FormRejected) as refused:
        await actions.ask(asked_about("12345-1", "12345-2"), by=who["officer"], at=f.NOW)
    assert "一件" in refused.value.fields["numbers"]
    with pytest.raises(FormRejected):
        await actions.ask(asked_about("12345-1").model_copy(update={"kind": "export"}), by=who["auditor"], at=f.NOW)


async def test_ta05_who_has_no_part_in_it_sees_neither_page_nor_warrant(signed_in: Client) -> None:
    who, ticket = await crew(), await f.a_dispatched_ticket()
    warrant = await a_warrant(who, ticket.no, state="asked")
    for name in ("operator", "system", "citizen"):
        assert (await signed_in(who[name]).get("/warrants")).status_code == 403, name
    page = (await signed_in(who["officer"]).get("/warrants")).text
    assert warrant.no not in page
    sent = {"_csrf": csrf.token(SECRET), "_version": str(warrant.version)}
    assert (await signed_in(who["officer"]).post(f"/warrants/{warrant.no}/confirm", data=sent)).status_code == 404
    answer = await signed_in(who["security"]).post(f"/warrants/{warrant.no}/confirm", data=sent)
    assert answer.status_code == 303, answer.text[-400:]
    assert (await Warrant.get(no=warrant.no)).state is WarrantState.CONFIRMED


async def test_ta02_none_of_the_three_has_a_standing_permission_over_business() -> None:
    who = await crew()
    business = {permission.value for permission in HotlinePermission}
    for name in ("auditor", "security", "system"):
        assert not business & {*who[name].powers}, name


async def _from_now(warrant: Warrant, ago: timedelta = timedelta(0)) -> Warrant:
    """As if it had been approved just now, or that long ago: pages and API ask the real clock."""
    await Warrant.filter(id=warrant.id).update(until=datetime.now(UTC) + timedelta(minutes=60) - ago)
    return warrant
