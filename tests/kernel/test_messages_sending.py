"""A message reaches the inbox at once, and leaves the house only as its reader has chosen."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kernel.citytime import CITY
from kernel.database import transaction
from kernel.inbox import actions as inbox
from kernel.inbox.models import Message
from kernel.messages import actions, contacts, leaving, quiet, templates
from kernel.messages.models import Channel, Contact, Outgoing
from kernel.messages.templates import Slot, SlotKind, Sort, Template, UnfitTemplate, UnfitValue
from kernel.models import Delivery, Event
from kernel.numbering import numbered
from kernel.people.models import Account, AccountKind
from kernel.permissions import Actor
from kernel.secrets import unseal
from tests.factories import NOW

CODE = "test.done"
DONE = Template(
    code=CODE, label="办结", sort=Sort.AFFAIRS,
    slots=(Slot("no", SlotKind.NUMBER), Slot("on", SlotKind.DATE), Slot("what", SlotKind.TEXT)),
    title="{what}已办结", subject="您的事项已办结", mail="编号 {no}，{on} 办结。", sms="您的事项 {no} 已于 {on} 办结。",
)  # fmt: skip
VALUES = {"no": "RX-20260302-00001", "on": NOW, "what": "小区停水"}
PHONE, EMAIL = "13900002206", "chen@example.com"


async def a_person(kind: AccountKind = AccountKind.CITIZEN) -> Actor:
    """With a proven telephone and a proven e-mail address."""
    account = await Account.create(username=f"p-{kind}", kind=kind, name="陈先生", created_at=NOW)
    person = Actor(id=account.id, name="陈先生", kind=kind.value)
    await contacts.set_phone(person.id, PHONE, at=NOW)
    await contacts.ask_email(EMAIL, by=person, at=NOW)
    row = await Outgoing.get(template="kernel.verify_email")
    assert row.content is not None
    said = json.loads(unseal(row.content, **row.sealed["content"](row)))["body"]
    await contacts.prove_email(said.rpartition("/me/email/")[2], by=person, at=NOW)
    await Delivery.all().delete()
    await Outgoing.all().delete()
    return person


async def send(person: Actor, key: str = "done:1", at: datetime = NOW) -> int:
    templates.declare([DONE])
    async with transaction():
        return await actions.send(CODE, to=[person.id], values=VALUES, key=key, url="/hotline/1", at=at)


async def channels() -> list[str]:
    return sorted(str(one) for one in await Outgoing.all().values_list("channel", flat=True))


@pytest.mark.usefixtures("database")
async def test_one_message_is_in_the_inbox_and_on_both_roads_and_a_second_time_nowhere() -> None:
    person = await a_person()
    assert (await send(person), await send(person)) == (1, 0)
    message = await Message.get()
    assert (message.title, message.template, message.version) == ("小区停水已办结", CODE, 1)
    assert await channels() == ["email", "sms"]


@pytest.mark.usefixtures("database")
async def test_nothing_stands_anywhere_when_the_change_is_rolled_back() -> None:
    person = await a_person()
    templates.declare([DONE])
    with pytest.raises(ZeroDivisionError):
        async with transaction():
            await actions.send(CODE, to=[person.id], values=VALUES, key="done:1", at=NOW)
            raise ZeroDivisionError
    assert (await Message.all().count(), await Outgoing.all().count(), await Delivery.all().count()) == (0, 0, 0)


@pytest.mark.usefixtures("database")
async def test_what_was_switched_off_stays_in_the_inbox_but_a_legal_notice_leaves_all_the_same() -> None:
    person = await a_person()
    await contacts.choose([(Sort.AFFAIRS, Channel.EMAIL)], by=person, at=NOW)
    await send(person)
    assert await channels() == ["email"]
    await contacts.choose([], by=person, at=NOW)
    contact = await Contact.get(account_id=person.id)
    assert not actions.wants(contact, Sort.AFFAIRS, Channel.EMAIL)
    assert all(actions.wants(contact, Sort.LEGAL, channel) for channel in Channel)


@pytest.mark.usefixtures("database")
async def test_at_night_it_is_in_the_inbox_and_leaves_in_the_morning() -> None:
    person = await a_person()
    night = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)  # 23:30 in the city
    await send(person, at=night)
    due = {delivery.next_try_at for delivery in await Delivery.filter(consumer=leaving.CONSUMER.name)}
    assert due == {datetime(2026, 3, 3, 0, 0, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("hour", "night"), [(20, False), (21, True), (23, True), (0, True), (7, True), (8, False), (12, False)]
)
def test_the_night_begins_at_nine_and_ends_at_eight(hour: int, night: bool) -> None:
    at = datetime(2026, 3, 2, hour, 59, tzinfo=CITY)
    due = quiet.due(at)
    assert (due is not None) is night
    assert due is None or (due.hour == 8 and timedelta(0) < due - at <= timedelta(hours=11))


@pytest.mark.usefixtures("database")
async def test_staff_get_one_email_for_all_that_an_hour_brings() -> None:
    person = await a_person(AccountKind.STAFF)
    for minute in range(5):
        at = NOW + timedelta(minutes=minute)
        event = await Event.create(topic="test", subject="t:1", seq=minute, at=at)
        async with transaction():
            assert await inbox.tell([person.id], event=event, title=f"张三的工单 {minute}", url="/inbox") == 1
    assert await Message.all().count() == 5
    row = await Outgoing.get()
    assert row.content is not None
    assert "张三" not in unseal(row.content, **row.sealed["content"](row))


@pytest.mark.usefixtures("database")
async def test_a_link_that_proves_an_address_opens_once_within_a_day_for_who_asked() -> None:
    person = await a_person()
    with pytest.raises(contacts.LinkVoid):
        await contacts.prove_email("wrong", by=person, at=NOW)
    assert EMAIL not in repr(await Contact.all().values())
    assert PHONE not in repr(await Contact.all().values())


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"sms": "{what}已办结"}, "可能含个人信息"),
        ({"sms": "请联系 13900002206"}, "不能写个人信息"),
        ({"sms": "长" * 60 + "{no}"}, "短信"),
        ({"sms": "{no.__class__}"}, "只能写填空的名称"),
        ({"title": "{nobody}"}, "没有名为"),
        ({"mail": "{no!r}"}, "只能写填空的名称"),
        ({"mail": "{"}, "花括号不成对"),
    ],
)
def test_a_template_that_breaks_a_rule_is_not_declared(change: dict[str, str], why: str) -> None:
    with pytest.raises(UnfitTemplate, match=why):
        templates.declare([replace(DONE, **change)])  # type: ignore[arg-type]


@pytest.mark.parametrize("canary", ["13900002206", "110101199003077715", "陈小明", "1 OR 1", ""])
def test_lo02_nothing_personal_gets_into_an_sms_as_a_number(canary: str) -> None:
    with pytest.raises(UnfitValue):
        DONE.filled(VALUES | {"no": canary})


def test_every_number_that_the_hall_draws_may_stand_in_an_sms() -> None:
    """Digits in a row may look like a card's: one of our own numbers must never stop the change it tells of."""
    for number in range(2_000):
        no = numbered("369900-20260302", number)
        assert DONE.filled(VALUES | {"no": no})["no"] == no
