"""AU14: signing in through the city's OpenID provider; a real one runs beside the tests."""

import json
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from httpx import ASGITransport, AsyncClient

from kernel.edge.models import SecurityEvent
from kernel.people import passwords, provider, sessions
from kernel.people.actions import From
from kernel.people.models import Account, AccountKind, ExternalIdentity, ProviderAsk
from kernel.secrets import idtokens
from kernel.settings import settings
from portal.app import create
from tests import servers
from tests.factories import NOW
from tests.provider import CLIENT, PASSWORD, PERSON, SECRET

BACK = "https://localhost/sign-in/provider/back"
RIGHT = "correct horse battery staple"
ISSUER, OURS = "https://idp.example", "sunhall"
CLOCK = datetime.now(UTC)


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with servers.provider(BACK) as found:
        yield found


@pytest.fixture
def configured(issuer: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    file = tmp_path / "client"
    file.write_text(SECRET)
    wanted = {
        "oidc_issuer": issuer, "oidc_client_id": CLIENT, "oidc_secret_file": file, "outgoing_hosts": ("127.0.0.1",),
        "outgoing_loopback": True,
    }  # fmt: skip
    for name, value in wanted.items():
        monkeypatch.setattr(settings(), name, value)
    return issuer


@pytest.fixture
async def clerk(database: str) -> Account:
    return await Account.create(
        username="zhou", name="小周", kind=AccountKind.STAFF, created_at=NOW, exempt=True,
        password_hash=await passwords.hashed(RIGHT),
    )  # fmt: skip


@pytest.fixture
async def browser(database: str) -> AsyncIterator[AsyncClient]:
    sessions.forget()
    transport = ASGITransport(app=create(), client=("203.0.113.9", 50_000))
    async with AsyncClient(transport=transport, base_url="https://localhost") as client:
        yield client


async def at_the_provider(url: str) -> str:
    """What the person does there; the address that the provider sends them back to."""
    async with httpx.AsyncClient(timeout=20) as person:
        answer = await person.get(url)
        for fields in ({}, {"login": PERSON}, {"password": PASSWORD}):
            if fields:
                (token,) = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', answer.text)[:1]
                answer = await person.post(answer.url, data={"csrf_token": token, "answer": "", **fields})
            while answer.is_redirect:
                following = str(answer.next_request.url if answer.next_request else "")
                if following.startswith(BACK):
                    return following
                answer = await person.get(following)
    raise AssertionError(answer.text[:500])


async def through(browser: AsyncClient, start: str = "/sign-in/provider?next=/inbox") -> httpx.Response:
    begun = await browser.get(start)
    assert begun.status_code == 303, begun.text[:500]
    return await browser.get(await at_the_provider(begun.headers["location"]))


async def linked(account: Account, issuer: str) -> None:
    await ExternalIdentity.create(account=account, issuer=issuer, subject=PERSON, linked_at=NOW)


async def test_au14_who_has_linked_the_two_signs_in_through_the_provider(
    clerk: Account, browser: AsyncClient, configured: str
) -> None:
    page = (await browser.get("/sign-in")).text
    assert "统一身份认证" in page
    token = re.findall(r'name="_csrf" value="([^"]+)"', page)[0]
    await browser.post("/sign-in", data={"_csrf": token, "username": "zhou", "password": RIGHT})
    assert (await through(browser, "/me/identity/link")).headers["location"] == "/me/sessions"
    assert (await ExternalIdentity.get()).subject == PERSON
    assert "已连接" in (await browser.get("/me/sessions")).text
    browser.cookies.clear()
    assert (await through(browser)).headers["location"] == "/inbox"
    assert (await browser.get("/inbox")).status_code == 200
    assert await SecurityEvent.filter(kind="sign_in", actor_id=clerk.id).count() == 2


async def test_au14_nobody_is_found_by_a_name_or_address_only_by_the_link(
    browser: AsyncClient, configured: str
) -> None:
    await Account.create(username=PERSON, name="王五", kind=AccountKind.STAFF, created_at=NOW, exempt=True)
    refused = await through(browser)
    assert refused.status_code == 403
    assert "先用用户名和口令登录" in refused.text


async def test_au14_the_second_step_stays_unless_the_provider_asked_for_one_and_is_believed(
    clerk: Account, browser: AsyncClient, configured: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await linked(clerk, configured)
    await Account.filter(id=clerk.id).update(exempt=False)
    assert (await through(browser)).headers["location"] == "/me/second-factor"
    claims = {"sub": PERSON, "amr": ["pwd", "mfa"]}
    come = From("203.0.113.9", "x", "web")
    for believed, needs in (((), "enrol"), (("mfa",), "")):
        monkeypatch.setattr(settings(), "oidc_second_factor", believed)
        token, _ = await provider.sign_in(claims, come=come, at=CLOCK)
        found = await sessions.of_token(token, CLOCK)
        assert found is not None
        assert found.needs == needs


async def test_au14_a_state_counts_once_and_only_in_the_browser_that_began(
    clerk: Account, browser: AsyncClient, configured: str
) -> None:
    await linked(clerk, configured)
    begun = await browser.get("/sign-in/provider")
    brought = await at_the_provider(begun.headers["location"])
    cookies = dict(browser.cookies)
    browser.cookies.clear()
    assert (await browser.get(brought)).status_code in {303, 401}, "another browser"
    assert not await SecurityEvent.filter(kind="sign_in").exists()
    browser.cookies.update(cookies)
    assert (await browser.get(brought)).headers["location"] == "/"
    browser.cookies.clear()
    browser.cookies.update(cookies)
    await browser.get(brought)
    assert await SecurityEvent.filter(kind="sign_in").count() == 1, "replayed"
    assert await SecurityEvent.filter(kind="oidc_refused").count() >= 1


async def test_au14_a_disabled_account_does_not_sign_in_through_the_provider(
    clerk: Account, browser: AsyncClient, configured: str
) -> None:
    await linked(clerk, configured)
    await Account.filter(id=clerk.id).update(active=False)
    assert (await through(browser)).status_code == 403


async def test_au14_an_answer_for_another_verifier_is_refused_by_the_provider(
    clerk: Account, browser: AsyncClient, configured: str
) -> None:
    await linked(clerk, configured)
    begun = await browser.get("/sign-in/provider")
    await ProviderAsk.all().update(verifier="x" * 43)
    await browser.get(await at_the_provider(begun.headers["location"]))
    assert not await SecurityEvent.filter(kind="sign_in").exists()


KEY = rsa.generate_private_key(65_537, 2_048)
PEM = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
KEYS = [json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key())) | {"kid": "1", "use": "sig"}]


