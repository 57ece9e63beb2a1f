"""Three administrators stay three, and no one of them makes another alone."""

import asyncio
from datetime import timedelta
from itertools import permutations

import pytest
from httpx import AsyncClient
from tortoise.exceptions import IntegrityError

from kernel.edge import csrf
from kernel.edge.models import SecurityEvent
from kernel.errors import NotAllowed, NotFound
from kernel.module import installed
from kernel.people import actions, granting, queries
from kernel.people.forms import NewGrant
from kernel.people.granting import Apart, AskFirst, LastKeeper, OwnRequest, TwoKeepers
from kernel.people.models import Account, AccountKind, Grant, PendingGrant
from kernel.people.permissions import APART, ROLES, P
from kernel.permissions import Actor
from portal.modules import MODULES
from tests import factories as f
from tests.conftest import SECRET, Client

pytestmark = pytest.mark.usefixtures("database")
NOW, DAY = f.NOW, timedelta(days=1)


@pytest.fixture
async def first(database: str) -> Actor:
    """The one security administrator of a new hall."""
    await actions.seed_roles(MODULES)
    return await a_keeper("first")


async def a_clerk(username: str) -> Account:
    return await Account.create(username=username, name=username, kind=AccountKind.STAFF, created_at=NOW)


async def a_keeper(username: str) -> Actor:
    account = await a_clerk(username)
    await Grant.create(account=account, role="security_admin", scope="/", apart=True)
    return await queries.actor_of(account, NOW)


def told(username: str, role: str) -> NewGrant:
    return NewGrant(username=username, role=role, scope=f.CITY)


async def held(username: str) -> set[str]:
    return {str(one) for one in await Grant.filter(account__username=username).values_list("role", flat=True)}


@pytest.mark.parametrize(("has", "gets"), list(permutations(sorted(APART), 2)))
async def test_ta01_nobody_holds_two_of_the_three_asked_for_given_or_by_the_shell(
    first: Actor, has: str, gets: str
) -> None:
    clerk = await a_clerk("li")
    await Grant.create(account=clerk, role=has, scope="/", apart=True)
    with pytest.raises(Apart):
        await granting.grant(told("li", gets), by=first, at=NOW)
    with pytest.raises(Apart):
        await granting.give(clerk, gets, "/", by=first, at=NOW)
    await Grant.filter(account__username="first").delete()  # no security administrator: the shell may do most
    await Account.filter(username="first").update(active=False)
    if has != "security_admin":
        with pytest.raises(Apart):
            await granting.at_machine("li", gets, "/", at=NOW)
    assert await held("li") == {has}


async def test_ta01_the_table_itself_refuses_a_second_one(first: Actor) -> None:
    with pytest.raises(IntegrityError):
        await Grant.create(account_id=first.id, role="auditor", scope="/", apart=True)


async def test_ta01_of_two_grants_at_once_one_stands(first: Actor) -> None:
    clerk = await a_clerk("li")
    told = await asyncio.gather(
        *[granting.give(clerk, role, "/", by=first, at=NOW) for role in ("auditor", "system_admin")],
        return_exceptions=True,
    )
    assert sum(isinstance(one, Apart) for one in told) == 1, told
    assert len(await held("li")) == 1


async def test_ta01_who_was_one_of_them_is_none_of_the_others_for_thirty_days(first: Actor) -> None:
    clerk = await a_clerk("li")
    given = await granting.give(clerk, "auditor", "/", by=first, at=NOW)
    await granting.revoke(given.id, by=first, at=NOW + DAY)
    with pytest.raises(Apart, match="三十天"):
        await granting.give(clerk, "system_admin", "/", by=first, at=NOW + 31 * DAY - timedelta(seconds=1))
    await granting.give(clerk, "auditor", "/", by=first, at=NOW + 2 * DAY)  # the same one again
    await Grant.filter(account=clerk).delete()
    await granting.give(clerk, "system_admin", "/", by=first, at=NOW + 31 * DAY)
    assert await held("li") == {"system_admin"}


async def test_ta01_an_administrator_has_no_business_role(first: Actor) -> None:
    clerk = await a_clerk("li")
    await granting.give(clerk, "operator", f.CITY, by=first, at=NOW)
    with pytest.raises(NotAllowed, match="兼任"):
        await granting.grant(told("li", "auditor"), by=first, at=NOW)


def test_ta02_none_of_the_three_may_do_business() -> None:
    business = {p for module in installed() if module.name != "kernel" for enum in module.permissions for p in enum}
    for role in APART:
        assert not {str(one) for one in ROLES[role]} & {str(one) for one in business}


@pytest.mark.parametrize("role", sorted(APART))
async def test_ta03_one_alone_only_asks_and_a_second_one_makes_it_a_grant(first: Actor, role: str) -> None:
    second = await a_keeper("second")
    await a_clerk("li")
    asked = await granting.grant(told("li", role), by=first, at=NOW)
    assert isinstance(asked, PendingGrant)
    assert await held("li") == set()
    with pytest.raises(OwnRequest):
        await granting.confirm(asked.id, by=first, at=NOW)
    granted = await granting.confirm(asked.id, by=second, at=NOW + 7 * DAY - timedelta(seconds=1))
    assert (granted.role, granted.scope) == (role, "/")
    assert not await PendingGrant.exists()
    kinds = [str(kind) for kind in await SecurityEvent.all().order_by("id").values_list("kind", flat=True)]
    assert kinds == ["grant_asked", "granted", "grant_confirmed"]


