"""Templates are worded by one person and published by another; what is kept, how long; what doctor says."""

import socket
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from httpx import Response

from kernel.database import transaction
from kernel.edge import csrf
from kernel.errors import FormRejected
from kernel.inbox.models import Message
from kernel.messages import actions, checks, editing, keeping, leaving, queries, templates
from kernel.messages.forms import Texts
from kernel.messages.models import Channel, Code, MessageTemplate, Nonce, Outgoing, State
from kernel.models import Delivery
from kernel.people.models import Account
from kernel.people.permissions import ROLES
from kernel.permissions import Actor, powers
from kernel.settings import settings
from kernel.upkeep import retention
from tests.conftest import SECRET, Client
from tests.factories import NOW, OPERATOR
from tests.kernel.test_messages_sending import CODE, DONE, VALUES

pytestmark = pytest.mark.usefixtures("database")
WRITER = Actor(id=91, name="系统管理员", kind="staff", powers=powers([("system_admin", "/")], ROLES))
PUBLISHER = Actor(id=92, name="安全管理员", kind="staff", powers=powers([("security_admin", "/")], ROLES))
NEW = Texts.check({"title": "{what}办好了", "subject": "办好了", "mail": "{no} 办好了。", "sms": "{no} 办好了。"})
LATER = NOW + timedelta(days=1)


@pytest.fixture(autouse=True)
async def seeded(database: str) -> None:
    templates.declare([DONE])
    await editing.seed(NOW)


async def told(key: str) -> Message:
    account, _ = await Account.get_or_create(
        username="p", defaults={"kind": "citizen", "name": "陈", "created_at": NOW}
    )
    async with transaction():
        await actions.send(CODE, to=[account.id], values=VALUES, key=key, at=NOW)
    return await Message.get(key=key)


async def test_what_the_program_declares_is_version_one_and_seeding_twice_is_once() -> None:
    await editing.seed(LATER)
    rows = await MessageTemplate.filter(code=CODE)
    assert [(row.version, row.title, row.author_id, row.published_at) for row in rows] == [(1, DONE.title, 0, NOW)]
    assert {row.code for row in await MessageTemplate.all()} == {one.code for one in templates.every()}


async def test_a_new_text_is_in_force_once_another_person_has_published_it_and_messages_keep_their_version() -> None:
    before = await told("a")
    row = await editing.write(CODE, NEW, by=WRITER, at=NOW)
    assert (await told("b")).version == 1, "a draft is sent to nobody"
    with pytest.raises(editing.OwnVersion):
        await editing.publish(CODE, row.version, by=WRITER, at=NOW)
    await editing.publish(CODE, row.version, by=PUBLISHER, at=LATER)
    after = await told("c")
    assert (after.version, after.title) == (2, "小区停水办好了")
    await before.refresh_from_db()
    assert (before.version, before.title) == (1, "小区停水已办结")


async def test_nothing_is_published_twice_and_nothing_older_than_what_is_in_force() -> None:
    old, new = [await editing.write(CODE, NEW, by=WRITER, at=NOW) for _ in range(2)]
    await editing.publish(CODE, new.version, by=PUBLISHER, at=LATER)
    for version in (old.version, new.version, 1):
        with pytest.raises(editing.OldVersion):
            await editing.publish(CODE, version, by=PUBLISHER, at=LATER)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("sms", "{what}已办结"), ("sms", "长" * 66), ("sms", "拨 13900002206"), ("sms", "{no.x}"), ("mail", "{other}"),
        ("title", "{"), ("body", "{no!r}"),
    ],
)  # fmt: skip
async def test_the_rules_of_a_declared_text_hold_for_an_edited_one_beside_its_field(field: str, text: str) -> None:
    with pytest.raises(FormRejected) as wrong:
        await editing.write(CODE, NEW.model_copy(update={field: text}), by=WRITER, at=NOW)
    assert list(wrong.value.fields) == [field]
    assert await MessageTemplate.filter(code=CODE).count() == 1


