"""A citizen comes in, loses what opens the door, and comes in again."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from httpx import ASGITransport, AsyncClient

from kernel.citizens import actions, queries
from kernel.citizens.forms import LostPhone, NewPhone, Recovering, Registering, Seen
from kernel.citizens.levels import Level, NotVerified, must_be_verified
from kernel.citizens.models import Profile
from kernel.edge.models import SecurityEvent
from kernel.errors import FormRejected, NotAllowed
from kernel.inbox.models import Message
from kernel.messages.models import Outgoing
from kernel.people import actions as people
from kernel.people import sessions
from kernel.people.actions import From, WrongPassword
from kernel.people.models import Account, Session
from kernel.people.permissions import ROLES
from kernel.people.queries import actor_of
from kernel.permissions import Actor, powers
from kernel.secrets import unseal
from portal.app import create
from tests.factories import CITY, NOW

pytestmark = pytest.mark.usefixtures("database")
HERE = From("203.0.113.7", "test", "web")
PHONE, OTHER, PASSWORD, ID = "13900001111", "13900002222", "a long enough one", "11010519491231002X"
TOKEN = re.compile(r'name="_csrf" value="([^"]+)"')
CLERK = Actor(id=90, name="窗口", home=CITY, powers=powers([("window", CITY)], ROLES), roles=("window",))


async def sent(phone: str) -> str:
    """What was handed to the gateway last, for that number."""
    for row in await Outgoing.all().order_by("-id"):
        if row.recipient and unseal(row.recipient, **row.sealed["recipient"](row)) == phone and row.content:
            return unseal(row.content, **row.sealed["content"](row))
    raise AssertionError("nothing was sent")


async def code_to(phone: str) -> str:
    found = re.search(r"\d{6}", await sent(phone))
    return found.group() if found else "000000"


async def a_citizen(phone: str = PHONE, name: str = "张小明") -> Account:
    await actions.ask_code(phone, purpose="register", bound_to="b", come=HERE, at=NOW)
    facts = Registering.check({"phone": phone, "code": await code_to(phone), "name": name, "new": PASSWORD})
    await actions.register(facts, bound_to="b", come=HERE, at=NOW)
    profile = await queries.profile_by_phone(phone)
    assert profile is not None
    return profile.account


@pytest.fixture
async def browser(database: str) -> AsyncIterator[AsyncClient]:
    sessions.forget()
    transport = ASGITransport(app=create(), client=("203.0.113.9", 50_000))
    async with AsyncClient(transport=transport, base_url="https://localhost") as client:
        yield client


async def post(client: AsyncClient, at: str, path: str, **fields: str) -> str:
    token = TOKEN.findall((await client.get(at)).text)[0]
    answer = await client.post(path, data={"_csrf": token, **fields}, follow_redirects=True)
    return answer.text


async def test_a_citizen_registers_through_the_pages_and_lands_at_their_affairs(browser: AsyncClient) -> None:
    second = await post(browser, "/register", "/register", phone="139 0000 1111")
    assert "短信已发往" in second
    code = await code_to(PHONE)
    told = await post(browser, "/register", "/register/finish", phone=PHONE, code=code, name="张小明", new=PASSWORD)

    assert "我的事项" in told
    assert "张*明" in told
    profile = await Profile.get()
    assert b"13900001111" not in bytes(profile.phone or b"")
    assert (await queries.person(profile.account_id)) == queries.Person("张小明", PHONE, "", Level.PHONE)


async def test_what_was_typed_is_kept_when_the_password_is_too_short_and_the_code_still_works(
    browser: AsyncClient,
) -> None:
    await post(browser, "/register", "/register", phone=PHONE)
    code = await code_to(PHONE)
    told = await post(browser, "/register", "/register/finish", phone=PHONE, code=code, name="张小明", new="short")
    assert "至少 8 个字符" in told
    assert 'value="张小明"' in told
    told = await post(browser, "/register", "/register/finish", phone=PHONE, code=code, name="张小明", new=PASSWORD)
    assert "我的事项" in told


async def test_the_page_never_tells_whether_a_number_is_registered_but_its_owner_learns(browser: AsyncClient) -> None:
    await a_citizen()
    known = await post(browser, "/register", "/register", phone=PHONE)
    fresh = await post(browser, "/register", "/register", phone=OTHER)
    varying = re.compile(r'1390000\d{4}|value="[^"]*"|datetime="[^"]*"|\d\d:\d\d(:\d\d)?')
    assert varying.sub("", known) == varying.sub("", fresh)
    assert "已经注册过" in await sent(PHONE)
    assert "验证码" in await sent(OTHER)


@pytest.mark.parametrize("name", ["phone", "username"])
async def test_a_citizen_signs_in_by_telephone_or_user_name_and_a_wrong_password_is_one_sentence(name: str) -> None:
    account = await a_citizen()
    by = PHONE if name == "phone" else account.username
    assert (await people.sign_in(by, PASSWORD, come=HERE, at=NOW))[1].id == account.id
    with pytest.raises(WrongPassword):
        await people.sign_in(by, "wrong", come=HERE, at=NOW)


async def test_a_forgotten_password_is_replaced_by_code_and_every_session_ends() -> None:
    account = await a_citizen()
    await actions.ask_code(PHONE, purpose="recover", bound_to="b", come=HERE, at=NOW)
    facts = Recovering.check({"phone": PHONE, "code": await code_to(PHONE), "new": "quite another one"})
    await actions.recover(facts, bound_to="b", come=HERE, at=NOW)

    assert await Session.filter(account=account, ended_at=None).count() == 1  # the one that recovery began
    assert "重设" in (await Message.get(account_id=account.id)).title
    with pytest.raises(WrongPassword):
        await people.sign_in(PHONE, PASSWORD, come=HERE, at=NOW)
    await people.sign_in(PHONE, "quite another one", come=HERE, at=NOW)


async def test_recovering_an_unknown_number_says_the_same_and_opens_nothing() -> None:
    await actions.ask_code(OTHER, purpose="recover", bound_to="b", come=HERE, at=NOW)
    assert "没有注册" in await sent(OTHER)
    facts = Recovering.check({"phone": OTHER, "code": "123456", "new": PASSWORD})
    with pytest.raises(FormRejected, match="1 处"):
        await actions.recover(facts, bound_to="b", come=HERE, at=NOW)


async def test_a_new_telephone_wants_its_code_and_the_password_and_the_old_one_is_told() -> None:
    account = await a_citizen()
    actor, way = await actor_of(account, NOW), {"bound_to": "s", "session_id": 0, "at": NOW}
    await actions.ask_new_phone(OTHER, bound_to="s", come=HERE, at=NOW)
    code = await code_to(OTHER)
    wrong = NewPhone.check({"phone": OTHER, "code": code, "password": "no"})
    with pytest.raises(FormRejected):
        await actions.change_phone(wrong, by=actor, **way)  # type: ignore[arg-type]
    right = NewPhone.check({"phone": OTHER, "code": code, "password": PASSWORD})
    await actions.change_phone(right, by=actor, **way)  # type: ignore[arg-type]

    assert await queries.profile_by_phone(PHONE) is None
    assert await queries.profile_by_phone(OTHER) is not None
    assert "更换" in await sent(PHONE)


async def test_a_clerk_verifies_in_person_and_only_with_the_permission() -> None:
    account = await a_citizen()
    seen = Seen.check({"phone": PHONE, "name": "张晓明", "id_number": ID.lower(), "document": "id_card"})
    with pytest.raises(NotAllowed):
        await actions.verify_in_person(seen, by=await actor_of(account, NOW), proved_at=NOW, at=NOW)
    with pytest.raises(NotVerified):
        must_be_verified(await actor_of(account, NOW), Level.NUMBER)
    await actions.verify_in_person(seen, by=CLERK, proved_at=NOW, at=NOW)

    must_be_verified(await actor_of(account, NOW), Level.IN_PERSON)
    logged = await SecurityEvent.get(kind="citizen_verified")
    assert (logged.actor_id, logged.detail) == (
        90,
        {"account": account.id, "document": "id_card", "proved_at": NOW.isoformat()},
    )


async def test_a_lost_telephone_is_replaced_at_a_window_by_name_and_identity_number() -> None:
    account = await a_citizen()
    lost = {"id_number": ID, "name": "张小明", "phone": OTHER, "document": "id_card"}
    with pytest.raises(FormRejected):
        await actions.replace_lost_phone(LostPhone.check(lost), by=CLERK, proved_at=NOW, at=NOW)  # never verified
    seen = Seen.check({"phone": PHONE, "name": "张小明", "id_number": ID, "document": "id_card"})
    await actions.verify_in_person(seen, by=CLERK, proved_at=NOW, at=NOW)
    await actions.replace_lost_phone(LostPhone.check(lost), by=CLERK, proved_at=NOW, at=NOW)

    found = await queries.profile_by_phone(OTHER)
    assert found is not None
    assert found.account_id == account.id
    assert not await sessions.running(account.id, datetime.now(UTC))


@pytest.mark.parametrize("number", ["110105194912310021", "11010519490231002X", "1101051949123100", "abc"])
def test_an_identity_number_with_a_slip_of_the_pen_is_refused(number: str) -> None:
    with pytest.raises(FormRejected) as refused:
        Seen.check({"phone": PHONE, "name": "张三", "id_number": number, "document": "id_card"})
    assert "身份证号不正确" in refused.value.fields["id_number"]