async def test_ta03_a_role_of_the_desks_is_granted_by_one(first: Actor) -> None:
    await a_clerk("li")
    assert isinstance(await granting.grant(told("li", "operator"), by=first, at=NOW), Grant)
    with pytest.raises(NotAllowed, match="给自己"):
        await granting.grant(told("first", "operator"), by=first, at=NOW)


async def test_ta03_what_nobody_confirms_lapses_after_seven_days_and_may_be_withdrawn_before(first: Actor) -> None:
    second = await a_keeper("second")
    await a_clerk("li")
    asked = await granting.grant(told("li", "auditor"), by=first, at=NOW)
    with pytest.raises(NotFound):
        await granting.confirm(asked.id, by=second, at=NOW + 7 * DAY)
    again = await granting.grant(told("li", "auditor"), by=first, at=NOW + 7 * DAY)
    await granting.withdraw(again.id, by=first, at=NOW + 8 * DAY)
    with pytest.raises(NotFound):
        await granting.confirm(again.id, by=second, at=NOW + 8 * DAY)
    assert await held("li") == set()


async def test_ta03_who_is_to_be_an_administrator_does_not_confirm_it(first: Actor) -> None:
    second = await a_keeper("second")
    asked = await PendingGrant.create(
        account_id=second.id, role="security_admin", scope="/", asked_by=first.id, asked_at=NOW
    )
    with pytest.raises(OwnRequest):
        await granting.confirm(asked.id, by=second, at=NOW)


async def test_ta03_of_two_confirmations_at_once_one_counts(first: Actor) -> None:
    second, third = await a_keeper("second"), await a_keeper("third")
    await a_clerk("li")
    asked = await granting.grant(told("li", "auditor"), by=first, at=NOW)
    answers = [granting.confirm(asked.id, by=one, at=NOW) for one in (second, third)]
    await asyncio.gather(*answers, return_exceptions=True)
    assert await Grant.filter(account__username="li").count() == 1
    assert not await PendingGrant.exists()


async def test_ta03_a_new_hall_gets_its_second_security_administrator_by_two_persons(first: Actor) -> None:
    """The shell alone makes none while there is one; with one's request it is the second person; with two it is not."""
    await a_clerk("li")
    await a_clerk("wang")
    with pytest.raises(AskFirst):
        await granting.at_machine("li", "security_admin", "/", at=NOW)
    await granting.grant(told("li", "security_admin"), by=first, at=NOW)
    await granting.at_machine("li", "security_admin", "/", at=NOW)
    assert await held("li") == {"security_admin"}
    await granting.grant(told("wang", "auditor"), by=first, at=NOW)
    with pytest.raises(TwoKeepers):
        await granting.at_machine("wang", "auditor", "/", at=NOW)


async def test_ta03_a_hall_without_any_security_administrator_is_not_lost(first: Actor) -> None:
    await a_clerk("li")
    await Account.filter(id=first.id).update(active=False)
    await granting.at_machine("li", "security_admin", "/", at=NOW)
    assert await queries.keepers() == [(await Account.get(username="li")).id]


async def test_ta03_the_last_security_administrator_is_not_revoked(first: Actor) -> None:
    mine = await Grant.get(account_id=first.id)
    with pytest.raises(LastKeeper):
        await granting.revoke(mine.id, by=first, at=NOW)
    second = await a_keeper("second")
    await granting.revoke(mine.id, by=second, at=NOW)
    assert await held("first") == set()


async def test_ta03_a_role_that_is_given_an_administrators_permission_is_privileged_from_then_on(first: Actor) -> None:
    from kernel.people.models import RolePermission

    assert not await granting.privileged("manager")
    await RolePermission.create(role="manager", permission=P.ACCOUNT_GRANT.value)
    assert await granting.privileged("manager")


@pytest.fixture
def page(first: Actor, signed_in: Client) -> AsyncClient:
    return signed_in(first)


async def test_ta03_the_page_says_what_to_do_with_one_and_shows_what_waits(page: AsyncClient) -> None:
    await a_clerk("li")
    assert "sunhall user grant" in (await page.get("/admin/grants")).text
    sent = {"_csrf": csrf.token(SECRET), "username": "li", "role": "auditor", "scope": f.CITY}
    assert (await page.post("/admin/grants", data=sent)).headers["location"] == "/admin/grants"
    shown = (await page.get("/admin/grants")).text
    assert "待复核 1" in shown
    assert "复核通过" not in shown, "not by who asked"
    await a_keeper("second")
    assert "sunhall user grant" not in (await page.get("/admin/grants")).text


async def test_the_page_of_roles_says_what_the_table_says(page: AsyncClient) -> None:
    shown = (await page.get("/admin/roles")).text
    assert P.SESSION_END.label in shown
    rows = [row for row in shown.split("<tr>") if P.SESSION_END.label in row]
    assert "<td>安全管理员</td>" in rows[0], "and nobody else"