async def test_a_program_with_other_texts_adds_a_version_that_waits_where_a_city_has_its_own() -> None:
    templates.declare([replace(DONE, title="{what}已办完")])
    await editing.seed(LATER)
    assert (await told("a")).title == "小区停水已办完"
    row = await editing.write(CODE, NEW, by=WRITER, at=NOW)
    await editing.publish(CODE, row.version, by=PUBLISHER, at=LATER)
    templates.declare([DONE])
    await editing.seed(LATER)
    newest = await MessageTemplate.filter(code=CODE).order_by("-version").first()
    assert newest is not None
    assert (newest.version, newest.published_at) == (4, None)
    assert (await told("b")).title == "小区停水办好了"


async def test_a_text_for_slots_that_are_gone_gives_way_to_the_declared_one_and_doctor_says_so() -> None:
    row = await editing.write(CODE, NEW, by=WRITER, at=NOW)
    await editing.publish(CODE, row.version, by=PUBLISHER, at=LATER)
    fewer = replace(DONE, slots=DONE.slots[1:], title="已办结", mail="办结。", sms="{on} 办结。")
    templates.declare([fewer])
    assert (await queries.current(CODE)).title == "已办结"
    problem = await checks.texts()
    assert problem is not None
    assert CODE in problem[0]


async def post(signed_in: Client, person: Actor, path: str, **sent: object) -> Response:
    async with signed_in(person) as client:
        return await client.post(path, data={"_csrf": csrf.token(SECRET)} | sent)


async def test_the_page_previews_keeps_what_was_typed_and_lets_another_publish(signed_in: Client) -> None:
    path, sent = f"/admin/messages/{CODE}", NEW.model_dump()
    preview = await post(signed_in, WRITER, path, _do="preview", **sent)
    assert preview.status_code == 200
    assert f"【{settings().hall_name}】RX-" in preview.text
    assert await MessageTemplate.filter(code=CODE).count() == 1, "a preview is kept nowhere"
    wrong = await post(signed_in, WRITER, path, _do="write", **sent | {"sms": "{what}"})
    assert (wrong.status_code, 'id="sms-e"' in wrong.text, ">{what}</textarea>" in wrong.text) == (422, True, True)
    assert (await post(signed_in, WRITER, path, _do="write", **sent)).status_code == 303
    async with signed_in(WRITER) as client:
        assert "须由另一位管理员发布" in (await client.get(path)).text
    assert (await post(signed_in, WRITER, f"{path}/2/publish")).status_code == 403
    assert (await post(signed_in, OPERATOR, f"{path}/2/publish")).status_code == 403
    assert (await post(signed_in, PUBLISHER, f"{path}/2/publish")).status_code == 303
    assert (await queries.current(CODE)).version == 2
    async with signed_in(OPERATOR) as client:
        assert (await client.get("/admin/messages")).status_code == 403


async def outgoing(state: State, at: datetime, key: str) -> Outgoing:
    async with transaction():
        await leaving.queue(Channel.SMS, to="13900002206", content="您的内容", template="t", key=key, at=at)
    row = (await Outgoing.all().order_by("-id"))[0]
    if state is not State.QUEUED:
        await Outgoing.filter(id=row.id).update(
            state=state, done_at=at, problem="sms_422", recipient=None, content=None
        )
    return row


async def test_the_desk_counts_shows_errors_and_retries_what_is_parked_without_contents(signed_in: Client) -> None:
    stuck = await outgoing(State.QUEUED, NOW, "a")
    await outgoing(State.FAILED, NOW, "b")
    await Delivery.filter(event__subject=f"outgoing:{stuck.id}", consumer=leaving.CONSUMER.name).update(
        parked_at=NOW, next_try_at=None, tries=8, problem="NotYet: sms_500"
    )
    async with signed_in(WRITER) as client:
        said = (await client.get("/admin/messages")).text
    assert all(one in said for one in ("sms_422", "NotYet: sms_500", "未能送达 <b"))
    assert not any(one in said for one in ("13900002206", "您的内容"))
    delivery = await Delivery.get(event__subject=f"outgoing:{stuck.id}", consumer=leaving.CONSUMER.name)
    assert (await post(signed_in, PUBLISHER, "/admin/messages/retry", ids=delivery.id)).status_code == 403
    assert (await post(signed_in, WRITER, "/admin/messages/retry", ids=delivery.id)).status_code == 303
    await delivery.refresh_from_db()
    assert (delivery.parked_at, delivery.tries) == (None, 0)


