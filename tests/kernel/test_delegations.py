"""Acting in another's place: dated, never more than the other holds, on record with both names."""

from datetime import UTC, datetime, timedelta

import pytest

from hotline.tickets import actions as tickets
from kernel import verify
from kernel.citytime import day_of
from kernel.edge import csrf
from kernel.errors import FormRejected, NotAllowed, NotFound, Refusal
from kernel.inbox.models import Message
from kernel.lifecycle import Nothing, allowed_moves
from kernel.models import Entry
from kernel.officers import actions
from kernel.officers.forms import Delegate, Leave, SetPost
from kernel.officers.models import Delegation
from kernel.people.models import Account, Grant
from tests import factories as f
from tests.conftest import SECRET, Client
from tests.officers import TODAY, acting, hire, lend, refused

pytestmark = pytest.mark.usefixtures("database")
NOW = f.NOW
LATER = NOW + timedelta(days=3)


async def test_a_delegate_acts_in_the_others_place_and_the_chain_says_both() -> None:
    giver, taker = await hire("wu", "dispatcher"), await hire("ma")
    ticket = await f.a_ticket()
    assert not await allowed_moves(ticket, await acting(taker), NOW)
    await lend(giver, taker)
    by = await acting(taker)
    await tickets.dispatch(ticket, f.DISPATCH, **f.way(ticket, by))
    entry = await Entry.get(subject=ticket.ref, move="dispatch")
    assert (entry.actor_id, entry.facts["_on_behalf_of"]) == (taker.id, giver.id)
    assert (await verify.chains(True, lambda done, of: None))[1] == []
    entry.facts.pop("_on_behalf_of")
    assert verify.differences(ticket, [*await Entry.filter(subject=ticket.ref, seq__lt=entry.seq), entry])


async def test_what_is_ones_own_is_done_in_ones_own_place() -> None:
    giver, taker = await hire("wu", "dispatcher"), await hire("ma", "dispatcher")
    await lend(giver, taker)
    ticket = await f.a_ticket()
    await tickets.dispatch(ticket, f.DISPATCH, **f.way(ticket, await acting(taker)))
    entry = await Entry.get(subject=ticket.ref, move="dispatch")
    assert (entry.actor_id, entry.facts.get("_on_behalf_of")) == (taker.id, None)


async def test_a_delegation_begins_and_ends_by_itself_to_the_second() -> None:
    giver, taker = await hire("wu", "dispatcher"), await hire("ma")
    given = await lend(giver, taker)
    assert (await acting(taker, given.starts_at - timedelta(seconds=1))).powers == {}
    assert (await acting(taker, given.starts_at)).lent
    assert (await acting(taker, given.ends_at - timedelta(seconds=1))).lent
    late = await acting(taker, given.ends_at)
    assert (late.lent, dict(late.powers)) == ((), {})
    ticket = await f.a_ticket()
    with pytest.raises(NotAllowed):
        await tickets.dispatch(ticket, f.DISPATCH, **f.way(ticket, late, given.ends_at))


async def test_it_ends_with_a_word_of_who_gave_it_and_of_nobody_else() -> None:
    giver, taker = await hire("wu", "dispatcher"), await hire("ma")
    given = await lend(giver, taker)
    with pytest.raises(NotFound):
        await actions.revoke(given.id, by=await acting(taker), at=NOW)
    await actions.revoke(given.id, by=await acting(giver), at=NOW)
    assert not (await acting(taker)).lent
    told = [message.title for message in await Message.filter(account_id=taker.id).order_by("id")]
    assert len(told) == 2
    assert told[1] == "工作人员wu收回了委托"


async def test_it_is_never_more_than_the_giver_still_holds() -> None:
    giver, taker, third = await hire("wu", "dispatcher"), await hire("ma"), await hire("hu")
    await lend(giver, taker)
    lent_on = Delegate(
        taker="hu", grant=(await Grant.get(account_id=giver.id)).id, starts=TODAY, ends=TODAY, reason="休假"
    )
    with refused("代行来的角色不能再委托"):
        await actions.delegate(lent_on, by=await acting(taker), at=NOW)
    await Grant.filter(account_id=giver.id).delete()
    assert not (await acting(taker)).powers
    assert not (await acting(third)).powers


async def test_who_is_disabled_lends_nothing() -> None:
    giver, taker = await hire("wu", "dispatcher"), await hire("ma")
    await lend(giver, taker)
    await Account.filter(id=giver.id).update(active=False)
    assert not (await acting(taker)).powers


