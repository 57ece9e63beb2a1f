"""联系方式与通知: a person says how they are reached, in forms that work without JavaScript."""

import json
import re

import pytest
from httpx import Response

from kernel.edge import csrf
from kernel.inbox.models import Message
from kernel.messages import queries, templates
from kernel.messages.models import Channel, Contact, Outgoing
from kernel.messages.templates import Sort
from kernel.people.models import Account
from kernel.permissions import Actor
from kernel.secrets import unseal
from kernel.settings import settings
from tests.conftest import SECRET, Client
from tests.factories import NOW
from tests.kernel.test_messages_sending import DONE
from tests.kernel.test_registering import PHONE, a_citizen

pytestmark = pytest.mark.usefixtures("database")
EMAIL = "chen@example.com"


async def a_person() -> tuple[Actor, Account]:
    account = await a_citizen()
    await Outgoing.all().delete()
    return Actor(id=account.id, name="陈先生", kind="citizen"), account


async def post(signed_in: Client, person: Actor, path: str, **sent: object) -> Response:
    async with signed_in(person) as client:
        return await client.post(path, data={"_csrf": csrf.token(SECRET)} | sent)


async def page(signed_in: Client, person: Actor, path: str = "/me/contact") -> Response:
    async with signed_in(person) as client:
        return await client.get(path)


async def link() -> str:
    """As it stands in the e-mail."""
    row = await Outgoing.filter(template="kernel.verify_email").order_by("-id").first()
    assert row is not None
    assert row.content is not None
    found = re.search(r"/me/email/\S+", json.loads(unseal(row.content, **row.sealed["content"](row)))["body"])
    assert found
    return found.group()


async def test_who_registered_is_reached_by_that_telephone_which_the_page_shows_masked(signed_in: Client) -> None:
    person, _ = await a_person()
    said = (await page(signed_in, person)).text
    assert "139****1111" in said
    assert PHONE not in said


async def test_an_address_is_used_once_its_owner_pressed_the_button_and_opening_the_link_writes_nothing(
    signed_in: Client,
) -> None:
    person, _ = await a_person()
    assert (await post(signed_in, person, "/me/contact/email", email=EMAIL)).status_code == 303
    path, before = await link(), await Contact.get(account_id=person.id).values()
    shown = await page(signed_in, person, path)
    assert shown.status_code == 200
    assert f'action="{path}"' in shown.text
    assert await Contact.get(account_id=person.id).values() == before, "a scanner of links proves nothing"
    assert "等待确认" in (await page(signed_in, person)).text

    assert (await post(signed_in, person, path)).status_code == 303
    assert f"{EMAIL}</b>，已确认" in (await page(signed_in, person)).text
    again = await post(signed_in, person, path)
    assert (again.status_code, "已失效" in again.text) == (410, True)


async def test_the_link_of_one_account_proves_nothing_for_another(signed_in: Client) -> None:
    person, _ = await a_person()
    await post(signed_in, person, "/me/contact/email", email=EMAIL)
    other = await Account.create(username="other", kind="citizen", name="邻居", created_at=NOW)
    stranger = Actor(id=other.id, name="邻居", kind="citizen")
    assert (await post(signed_in, stranger, await link())).status_code == 410


async def test_a_wrong_address_is_told_beside_the_field_with_what_was_typed(signed_in: Client) -> None:
    person, _ = await a_person()
    answer = await post(signed_in, person, "/me/contact/email", email="chen@example")
    assert answer.status_code == 422
    assert 'value="chen@example"' in answer.text
    assert 'id="email-e"' in answer.text
    assert "name@example.com" in answer.text


async def test_an_address_is_removed_at_once(signed_in: Client) -> None:
    person, _ = await a_person()
    await post(signed_in, person, "/me/contact/email", email=EMAIL)
    await post(signed_in, person, await link())
    assert (await post(signed_in, person, "/me/contact/email/remove")).status_code == 303
    row = await Contact.get(account_id=person.id)
    assert (row.email, row.email_index, row.pending) == (None, "", None)
    assert EMAIL not in (await page(signed_in, person)).text


