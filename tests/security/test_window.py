"""AU12 at the window: who changes who somebody is has proved within five minutes to be there."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from httpx import ASGITransport, AsyncClient, Response

from kernel.citizens import actions, queries
from kernel.citizens.forms import Seen
from kernel.companies import queries as companies
from kernel.companies.actions import open_company
from kernel.companies.forms import NewCompany
from kernel.edge.models import SecurityEvent
from kernel.people import factor, passwords, sessions
from kernel.people.models import Account, AccountKind, Grant, Session
from kernel.permissions import Actor
from portal.app import create
from tests.factories import NOW
from tests.kernel.test_companies import USCC
from tests.kernel.test_registering import CLERK, ID, OTHER, PHONE, a_citizen
from tests.security.test_au import RIGHT, signed_in, typed

pytestmark = pytest.mark.usefixtures("database")
SEEN = {"phone": PHONE, "name": "张小明", "id_number": ID, "document": "id_card"}


@pytest.fixture
async def window(database: str) -> AsyncIterator[AsyncClient]:
    """A clerk's browser: signed in with password and code, six minutes ago."""
    clerk = await Account.create(
        username="zhou",
        name="小周",
        kind=AccountKind.STAFF,
        created_at=NOW,
        password_hash=await passwords.hashed(RIGHT),
    )
    await Grant.create(account=clerk, role="window", scope="/")
    totp, at = pyotp.TOTP(factor.offered(clerk.id, bytes(32))), datetime.now(UTC)
    await factor.confirm(clerk.id, totp.secret, totp.at(at - timedelta(seconds=30)), at=at)
    sessions.forget()
    transport = ASGITransport(app=create(), client=("203.0.113.9", 50_000))
    async with AsyncClient(transport=transport, base_url="https://localhost") as browser:
        assert "second-step" in await signed_in(browser)
        sent = await typed(browser, "/sign-in/second-step", code=totp.at(at))
        assert (await browser.post("/sign-in/second-step", data=sent)).status_code == 303
        await grow_old()
        yield browser


async def grow_old() -> None:
    await Session.all().update(proved_at=datetime.now(UTC) - timedelta(minutes=6))
    sessions.forget()


async def confirmed(browser: AsyncClient, asked: Response, path: str) -> Response:
    """Prove it, and send the form again that was kept."""
    assert asked.status_code == 401
    assert "再次确认身份" in asked.text
    kept = dict(re.findall(r'name="(_kept\.[^"]+|_carried_to|next|_csrf)" value="([^"]*)"', asked.text))
    account = await Account.get(username="zhou")
    codes = await factor.renew_codes(Actor(id=account.id, name=account.name), at=NOW)
    again = await browser.post("/step-up", data=kept | {"password": RIGHT, "code": codes[0]})
    form = again.text.partition(f'action="{path}"')[2].partition("</form>")[0]
    return await browser.post(path, data=dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)))


async def proof_of(kind: str) -> timedelta:
    """How old the proof was when that was done."""
    event = await SecurityEvent.get(kind=kind)
    return event.at - datetime.fromisoformat(event.detail["proved_at"])


async def test_au12_level_three_is_given_after_a_fresh_proof_and_the_log_says_when_it_was(window: AsyncClient) -> None:
    account = await a_citizen()
    asked = await window.post("/window/citizens", data=await typed(window, "/window/citizens", **SEEN))
    assert (await queries.profile_of(account.id)).level == 1  # type: ignore[union-attr]

    done = await confirmed(window, asked, "/window/citizens")
    assert "已核验" in done.text
    assert (await queries.profile_of(account.id)).level == 3  # type: ignore[union-attr]
    assert timedelta() <= await proof_of("citizen_verified") < timedelta(minutes=5)


async def test_au12_a_lost_telephone_is_replaced_after_a_fresh_proof(window: AsyncClient) -> None:
    account = await a_citizen()
    await actions.verify_in_person(Seen.check(SEEN), by=CLERK, proved_at=NOW, at=NOW)
    sent = await typed(window, "/window/lost-phone", **SEEN | {"phone": OTHER})
    asked = await window.post("/window/lost-phone", data=sent)
    assert await queries.profile_by_phone(OTHER) is None

    done = await confirmed(window, asked, "/window/lost-phone")
    assert "已换绑" in done.text
    found = await queries.profile_by_phone(OTHER)
    assert found is not None
    assert found.account_id == account.id
    assert timedelta() <= await proof_of("phone_replaced") < timedelta(minutes=5)


async def test_au12_a_company_is_claimed_after_a_fresh_proof(window: AsyncClient) -> None:
    account = await a_citizen()
    await actions.verify_in_person(Seen.check(SEEN), by=CLERK, proved_at=NOW, at=NOW)
    company = await open_company(NewCompany.check({"uscc": USCC, "name": "云谷建设有限公司"}), at=NOW)
    sent = await typed(window, "/window/companies", uscc=USCC, phone=PHONE, licence="营业执照原件")
    asked = await window.post("/window/companies", data=sent)
    assert await companies.owner_of(company.id) is None

    done = await confirmed(window, asked, "/window/companies")
    assert "认领" in done.text
    owner = await companies.owner_of(company.id)
    assert owner is not None
    assert owner.account_id == account.id
    assert timedelta() <= await proof_of("company_claimed") < timedelta(minutes=5)