async def test_each_kind_of_message_is_kept_as_long_as_declared_and_no_longer() -> None:
    now, hour = datetime.now(UTC), timedelta(hours=1)
    periods = {kept.name: kept.period for kept in keeping.KEPT}
    for number, name in enumerate(("messages", "outgoing", "codes", "nonces")):
        period = periods[name]
        assert period is not None
        for at in (now - period - hour, now - period + hour):
            key = f"{number}{at.timestamp()}"
            if name == "messages":
                await Message.create(account_id=1, title=key, at=at, read_at=at)
            elif name == "outgoing":
                await outgoing(State.SENT, at, key)
                await outgoing(State.QUEUED, at, f"{key}q")
            elif name == "codes":
                await Code.create(bound=key, code_hash="x", until=at)
            else:
                await Nonce.create(value=key, at=at)
    await Message.create(account_id=1, title="未读", at=now - timedelta(days=800))
    cleared = await retention.clear_all(at=now)
    assert {name: cleared[name] for name in ("messages", "outgoing", "codes", "nonces")} == {
        "messages": 1, "outgoing": 2, "codes": 1, "nonces": 1,
    }  # fmt: skip
    assert (await Message.all().count(), await Outgoing.all().count()) == (2, 2)


def test_every_table_of_messages_says_how_long_it_is_kept() -> None:
    tables = {table for kept in keeping.KEPT for table in kept.tables}
    assert tables == {
        "kernel_message", "kernel_outgoing", "kernel_code", "kernel_nonce", "kernel_contact", "kernel_message_template",
    }  # fmt: skip


async def test_doctor_wants_a_gateway_with_a_key_where_the_hall_is_public(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert await checks.gateway() is None, "a laptop needs none"
    monkeypatch.setattr(settings(), "public_url", "https://hall.example.gov.cn")
    assert "SUNHALL_SMS_URL" in str(await checks.gateway())
    monkeypatch.setattr(settings(), "sms_url", "https://sms.example.gov.cn/send")
    assert "SUNHALL_OUTGOING_HOSTS" in str(await checks.gateway())
    monkeypatch.setattr(settings(), "outgoing_hosts", ("sms.example.gov.cn",))
    assert "SUNHALL_SMS_SECRET_FILE" in str(await checks.gateway())
    (tmp_path / "key").write_text("k")
    monkeypatch.setattr(settings(), "sms_secret_file", tmp_path / "key")
    assert await checks.gateway() is None


async def test_doctor_says_when_the_mail_server_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await checks.smtp() is None, "nobody asked for mail"
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setattr(settings(), "smtp_url", f"smtp://127.0.0.1:{probe.getsockname()[1]}")
        problem = await checks.smtp()
    assert problem is not None
    assert "ConnectionRefusedError" in problem[0]


async def test_doctor_says_when_messages_have_waited_for_ten_minutes_but_not_for_the_morning() -> None:
    now = datetime.now(UTC)
    await outgoing(State.QUEUED, now - timedelta(minutes=9), "a")
    async with transaction():
        await leaving.queue(
            Channel.SMS, to="13900002206", content="x", template="t", key="night", at=now - timedelta(hours=5),
            due=now + timedelta(hours=1),
        )  # fmt: skip
    assert await checks.leaving() is None
    await outgoing(State.QUEUED, now - timedelta(minutes=11), "b")
    problem = await checks.leaving()
    assert problem is not None
    assert problem[0].startswith("1 条")
