"""Who signs in, who is kept out, and for how long."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from httpx import ASGITransport, AsyncClient

from kernel.edge import rates
from kernel.edge.models import SecurityEvent
from kernel.errors import NotAllowed, TooMany
from kernel.people import actions, lockouts, passwords, sessions
from kernel.people.actions import From, WrongPassword
from kernel.people.forms import NewAccount
from kernel.people.models import Account, AccountKind, Grant
from kernel.people.permissions import P
from kernel.permissions import SYSTEM, Actor
from portal.app import create
from tests.factories import NOW, officer

pytestmark = pytest.mark.usefixtures("database")
RIGHT, WRONG = "correct horse battery staple", "wrong horse"
HERE = From("203.0.113.7", "test", "web")
QUARTER = timedelta(minutes=15)


@pytest.fixture
async def account(database: str) -> Account:
    return await Account.create(
        username="zhou",
        name="小周",
        kind=AccountKind.STAFF,
        created_at=NOW,
        password_hash=await passwords.hashed(RIGHT),
    )


@pytest.fixture
async def browser(database: str) -> AsyncIterator[AsyncClient]:
    sessions.forget()
    transport = ASGITransport(app=create(), client=("203.0.113.9", 50_000))
    async with AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


async def wrongly(times: int, at: datetime, username: str = "zhou") -> None:
    for _ in range(times):
        with pytest.raises(WrongPassword):
            await actions.sign_in(username, WRONG, come=HERE, at=at)


async def waiting(at: datetime, username: str = "zhou") -> int:
    with pytest.raises(TooMany) as refused:
        await actions.sign_in(username, RIGHT, come=HERE, at=at)
    return int(refused.value.headers["Retry-After"])


@pytest.mark.usefixtures("account")
async def test_au11_five_wrong_passwords_lock_for_a_quarter_and_then_the_right_one_works() -> None:
    await wrongly(5, NOW)
    assert await waiting(NOW) == 900
    assert await waiting(NOW + QUARTER - timedelta(seconds=1)) == 1
    token, _ = await actions.sign_in("zhou", RIGHT, come=HERE, at=NOW + QUARTER)
    assert token


@pytest.mark.usefixtures("account")
async def test_au11_each_further_lock_is_twice_as_long_up_to_four_hours_and_none_is_for_ever() -> None:
    at, waits = NOW, []
    for _ in range(7):
        await wrongly(5, at)
        waits.append(await waiting(at))
        at += timedelta(seconds=waits[-1])
    assert waits == [900, 1_800, 3_600, 7_200, 14_400, 14_400, 14_400]
    await wrongly(5, at + timedelta(hours=25))
    assert await waiting(at + timedelta(hours=25)) == 900, "after a calm day it begins anew"


@pytest.mark.usefixtures("account")
async def test_slips_of_the_hand_over_a_day_lock_nobody() -> None:
    for quarter in range(12):
        await wrongly(1, NOW + 2 * quarter * QUARTER)
    assert (await actions.sign_in("zhou", RIGHT, come=HERE, at=NOW + timedelta(hours=7)))[0]


@pytest.mark.usefixtures("account")
async def test_au10_a_name_that_nobody_has_is_locked_alike() -> None:
    await wrongly(5, NOW, "nobody-at-all")
    assert await waiting(NOW, "nobody-at-all") == 900


@pytest.mark.usefixtures("account")
async def test_the_right_password_forgives_and_so_does_the_security_administrator() -> None:
    await wrongly(4, NOW)
    await actions.sign_in("zhou", RIGHT, come=HERE, at=NOW)
    await wrongly(4, NOW)
    await wrongly(1, NOW)
    with pytest.raises(NotAllowed):
        await actions.unlock("zhou", by=officer(51, "话务员", "operator"), at=NOW)
    keeper = Actor(id=50, name="安全管理员", powers={P.ACCOUNT_DISABLE: ("/",)}, kind="staff")
    await actions.unlock("zhou", by=keeper, at=NOW)
    assert (await actions.sign_in("zhou", RIGHT, come=HERE, at=NOW))[0]
    kinds = await SecurityEvent.all().values_list("kind", flat=True)
    assert {"sign_in_refused", "sign_in_locked", "sign_in", "account_unlocked"} <= {str(kind) for kind in kinds}


@pytest.mark.usefixtures("account")
async def test_au11_failures_that_come_at_once_are_all_counted() -> None:
    await asyncio.gather(*[lockouts.failed("zhou", at=NOW) for _ in range(5)])
    assert await waiting(NOW) == 900


async def test_au05_a_first_password_opens_nothing_but_the_page_that_changes_it(browser: AsyncClient) -> None:
    _, first = await actions.create_account(
        NewAccount(username="neu", name="新人", org="RX"), by=SYSTEM, at=datetime.now(UTC)
    )
    signed = await browser.post("/api/v1/session", json={"username": "neu", "password": first})
    headers = {"Authorization": f"Bearer {signed.json()['token']}"}

    refused = await browser.get("/api/v1/tickets", headers=headers)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "first_password")
    for path in ("/me/sessions", "/inbox", "/hotline/new"):
        answer = await browser.get(path, headers=headers)
        assert (answer.status_code, answer.headers["location"]) == (303, "/me/password"), path
    assert (await browser.get("/me/password", headers=headers)).status_code == 200
    assert (await browser.get("/", headers=headers)).status_code == 200


async def test_the_system_administrator_cannot_become_another_administrator(account: Account) -> None:
    await Grant.create(account=account, role="auditor", scope="/")
    with pytest.raises(NotAllowed, match="sunhall user"):
        await actions.reset_password("zhou", by=officer(60, "系统管理员", "operator"), at=NOW)


async def test_a_program_that_asks_too_often_is_told_when_to_come_again(browser: AsyncClient, account: Account) -> None:
    signed = await browser.post("/api/v1/session", json={"username": "zhou", "password": RIGHT})
    headers = {"Authorization": f"Bearer {signed.json()['token']}"}
    codes = [(await browser.get("/api/v1/session", headers=headers)).status_code for _ in range(rates.API_TOKEN.limit)]
    assert set(codes) == {200}
    often = await browser.get("/api/v1/session", headers=headers)
    assert (often.status_code, often.json()["error"]["code"]) == (429, "too_many")
    assert 0 < int(often.headers["retry-after"]) <= 60
