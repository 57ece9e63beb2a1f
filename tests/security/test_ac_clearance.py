"""AC11: the label of a thing and the clearance of a person are compared before any role is asked."""

from dataclasses import replace

import pytest

from hotline.tickets import actions, queries
from hotline.tickets.states import TicketState
from kernel import outbox
from kernel.edge import csrf
from kernel.edge.models import SecurityEvent
from kernel.errors import NotAllowed
from kernel.inbox.models import Message
from kernel.lifecycle import Nothing
from kernel.people import actions as people
from kernel.people.forms import SetClearance
from kernel.people.models import Account
from kernel.people.queries import actor_of
from kernel.permissions import SYSTEM, Actor, Clearance
from tests import factories as f
from tests.conftest import SECRET, Client
from tests.officers import acting, hire, lend

pytestmark = pytest.mark.usefixtures("database")
RIGHT_ROLES = (f.OPERATOR, f.SHIFT_LEAD, f.DISPATCHER, f.LIAISON, f.HANDLER, f.LEADER, f.REVIEWER, f.VISITOR, f.MANAGER)
LISTS = ("/hotline/tickets", "/api/v1/tickets", "/hotline/agency", "/hotline/new?phone=13900002206")


def low(actor: Actor) -> Actor:
    return replace(actor, clearance=Clearance.PLAIN)


@pytest.mark.parametrize("actor", RIGHT_ROLES, ids=lambda actor: actor.roles[0])
async def test_ac11_the_right_role_with_a_low_clearance_finds_nothing(signed_in: Client, actor: Actor) -> None:
    secret = await f.a_dispatched_ticket(secrecy="confidential", title="举报有人夜间偷排")
    plain = await f.a_dispatched_ticket()
    for person, status in ((actor, 200), (low(actor), 404)):
        client = signed_in(person)
        for base in ("/hotline/tickets", "/api/v1/tickets"):
            assert (await client.get(f"{base}/{secret.no}")).status_code == status, (base, status)
            assert (await client.get(f"{base}/{plain.no}")).status_code == 200
        assert (await client.get(f"/api/v1/tickets/{secret.no}/journal")).status_code == status
        found = "".join([(await client.get(address)).text for address in LISTS])
        assert ("夜间偷排" in found) is (status == 200)
        assert plain.no in found


@pytest.mark.parametrize("way", ["page", "api"])
async def test_ac11_nor_does_it_move_what_it_may_not_see(signed_in: Client, way: str) -> None:
    secret = await f.a_dispatched_ticket(secrecy="confidential")
    share = await f.share_of(secret)
    client = signed_in(low(f.LIAISON))
    if way == "page":
        sent = {"_csrf": csrf.token(SECRET), "_version": str(share.version)}
        answer = await client.post(f"/hotline/tickets/{secret.no}/sign", data=sent)
    else:
        sent = {"version": share.version, "facts": {}}  # type: ignore[dict-item]
        answer = await client.post(f"/api/v1/tickets/{secret.no}/moves/sign", json=sent)
    assert answer.status_code == 404
    with pytest.raises(NotAllowed):
        await actions.sign(share, Nothing(), **f.way(share, low(f.LIAISON)))
    await actions.sign(share, Nothing(), **f.way(share, f.LIAISON))


async def test_ac11_its_own_caller_needs_no_clearance(signed_in: Client) -> None:
    secret = await f.a_ticket(secrecy="confidential", by=f.CITIZEN, channel="web")
    assert (await signed_in(f.CITIZEN).get(f"/hotline/tickets/{secret.no}")).status_code == 200
    assert (await signed_in(f.NEIGHBOUR).get(f"/hotline/tickets/{secret.no}")).status_code == 404


async def test_ac11_a_security_administrator_sets_it_it_is_logged_and_nobody_lends_theirs(signed_in: Client) -> None:
    security, giver = await hire("anquan", "security_admin", scope="/"), await hire("he", "dispatcher")
    taker, client = await hire("ma"), signed_in(await acting(security))
    secret = await f.a_ticket(secrecy="confidential")
    assert await queries.visible_to(await acting(giver), [secret.no]).first() is None
    sent = {"_csrf": csrf.token(SECRET), "username": "he", "clearance": "confidential"}
    assert (await client.post("/admin/clearances", data=sent)).status_code == 303
    cleared = await actor_of(await Account.get(id=giver.id), f.NOW)
    assert await queries.visible_to(cleared, [secret.no]).first() is not None
    event = await SecurityEvent.get(kind="clearance_set")
    assert (event.actor_id, event.detail) == (
        security.id,
        {"account": giver.id, "was": "plain", "now": "confidential"},
    )
    await lend(giver, taker)
    assert await queries.visible_to(await acting(taker), [secret.no]).first() is None
    own = SetClearance(username="anquan", clearance=Clearance.CONFIDENTIAL)
    for who in (security, giver):
        with pytest.raises(NotAllowed):
            await people.set_clearance(own, by=await acting(who), at=f.NOW)


async def test_ac11_no_message_carries_its_title_to_who_is_not_cleared() -> None:
    low_one, cleared = (
        await hire("lian", "liaison", "SW", f.WATER_PATH),
        await hire("luo", "liaison", "SW", f.WATER_PATH),
    )
    await Account.filter(id=cleared.id).update(clearance=Clearance.CONFIDENTIAL)
    secret = await f.a_dispatched_ticket(secrecy="confidential", title="举报有人夜间偷排")
    assert secret.state is TicketState.DISP
    while await outbox.deliver(worker="w", now=lambda: f.NOW):
        pass
    assert await Message.filter(account_id=cleared.id, title__contains="夜间偷排").count() == 1
    assert not await Message.filter(account_id=low_one.id, title__contains="夜间偷排").exists()
    assert SYSTEM.cleared(Clearance.CONFIDENTIAL)