async def test_what_is_not_ticked_is_off_and_a_legal_notice_is_no_choice(signed_in: Client) -> None:
    templates.declare([DONE])
    person, _ = await a_person()
    answer = await post(signed_in, person, "/me/contact/choices", wanted=["affairs:sms", "reminders:email"])
    assert answer.status_code == 303
    row = await Contact.get(account_id=person.id)
    assert set(row.off) == {"affairs:email", "reminders:sms"}, "what no text goes by was no question"
    said = (await page(signed_in, person)).text
    assert 'value="affairs:sms" checked' in said
    assert 'value="affairs:email">' in said
    assert "所以不能关闭" in said
    assert (await post(signed_in, person, "/me/contact/choices", wanted="legal:sms")).status_code == 422

    assert (await post(signed_in, person, "/me/contact/choices")).status_code == 303, "nothing is a choice, too"
    assert set((await Contact.get(account_id=person.id)).off) == {
        "affairs:sms",
        "affairs:email",
        "reminders:email",
        "reminders:sms",
    }


async def test_the_page_says_when_nobody_is_disturbed(signed_in: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    person, _ = await a_person()
    assert "夜间 21 点到 8 点不打扰" in (await page(signed_in, person)).text
    monkeypatch.setattr(settings(), "quiet_from", settings().quiet_to)
    assert "没有设夜间免打扰" in (await page(signed_in, person)).text


async def test_a_foreign_form_changes_nothing(signed_in: Client) -> None:
    person, _ = await a_person()
    for path in ("/me/contact/email", "/me/contact/email/remove", "/me/contact/choices", "/me/email/x"):
        answer = await post(signed_in, person, path, _csrf="forged", **({"email": EMAIL} if path[-1] == "l" else {}))
        assert answer.status_code == 403, path
    assert await Outgoing.all().count() == 0


async def test_the_inbox_shows_the_body_filters_and_says_when_nothing_is_there(signed_in: Client) -> None:
    person, account = await a_person()
    for number, (template, read) in enumerate((("kernel.told", None), ("kernel.verify_email", NOW))):
        await Message.create(
            account_id=account.id, key=f"k{number}", template=template, title=f"标题{number}", body=f"正文{number}",
            at=NOW, read_at=read,
        )  # fmt: skip
    whole = (await page(signed_in, person, "/inbox")).text
    assert all(one in whole for one in ("标题0", "正文0", "标题1", "正文1", "提醒", "法定告知"))
    unread = (await page(signed_in, person, "/inbox?show=unread")).text
    assert ("正文0" in unread, "正文1" in unread) == (True, False)
    legal = (await page(signed_in, person, "/inbox?sort=legal")).text
    assert ("正文0" in legal, "正文1" in legal) == (False, True)
    assert "没有这样的消息" in (await page(signed_in, person, "/inbox?sort=news")).text
    assert "/inbox?show=unread&amp;sort=news" in (await page(signed_in, person, "/inbox?show=unread")).text
    await Message.all().delete()
    assert "/me/contact" in (await page(signed_in, person, "/inbox")).text


async def test_programs_read_their_own_messages_page_by_page_and_mark_only_those(signed_in: Client) -> None:
    person, account = await a_person()
    for owner in (account.id, account.id, account.id, account.id + 1):
        await Message.create(account_id=owner, title="标题", body="正文", at=NOW)
    async with signed_in(person) as client:
        first = (await client.get("/api/v1/messages?limit=2")).json()
        second = (await client.get(f"/api/v1/messages?limit=2&cursor={first['next']}")).json()
        assert (len(first["items"]), len(second["items"]), second["next"]) == (2, 1, None)
        assert first["items"][0]["body"] == "正文"
        every = [row["id"] for row in await Message.all().values("id")]
        assert (await client.post("/api/v1/messages/read", json={"ids": every})).json() == {"read": 3}
        assert (await client.get("/api/v1/messages?unread=true")).json()["items"] == []
        assert (await client.get("/api/v1/messages?cursor=x")).status_code == 422
        assert (await client.get("/api/v1/messages?sort=x")).status_code == 422
        assert (await client.post("/api/v1/messages/read", json={"ids": []})).status_code == 422
        document = (await client.get("/api/openapi.json")).json()["paths"]
    assert {"/api/v1/messages", "/api/v1/messages/read", "/api/v1/sms/reports"} <= set(document)
    assert await Message.filter(read_at=None).count() == 1


def test_every_class_but_the_legal_one_may_be_chosen() -> None:
    assert {sort for sort, _ in queries.CHOICES} == {*Sort} - {Sort.LEGAL}
    assert {channel for _, channel in queries.CHOICES} == {*Channel}
