"""A session is a secret with an end."""

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from httpx import ASGITransport, AsyncClient
from starlette.requests import HTTPConnection

from kernel.people import actions, passwords, sessions
from kernel.people.actions import From
from kernel.people.models import Account, AccountKind, Session
from portal.app import create
from tests.factories import NOW

pytestmark = pytest.mark.usefixtures("database")
PASSWORD = "correct horse battery staple"  # noqa: S105
HERE = From("203.0.113.7", "test", "web")
MOMENT = timedelta(seconds=1)
LIVES = {
    AccountKind.STAFF: (timedelta(minutes=30), timedelta(hours=10)),
    AccountKind.CITIZEN: (timedelta(minutes=60), timedelta(hours=24)),
}


async def account(kind: AccountKind = AccountKind.STAFF) -> Account:
    hashed = await passwords.hashed(PASSWORD)
    return await Account.create(username="zhou", name="小周", kind=kind, created_at=NOW, password_hash=hashed)


async def signed_in(at: datetime = NOW) -> str:
    token, _ = await actions.sign_in("zhou", PASSWORD, come=HERE, at=at)
    return token


async def alive(token: str, at: datetime) -> bool:
    sessions.forget()
    cookie = f"{sessions.cookie_name()}={token}".encode()
    connection = HTTPConnection({"type": "http", "headers": [(b"cookie", cookie)]})
    return await sessions.find(connection, at) is not None


async def test_se01_only_the_hash_of_a_token_is_kept() -> None:
    await account()
    token = await signed_in()
    row = await Session.get()
    assert len(token) >= 43, "256 bits"
    assert row.token_hash == hashlib.sha256(token.encode()).hexdigest()
    assert token not in str(row.__dict__)


@pytest.mark.parametrize("kind", LIVES)
async def test_se03_who_goes_away_is_signed_out_after_the_idle_time(kind: AccountKind) -> None:
    idle, _ = LIVES[kind]
    await account(kind)
    token = await signed_in()
    assert await alive(token, NOW + idle - MOMENT)
    assert await alive(token, NOW + 2 * idle - 2 * MOMENT), "being there counts anew"
    assert not await alive(token, NOW + 3 * idle)


@pytest.mark.parametrize("kind", LIVES)
async def test_se03_nobody_stays_longer_than_the_longest_time_however_busy(kind: AccountKind) -> None:
    _, longest = LIVES[kind]
    await account(kind)
    token, at = await signed_in(), NOW
    while at < NOW + longest:
        assert await alive(token, at)
        at += timedelta(minutes=20)
    assert await alive(token, NOW + longest - MOMENT)
    assert not await alive(token, NOW + longest)


async def test_se05_a_fourth_desk_ends_the_oldest_session() -> None:
    await account()
    tokens = [await signed_in(NOW + n * MOMENT) for n in range(4)]
    assert [await alive(token, NOW + 5 * MOMENT) for token in tokens] == [False, True, True, True]


async def test_se05_a_changed_password_ends_every_other_session() -> None:
    person = await account()
    tokens = [await signed_in(NOW + n * MOMENT) for n in range(2)]
    mine = await Session.all().order_by("id").first()
    assert mine is not None
    found = await sessions.of_token(tokens[0], NOW + 3 * MOMENT)
    assert found is not None
    renewed = await actions.change_password(
        found.actor, PASSWORD, "a quite different long one", at=NOW + 3 * MOMENT, session_id=mine.id
    )
    assert [await alive(token, NOW + 4 * MOMENT) for token in (*tokens, renewed)] == [False, False, True]
    await actions.sign_in(person.username, "a quite different long one", come=HERE, at=NOW + 5 * MOMENT)


@pytest.fixture
async def browser(database: str) -> AsyncIterator[AsyncClient]:
    sessions.forget()
    transport = ASGITransport(app=create(), client=("203.0.113.30", 50_000))
    async with AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


async def test_se06_the_cookie_is_bound_to_this_host_and_out_of_reach_of_scripts(browser: AsyncClient) -> None:
    await account(AccountKind.CITIZEN)
    page = await browser.get("/sign-in")
    token = page.text.partition('name="_csrf" value="')[2].partition('"')[0]
    answer = await browser.post("/sign-in", data={"username": "zhou", "password": PASSWORD, "_csrf": token})

    assert answer.status_code == 303, answer.text[:300]
    (cookie,) = answer.headers.get_list("set-cookie")
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert cookie.startswith("__Host-sunhall=")
    assert {"secure", "httponly", "path=/", "samesite=lax"} == parts
    assert answer.headers["cache-control"] == "no-store"


async def test_se07_signing_out_ends_the_session_and_clears_what_the_browser_kept(browser: AsyncClient) -> None:
    await account(AccountKind.CITIZEN)
    at = datetime.now(UTC)
    secret = await signed_in(at)
    headers = {"cookie": f"{sessions.cookie_name()}={secret}"}
    page = await browser.get("/me/sessions", headers=headers)
    token = page.text.partition('name="_csrf" value="')[2].partition('"')[0]
    answer = await browser.post("/sign-out", data={"_csrf": token}, headers=headers)

    assert answer.status_code == 303
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    assert not await alive(secret, at + MOMENT)


async def test_cs01_a_token_of_another_session_makes_no_form_ours(browser: AsyncClient) -> None:
    await account(AccountKind.CITIZEN)
    at = datetime.now(UTC)
    mine, theirs = await signed_in(at), await signed_in(at)
    page = await browser.get("/me/sessions", headers={"cookie": f"{sessions.cookie_name()}={theirs}"})
    token = page.text.partition('name="_csrf" value="')[2].partition('"')[0]
    for sent in (token, "", "x" * 43):
        answer = await browser.post(
            "/sign-out", data={"_csrf": sent}, headers={"cookie": f"{sessions.cookie_name()}={mine}"}
        )
        assert answer.status_code == 403, sent
    assert await alive(mine, at + MOMENT)


async def test_how_pages_look_to_somebody_goes_with_the_account_into_every_session() -> None:
    owner = await account()
    first, second = await signed_in(), await signed_in()
    before = await sessions.of_token(first, NOW)
    assert before
    assert before.look == ""

    await actions.keep_look("dark.normal.elder.hans", by=before.actor)

    for token in (first, second):
        session = await sessions.of_token(token, NOW)
        assert session
        assert (session.look, session.actor.id) == ("dark.normal.elder.hans", owner.id)
