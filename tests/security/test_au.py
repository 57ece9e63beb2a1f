"""Who signs in proves to be there: password and code, once more before a grave act."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from httpx import ASGITransport, AsyncClient

from kernel import secrets
from kernel.edge.models import SecurityEvent
from kernel.errors import FormRejected, NotAllowed, TooMany
from kernel.people import actions, factor, passwords, sessions
from kernel.people.actions import From
from kernel.people.models import Account, AccountKind, Grant, RecoveryCode, SecondFactor, Session
from kernel.people.permissions import P
from kernel.permissions import SYSTEM, Actor
from portal.app import create
from tests.factories import NOW

pytestmark = pytest.mark.usefixtures("database")
RIGHT = "correct horse battery staple"
HERE = From("203.0.113.7", "test", "web")
PROGRAM = From("203.0.113.7", "test", "api")
SECURITY = Actor(id=99, name="安全管理员", kind="staff", powers={P.ACCOUNT_DISABLE: ("/",)})


@pytest.fixture
async def clerk(database: str) -> Account:
    account = await Account.create(
        username="zhou",
        name="小周",
        kind=AccountKind.STAFF,
        created_at=NOW,
        password_hash=await passwords.hashed(RIGHT),
    )
    await Grant.create(account=account, role="security_admin", scope="/")
    return account


@pytest.fixture
async def browser(database: str) -> AsyncIterator[AsyncClient]:
    sessions.forget()
    transport = ASGITransport(app=create(), client=("203.0.113.9", 50_000))
    async with AsyncClient(transport=transport, base_url="https://localhost") as client:
        yield client


async def enrolled(account: Account, at: datetime = NOW) -> tuple[pyotp.TOTP, list[str]]:
    totp = pyotp.TOTP(factor.offered(account.id, bytes(32)))
    return totp, await factor.confirm(account.id, totp.secret, totp.at(at), at=at)


async def typed(browser: AsyncClient, path: str, **fields: str) -> dict[str, str]:
    page = (await browser.get(path)).text
    found = re.search(r'name="_csrf" value="([^"]+)"', page)
    assert found, page[:300]
    return {"_csrf": found[1], **fields}


async def signed_in(browser: AsyncClient) -> str:
    sent = await typed(browser, "/sign-in", username="zhou", password=RIGHT)
    answer = await browser.post("/sign-in", data=sent)
    return str(answer.headers.get("location", answer.text))


@pytest.mark.usefixtures("clerk")
async def test_au06_a_password_alone_opens_what_sets_up_the_code_and_nothing_else(
    browser: AsyncClient,
) -> None:
    assert await signed_in(browser) == "/me/second-factor"
    for path in ("/inbox", "/me/sessions", "/admin/accounts", "/hotline/tickets"):
        answer = await browser.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/me/second-factor")
    assert (await browser.get("/api/v1/messages")).status_code in {403, 404}
    page = (await browser.get("/me/second-factor")).text
    assert "<svg" in page
    assert 'style="' not in page
    found = re.search(r'class="code-line n">([A-Z2-7]{32})<', page)
    assert found
    code = pyotp.TOTP(found[1]).now()
    shown = await browser.post("/me/second-factor", data=await typed(browser, "/me/second-factor", code=code))
    assert len(re.findall(r"<code>[0-9a-f]{5}(?:-[0-9a-f]{5}){3}</code>", shown.text)) == 10
    assert (await browser.get("/admin/accounts")).status_code == 200


async def test_au06_the_next_sign_in_asks_for_the_code_and_the_session_is_nothing_until_then(
    clerk: Account, browser: AsyncClient
) -> None:
    totp, _ = await enrolled(clerk)
    page = await signed_in(browser)
    assert "第二步验证" in page
    before = browser.cookies.get(sessions.cookie_name())
    assert (await browser.get("/admin/accounts")).headers["location"] == "/sign-in/second-step"
    wrong = await browser.post("/sign-in/second-step", data=await typed(browser, "/sign-in/second-step", code="000000"))
    assert wrong.status_code == 422
    assert "动态码不对" in wrong.text
    sent = await typed(browser, "/sign-in/second-step", code=totp.now(), next="/admin/accounts")
    assert (await browser.post("/sign-in/second-step", data=sent)).headers["location"] == "/admin/accounts"
    assert browser.cookies.get(sessions.cookie_name()) != before, "a new token"
    assert (await browser.get("/admin/accounts")).status_code == 200


async def test_au06_a_program_sends_the_code_with_the_password(clerk: Account) -> None:
    totp, _ = await enrolled(clerk)
    later = NOW + timedelta(minutes=2)
    with pytest.raises(FormRejected) as refused:
        await actions.sign_in("zhou", RIGHT, come=PROGRAM, at=later)
    assert "code" in refused.value.fields
    token, _ = await actions.sign_in("zhou", RIGHT, come=PROGRAM, at=later, code=totp.at(later))
    found = await sessions.of_token(token, later)
    assert found is not None
    assert found.needs == ""


async def test_au06_nobody_of_the_demo_city_needs_a_code(clerk: Account) -> None:
    await Account.filter(id=clerk.id).update(exempt=True)
    token, _ = await actions.sign_in("zhou", RIGHT, come=HERE, at=NOW)
    found = await sessions.of_token(token, NOW)
    assert found is not None
    assert found.actor.powers


async def test_au07_a_step_is_used_once_and_the_clock_may_be_one_step_off(clerk: Account) -> None:
    totp, _ = await enrolled(clerk)
    at = NOW + timedelta(minutes=5)
    await factor.prove(clerk, totp.at(at - timedelta(seconds=30)), at=at)
    with pytest.raises(FormRejected):
        await factor.prove(clerk, totp.at(at - timedelta(seconds=30)), at=at)
    await factor.prove(clerk, totp.at(at + timedelta(seconds=30)), at=at)
    with pytest.raises(FormRejected):
        await factor.prove(clerk, totp.at(at), at=at)  # an earlier step than the newest
    with pytest.raises(FormRejected):
        await factor.prove(clerk, totp.at(at + timedelta(seconds=60)), at=at)


async def test_au07_of_two_at_once_with_the_same_code_one_gets_in(clerk: Account) -> None:
    totp, _ = await enrolled(clerk)
    at = NOW + timedelta(minutes=5)
    told = await asyncio.gather(*[factor.prove(clerk, totp.at(at), at=at) for _ in range(4)], return_exceptions=True)
    assert sum(one is None for one in told) == 1


async def test_au08_the_seed_is_sealed_and_a_code_on_paper_works_once_however_it_is_typed(clerk: Account) -> None:
    totp, codes = await enrolled(clerk)
    row = await SecondFactor.get()
    assert totp.secret.encode() not in bytes(row.seed)
    assert secrets.unseal(row.seed, subject=f"account:{clerk.id}", place="second_factor") == totp.secret
    hashes = [str(one) for one in await RecoveryCode.all().values_list("code_hash", flat=True)]
    assert len(codes) == len({*codes}) == len(hashes) == 10
    assert all(len(code.replace("-", "")) * 4 == 80 for code in codes)
    assert not {code.replace("-", "") for code in codes} & {*hashes}
    await factor.prove(clerk, f" {codes[3].upper()} ", at=NOW)
    with pytest.raises(FormRejected):
        await factor.prove(clerk, codes[3], at=NOW)
    assert await factor.codes_left(clerk.id) == 9
    assert await SecurityEvent.filter(kind="recovery_code_used").count() == 1


async def test_table_4_4_the_sixth_try_within_a_quarter_waits_even_with_the_right_code(clerk: Account) -> None:
    totp, _ = await enrolled(clerk)
    at = NOW + timedelta(minutes=5)
    for _ in range(5):
        with pytest.raises(FormRejected):
            await factor.prove(clerk, "000000", at=at)
    with pytest.raises(TooMany):
        await factor.prove(clerk, totp.at(at), at=at)
    later = at + timedelta(minutes=31)
    await factor.prove(clerk, totp.at(later), at=later)


async def test_table_4_4_of_twenty_wrong_ones_at_once_five_are_looked_at_and_right_ones_cost_nothing(
    clerk: Account,
) -> None:
    totp, codes = await enrolled(clerk)
    for code in codes[:7]:
        await factor.prove(clerk, code, at=NOW)
    at = NOW + timedelta(minutes=5)
    tries = [factor.prove(clerk, f"{n:06}", at=at) for n in range(20)]
    told = await asyncio.gather(*tries, return_exceptions=True)
    assert [sum(isinstance(one, kind) for one in told) for kind in (FormRejected, TooMany)] == [5, 15]
    with pytest.raises(TooMany):
        await factor.prove(clerk, totp.at(at), at=at)


async def test_who_lost_phone_and_paper_sets_up_anew_and_no_administrator_through_another(clerk: Account) -> None:
    await enrolled(clerk)
    token, _ = await actions.sign_in("zhou", RIGHT, come=HERE, at=NOW)
    with pytest.raises(NotAllowed):
        await factor.remove("zhou", by=SECURITY, at=NOW)
    await factor.remove("zhou", by=SYSTEM, at=NOW)
    assert await sessions.of_token(token, NOW) is None
    token, _ = await actions.sign_in("zhou", RIGHT, come=HERE, at=NOW)
    found = await sessions.of_token(token, NOW)
    assert found is not None
    assert found.needs == "enrol"


async def test_au12_a_grave_act_asks_again_after_five_minutes_and_loses_nothing_typed(
    clerk: Account, browser: AsyncClient
) -> None:
    await Account.filter(id=clerk.id).update(exempt=True)
    await Account.create(username="li", name="小李", kind=AccountKind.STAFF, created_at=NOW)
    assert await signed_in(browser) == "/"
    old = datetime.now(UTC) - timedelta(minutes=6)
    await Session.all().update(proved_at=old)
    sessions.forget()
    sent = await typed(browser, "/admin/accounts", username="li", role="operator", scope="/360000/")
    asked = await browser.post("/admin/grants", data=sent)
    assert asked.status_code == 401
    assert "再次确认身份" in asked.text
    assert not await Grant.filter(account__username="li").exists()
    kept = dict(re.findall(r'name="(_kept\.[^"]+|_carried_to|next|_csrf)" value="([^"]*)"', asked.text))
    before = browser.cookies.get(sessions.cookie_name())
    wrong = await browser.post("/step-up", data=kept | {"password": "something else"})
    assert wrong.status_code == 401
    confirmed = await browser.post("/step-up", data=kept | {"password": RIGHT})
    assert "接着提交" in confirmed.text
    assert browser.cookies.get(sessions.cookie_name()) != before, "SE02: a new token"
    form = confirmed.text.partition('action="/admin/grants"')[2].partition("</form>")[0]
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    assert (await browser.post("/admin/grants", data=fields)).status_code == 303
    assert await Grant.filter(account__username="li", role="operator").exists()


async def test_se02_a_changed_password_gives_a_new_token(clerk: Account, browser: AsyncClient) -> None:
    await Account.filter(id=clerk.id).update(exempt=True)
    await signed_in(browser)
    before = browser.cookies.get(sessions.cookie_name())
    sent = await typed(browser, "/me/password", old=RIGHT, new="another long sentence of mine")
    assert (await browser.post("/me/password", data=sent)).status_code == 303
    assert browser.cookies.get(sessions.cookie_name()) != before
    assert await sessions.of_token(str(before), datetime.now(UTC)) is None


@pytest.mark.parametrize(
    "password",
    [
        "password1234", "P@ssw0rd2024!!", "qwertyuiop12", "1qaz2wsx3edc",
        "admin1234567", "aaaaaaaaaaaa", "987654321098",
        "woaini5201314", "zxcvbnm,.123", "sunhall-is-ours", "my-hall-澜州-2026", "水务局的好口令是这一句话",
        "zhou-signs-in-today",
        "我是小周我来上班了今天天气好",
    ],
)  # fmt: skip
async def test_au02_what_everybody_tries_or_knows_is_refused_at_its_field(clerk: Account, password: str) -> None:
    from kernel.people.models import Organisation

    unit = await Organisation.get(code="SW")
    await Account.filter(id=clerk.id).update(org_id=unit.id)
    actor = Actor(id=clerk.id, name=clerk.name, username="zhou")
    token, _ = await actions.sign_in("zhou", RIGHT, come=HERE, at=NOW)
    assert token
    session = await Session.get()
    with pytest.raises(FormRejected) as refused:
        await actions.change_password(actor, RIGHT, password, at=NOW, session_id=session.id)
    assert list(refused.value.fields) == ["new"]


@pytest.mark.parametrize("password", ["我每天骑车过江去上班的路上", "eleven grey herons stand", "xK9-mvT_4qLw7bRz"])
def test_au02_a_sentence_or_a_random_one_is_taken(password: str) -> None:
    passwords.must_be_good(password, staff=True, names=("zhou", "小周"))


@pytest.mark.usefixtures("clerk")
async def test_au04_the_profile_asks_for_classes_and_for_a_change_after_ninety_days_and_is_off_by_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from kernel.settings import settings

    plain = "eleven grey herons stand"
    passwords.must_be_good(plain, staff=True, names=())
    _, account = await actions.sign_in("zhou", RIGHT, come=HERE, at=NOW + timedelta(days=400))
    assert not account.must_change
    monkeypatch.setattr(settings(), "password_profile", "dengbao3")
    with pytest.raises(FormRejected, match="1 处"):
        passwords.must_be_good(plain.replace(" ", ""), staff=True, names=())
    passwords.must_be_good("Eleven grey herons stand", staff=True, names=())
    _, account = await actions.sign_in("zhou", RIGHT, come=HERE, at=NOW + timedelta(days=90))
    assert not account.must_change
    _, account = await actions.sign_in("zhou", RIGHT, come=HERE, at=NOW + timedelta(days=90, seconds=1))
    assert account.must_change


@pytest.mark.usefixtures("clerk")
async def test_au10_an_unknown_name_costs_the_same_work_and_gets_the_same_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Work is counted, not timed: each try verifies exactly one hash of the same cost."""
    from argon2 import PasswordHasher, extract_parameters

    worked: list[object] = []
    verify = PasswordHasher.verify

    def counted(self: PasswordHasher, known: str, password: str) -> bool:
        worked.append(extract_parameters(known))
        return bool(verify(self, known, password))

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    said = []
    for username in ("zhou", "nobody-at-all"):
        with pytest.raises(actions.WrongPassword) as refused:
            await actions.sign_in(username, "quite wrong", come=HERE, at=NOW)
        said.append((refused.value.status, str(refused.value)))
    assert said[0] == said[1]
    assert len(worked) == 2
    assert worked[0] == worked[1]
