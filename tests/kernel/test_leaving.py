"""Somebody leaves: what stands in their name passes to a named successor, then the account is shut, never before."""

from datetime import UTC, datetime, timedelta

import pytest

from kernel import verify
from kernel.edge import csrf
from kernel.edge.models import SecurityEvent
from kernel.errors import NotAllowed
from kernel.exports import actions as exporting
from kernel.exports.models import Export
from kernel.inbox.models import Message
from kernel.kinds import Held
from kernel.leaving import actions, queries
from kernel.leaving.forms import Leave
from kernel.leaving.models import Leaving
from kernel.lifecycle import Nothing
from kernel.models import Entry
from kernel.officers import actions as officers
from kernel.officers import holdings
from kernel.officers.forms import SetPost
from kernel.officers.models import Delegation, Post
from kernel.people import actions as people
from kernel.people import granting
from kernel.people.actions import StillHolds
from kernel.people.models import Account
from kernel.permissions import SYSTEM, Actor
from kernel.warrants import actions as warranting
from kernel.warrants.models import Warrant
from tests import factories as f
from tests.conftest import SECRET, Client
from tests.kernel.test_exports import ASK
from tests.officers import acting, hire, lend, refused
from tests.warrants import asked_about

pytestmark = pytest.mark.usefixtures("database")
LATER = f.NOW + timedelta(hours=1)


async def a_full_desk() -> tuple[Actor, Account, Account]:
    """He leaves with a delegation given and one taken, an AB post, a warrant and an export that nobody decided."""
    security = await acting(await hire("anquan", "security_admin", scope="/"))
    leaver, ma = await hire("he", "liaison", "SW", f.WATER_PATH), await hire("ma", "handler", "SW", f.WATER_PATH)
    successor = await hire("xin", "", "SW")
    await granting.give(leaver, "manager", f.CITY, by=SYSTEM, at=f.NOW)
    await lend(leaver, ma, role="liaison")
    await lend(ma, leaver)
    head = await acting(await hire("lv", "leader", "SW", f.WATER_PATH))
    await officers.set_post(SetPost(name="联络岗", a="he", b="ma", role="liaison"), by=head, at=f.NOW)
    await f.a_ticket()
    by = await acting(leaver)
    await exporting.ask(ASK, params={}, by=by, at=f.NOW)
    await warranting.ask(asked_about("12345-20260302-000001-0"), by=by, at=f.NOW)
    return security, leaver, successor


async def marked() -> tuple[Actor, Account, Account]:
    security, leaver, successor = await a_full_desk()
    await actions.mark(Leave(username="he", successor="xin"), by=security, at=f.NOW)
    return security, leaver, successor


async def test_an_account_with_something_in_hand_is_not_shut_and_the_refusal_lists_it() -> None:
    security, leaver, _ = await a_full_desk()
    with pytest.raises(StillHolds) as told:
        await people.disable("he", by=security, at=LATER)
    for word in ("委托", "联络岗", "导出申请", "调阅令", "5 项"):
        assert word in str(told.value), word
    assert (await Account.get(id=leaver.id)).active


async def test_everything_passes_in_one_act_journaled_or_logged_and_then_the_account_is_shut() -> None:
    security, leaver, successor = await marked()
    with refused("须先授予"):
        await actions.hand_over("he", by=security, at=LATER)
    await granting.give(successor, "liaison", f.WATER_PATH, by=SYSTEM, at=f.NOW)
    await actions.hand_over("he", by=security, at=LATER)
    assert await queries.open_items(leaver.id, LATER) == []
    assert await Delegation.filter(revoked_at=None).count() == 0
    (post,) = await Post.filter(ended_at=None)
    assert (post.a_id, post.name) == (successor.id, "联络岗")
    for thing in (await Warrant.get(), await Export.get()):
        assert thing.state == "wdrawn"
        assert (await Entry.get(subject=thing.ref, seq=thing.version)).move == "lapse"
    assert await SecurityEvent.filter(kind="handed_over").count() == 5
    assert await Message.filter(account_id=successor.id, title__contains="您接任").count() == 1
    assert (await verify.chains(True, lambda done, of: None))[1] == []
    await people.disable("he", by=security, at=LATER)
    assert not (await Account.get(id=leaver.id)).active


async def test_cut_off_in_the_middle_it_goes_on_and_repeated_it_changes_nothing() -> None:
    security, leaver, successor = await marked()
    with refused("须先授予"):  # stops at the post: what came before it stays handed over
        await actions.hand_over("he", by=security, at=LATER)
    left = len(await queries.open_items(leaver.id, LATER))
    assert 0 < left < 5
    await granting.give(successor, "liaison", f.WATER_PATH, by=SYSTEM, at=f.NOW)
    assert await actions.hand_over("he", by=security, at=LATER) == left
    assert await actions.hand_over("he", by=security, at=LATER) == 0
    assert await SecurityEvent.filter(kind="handed_over").count() == 5
    assert await Post.all().count() == 2
    assert await Message.filter(account_id=successor.id, title__contains="您接任").count() == 1


async def test_a_thing_handed_over_twice_passes_once() -> None:
    security, leaver, successor = await marked()
    await granting.give(successor, "liaison", f.WATER_PATH, by=SYSTEM, at=f.NOW)
    (held,) = await holdings.posts(leaver.id, LATER)
    for _ in range(2):
        await holdings.pass_post(Held(held.ref, held.title, held.then), to=successor, by=security, at=LATER)
    assert await Post.filter(ended_at=None).count() == 1


async def test_nobody_else_marks_and_who_is_no_successor_is_said_at_the_field() -> None:
    security, _, _ = await a_full_desk()
    head = await acting(await Account.get(username="lv"))
    with pytest.raises(NotAllowed):
        await actions.mark(Leave(username="he", successor="xin"), by=head, at=f.NOW)
    for username in ("he", "anquan", "nobody"):
        with refused("接任" if username == "he" else "不能接任" if username == "anquan" else "没有用户名"):
            await actions.mark(Leave(username="he", successor=username), by=security, at=f.NOW)


async def test_a_request_of_somebody_who_stays_is_not_ended_that_way() -> None:
    security, _, _ = await a_full_desk()
    warrant = await Warrant.get()
    with pytest.raises(NotAllowed):
        await warranting.lapse(warrant, Nothing(), **f.way(warrant, security))


async def test_the_page_lists_hands_over_and_shuts(signed_in: Client) -> None:
    security, leaver, successor = await a_full_desk()
    await granting.give(successor, "liaison", f.WATER_PATH, by=SYSTEM, at=f.NOW)
    given = await Delegation.get(giver_id=leaver.id)
    await Delegation.all().update(ends_at=datetime.now(UTC) + timedelta(days=1))
    client, token = signed_in(security), {"_csrf": csrf.token(SECRET)}
    answer = await client.post("/admin/leaving", data=token | {"username": "he", "successor": "xin"})
    assert answer.status_code == 303, answer.text[-400:]
    assert given.reason in (await client.get("/admin/leaving")).text
    stopped = await client.post("/admin/accounts/he/disable", data=token)
    assert stopped.status_code == 409
    assert "联络岗" in stopped.text
    assert (await client.post("/admin/leaving/he", data=token)).status_code == 303
    assert "没有未移交的" in (await client.get("/admin/leaving")).text
    assert (await client.post("/admin/accounts/he/disable", data=token)).status_code == 303
    assert (await signed_in(f.MANAGER).get("/admin/leaving")).status_code == 403
    await people.enable("he", by=security, at=LATER)
    assert not await Leaving.all().exists(), "back at work"
