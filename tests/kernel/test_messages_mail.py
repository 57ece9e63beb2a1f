"""E-mail goes to a real SMTP server: with TLS, its refusals told apart, its slowness bounded."""

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from kernel import outbox
from kernel.database import transaction
from kernel.messages import leaving, mail
from kernel.messages.mail import Content
from kernel.messages.models import Channel, Outgoing, State
from kernel.messages.refusing import Declined, NotYet
from kernel.models import Delivery
from kernel.settings import settings

TO, KEY = "chen@example.com", "a" * 64
CONTENT = Content("您的事项已办结", "编号 1 已办结。\n<script>", "/hotline/1")


class Post:
    """Keeps what it takes, and answers as it is told."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.answer = "250 OK"

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.taken.append(envelope.content)
        return "250 taken"


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    handler = Post()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    monkeypatch.setattr(settings(), "smtp_url", f"smtp://127.0.0.1:{port}")
    monkeypatch.setattr(settings(), "public_url", "https://hall.example.gov.cn")
    yield handler
    controller.stop()


async def test_a_message_arrives_as_text_and_html_with_links_from_the_public_url_only(post: Post) -> None:
    await mail.send(TO, CONTENT, key=KEY)
    got = message_from_bytes(post.taken[0], policy=default)
    assert (got["To"], got["Subject"]) == (TO, "您的事项已办结")
    assert got["Message-ID"] == f"<{KEY[:40]}@localhost>"
    assert got["List-Unsubscribe"] == "<https://hall.example.gov.cn/me/contact>"
    text, html = (got.get_body((kind,)).get_content() for kind in ("plain", "html"))  # type: ignore[union-attr]
    assert "https://hall.example.gov.cn/hotline/1" in text
    assert 'href="https://hall.example.gov.cn/hotline/1"' in html
    assert "<script>" not in html


@pytest.mark.parametrize(
    ("answer", "kind"),
    [("421 busy", NotYet), ("450 later", NotYet), ("451 later", NotYet), ("535 who", NotYet), ("550 none", Declined)],
)
async def test_a_refusal_is_for_good_or_for_now_naming_nobody(post: Post, answer: str, kind: type[Exception]) -> None:
    post.answer = answer
    with pytest.raises(kind) as told:
        await mail.send(TO, CONTENT, key=KEY)
    assert str(told.value) == f"smtp_{answer[:3]}"


async def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "ANSWER_S", 1)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        monkeypatch.setattr(settings(), "smtp_url", f"smtp://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(NotYet):
            await asyncio.wait_for(mail.send(TO, CONTENT, key=KEY), 5)


async def test_a_server_without_tls_gets_nothing_when_tls_is_asked_for(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "smtp_url", settings().smtp_url.replace("smtp:", "starttls:"))
    with pytest.raises(NotYet):
        await mail.send(TO, CONTENT, key=KEY)
    assert post.taken == []


@pytest.mark.parametrize("break_", ["\r\nBcc: x@example.com", "\nBcc: x@example.com", "\rBcc:x", "\u2028Bcc: x", "\0"])
def test_no_header_begins_inside_a_subject_or_an_address(break_: str) -> None:
    message = mail.compose(TO, Content(f"好{break_}", "x"), key=KEY)
    assert message["Bcc"] is None
    assert b"\nBcc" not in message.as_bytes()
    with pytest.raises(Declined):
        mail.compose(TO + break_, CONTENT, key=KEY)


@pytest.mark.usefixtures("database")
async def test_what_is_refused_for_now_goes_out_later_with_the_same_id_and_is_erased(post: Post) -> None:
    async with transaction():
        for _ in range(2):  # the second is the same message
            await leaving.queue(
                Channel.EMAIL, to=TO, content=json.dumps(asdict(CONTENT)), template="t", key="k", at=datetime.now(UTC)
            )
    post.answer = "451 later"
    await outbox.deliver(worker="w", now=lambda: datetime.now(UTC))
    row, delivery = await Outgoing.get(), await Delivery.get(consumer=leaving.CONSUMER.name)
    assert (row.state, delivery.problem) == (State.QUEUED, "NotYet: smtp_451")
    post.answer = "250 OK"
    await outbox.deliver(worker="w", now=lambda: datetime.now(UTC) + timedelta(hours=1))
    await row.refresh_from_db()
    assert (row.state, row.recipient, row.content, len(post.taken)) == (State.SENT, None, None, 1)
    assert f"Message-ID: <{row.key[:40]}@".encode() in post.taken[0]


@pytest.mark.usefixtures("database")
async def test_what_is_refused_for_good_is_not_tried_again(post: Post) -> None:
    async with transaction():
        await leaving.queue(
            Channel.EMAIL, to=TO, content=json.dumps(asdict(CONTENT)), template="t", key="k", at=datetime.now(UTC)
        )
    post.answer = "550 no such user"
    await outbox.deliver(worker="w", now=lambda: datetime.now(UTC))
    assert (await Delivery.get(consumer=leaving.CONSUMER.name)).done_at is not None
    row = await Outgoing.get()
    assert (row.state, row.problem, row.recipient) == (State.FAILED, "smtp_550", None)