@pytest.mark.parametrize("role", ["system_admin", "security_admin", "auditor"])
async def test_the_administrators_roles_are_neither_lent_nor_lent_to(role: str) -> None:
    admin, clerk = await hire("root", role, scope="/"), await hire("wu", "dispatcher")
    with refused("不能委托"):
        await lend(admin, clerk)
    with refused("不能代行"):
        await lend(clerk, admin)
    grant = await Grant.get(account_id=clerk.id)
    await Delegation.create(
        giver_id=clerk.id, taker_id=admin.id, role=grant.role, scope=grant.scope, reason="绕过", starts_at=NOW,
        ends_at=LATER, given_at=NOW,
    )  # fmt: skip
    assert not (await acting(admin)).lent, "even a row that somebody wrote by hand lends an administrator nothing"


@pytest.mark.parametrize(
    ("days", "back", "field"), [(91, 0, "ends"), (0, 0, "ends"), (1, 5, "ends")], ids=["too long", "no day", "past"]
)
async def test_the_days_are_held_to_their_limits(days: int, back: int, field: str) -> None:
    giver, taker = await hire("wu", "dispatcher"), await hire("ma")
    with pytest.raises(FormRejected) as refused:
        await lend(giver, taker, days=days, at=NOW + timedelta(days=back))
    assert [*refused.value.fields] == [field]
    await lend(giver, taker, days=90)


async def test_only_people_of_the_same_branch_of_the_tree() -> None:
    giver = await hire("he", "liaison", "SW", f.WATER_PATH)
    outside = await hire("liu", "", "ZJ")
    with refused("本单位或上下级单位"):
        await lend(giver, outside)
    with refused("自己"):
        await lend(giver, giver)


async def test_b_acts_while_a_is_away_and_no_longer() -> None:
    head, a = await hire("lv", "leader", "SW", f.WATER_PATH), await hire("he", "liaison", "SW", f.WATER_PATH)
    b, other = await hire("chen", "", "SW"), await hire("liu", "", "ZJ")
    by = await acting(head)
    await actions.set_post(SetPost(name="热线联络", a="he", b="chen", role="liaison"), by=by, at=NOW)
    assert not (await acting(b)).powers
    away = await actions.leave(Leave(username="he", starts=TODAY, ends=TODAY, reason="年休假"), by=by, at=NOW)
    ticket = await f.a_dispatched_ticket()
    share = await f.share_of(ticket)
    await tickets.sign(share, Nothing(), **f.way(share, await acting(b)))
    entry = await Entry.get(subject=share.ref, move="sign")
    assert (entry.actor_id, entry.facts["_on_behalf_of"]) == (b.id, a.id)
    await actions.back(away.id, by=await acting(a), at=NOW)
    assert not (await acting(b)).powers
    with refused("不是您管理的单位"):
        await actions.set_post(SetPost(name="热线联络", a="he", b=other.username, role="liaison"), by=by, at=NOW)
    with pytest.raises(Refusal):
        await actions.leave(Leave(username="liu", starts=TODAY, ends=TODAY, reason="休假"), by=by, at=NOW)


async def test_the_pages_lend_and_take_back(signed_in: Client) -> None:
    giver, taker = await hire("wu", "dispatcher"), await hire("ma")
    client = signed_in(await acting(giver))
    grant, today = await Grant.get(account_id=giver.id), day_of(datetime.now(UTC))
    sent = {"_csrf": csrf.token(SECRET), "taker": "nobody", "grant": grant.id, "starts": f"{today}", "ends": f"{today}"}
    again = await client.post("/me/delegations", data=sent | {"reason": "去省里开会"})
    assert again.status_code == 422
    assert 'value="nobody"' in again.text
    assert "去省里开会" in again.text
    done = await client.post("/me/delegations", data=sent | {"taker": "ma", "reason": "去省里开会"})
    assert done.status_code == 303, done.text[-800:]
    page = (await client.get("/me/delegations")).text
    assert "代行中" in page
    given = await Delegation.get(taker_id=taker.id)
    await client.post(f"/me/delegations/{given.id}/revoke", data={"_csrf": csrf.token(SECRET)})
    assert "已收回" in (await client.get("/me/delegations")).text
    assert (await client.get("/desk/posts")).status_code == 403


async def test_ones_own_leave_is_said_on_ones_own_page_and_what_is_wrong_stands_beside_the_field(
    signed_in: Client,
) -> None:
    clerk = await acting(await hire("qin", "liaison", "SW", f.WATER_PATH))
    client = signed_in(clerk)
    sent = {"_csrf": csrf.token(SECRET), "_from": "me", "username": "qin", "reason": "休年假"}
    wrong = await client.post("/me/absences", data=sent | {"starts": "2999-01-02", "ends": "2999-01-01"})
    assert wrong.status_code == 422
    assert "止日不能早于起日" in wrong.text
    assert 'id="leave-ends-e"' in wrong.text
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}"
    said = await client.post("/me/absences", data=sent | {"starts": today, "ends": tomorrow})
    assert said.status_code == 303, said.text[-400:]
    assert "不在岗：休年假" in (await client.get(said.headers["location"])).text