def claims(**other: Any) -> dict[str, Any]:
    now = int(time.time())
    return {"iss": ISSUER, "aud": OURS, "sub": "1", "iat": now, "exp": now + 60, "nonce": "n"} | other


def checked(token: str, **other: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "issuer": ISSUER,
        "audience": OURS,
        "algorithms": ("RS256",),
        "nonce": "n",
        "at": datetime.now(UTC),
    }
    return idtokens.checked(token, KEYS, **usual | other)


def signed(**other: Any) -> str:
    return jwt.encode(claims(**other), KEY, "RS256", headers={"kid": "1"})


def with_public_key_as_secret() -> str:
    """What a careless library takes for RS256: HMAC under the public key."""
    import base64
    import hashlib
    import hmac

    def coded(part: bytes) -> str:
        return base64.urlsafe_b64encode(part).rstrip(b"=").decode()

    head = coded(json.dumps({"alg": "HS256", "kid": "1"}).encode())
    body = f"{head}.{coded(json.dumps(claims()).encode())}"
    return f"{body}.{coded(hmac.new(PEM, body.encode(), hashlib.sha256).digest())}"


def test_au14_a_token_for_us_now_is_believed() -> None:
    assert checked(signed())["sub"] == "1"


FORGED: dict[str, Callable[[], str]] = {
    "alg none": lambda: jwt.encode(claims(), "", "none", headers={"kid": "1"}),
    "HS256 with the public key": with_public_key_as_secret,
    "an algorithm that isn't set": lambda: jwt.encode(claims(), KEY, "RS512", headers={"kid": "1"}),
    "foreign audience": lambda: signed(aud="somebody-else"),
    "several audiences, for another": lambda: signed(aud=[OURS, "other"], azp="other"),
    "foreign issuer": lambda: signed(iss="https://evil.example"),
    "nonce mismatch": lambda: signed(nonce="other"),
    "no nonce": lambda: signed(nonce=""),
    "expired": lambda: signed(iat=int(time.time()) - 300, exp=int(time.time()) - 120),
    "issued long ago": lambda: signed(iat=int(time.time()) - 3_600),
    "issued tomorrow": lambda: signed(iat=int(time.time()) + 86_400),
    "another key": lambda: jwt.encode(claims(), rsa.generate_private_key(65_537, 2_048), "RS256", headers={"kid": "1"}),
    "unknown key id": lambda: jwt.encode(claims(), KEY, "RS256", headers={"kid": "2"}),
    "not a token": lambda: "a.b.c",
    "nothing": lambda: "",
}


@pytest.mark.parametrize("forged", FORGED)
def test_au14_a_forged_or_foreign_token_is_refused(forged: str) -> None:
    with pytest.raises(idtokens.BadToken):
        checked(FORGED[forged]())
