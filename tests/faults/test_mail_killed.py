"""kill -9 between the mail server's taking a message and our mark: it goes once more, under the same Message-ID."""

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from portal.city.ports import free_port
from tests.halls import PASSWORD, TOKEN, Hall, a_hall

WAIT_S = 60
ADDRESS = "chen@example.com"


class Post:
    """Takes whatever comes; whoever brought the first is dead before the answer has left."""

    def __init__(self) -> None:
        self.victim: subprocess.Popen[bytes] | None = None
        self.taken: list[bytes] = []
        self.twice = threading.Event()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.taken.append(envelope.content)  # from here on the message is the mail server's
        if self.victim is not None:
            os.kill(self.victim.pid, signal.SIGKILL)
            self.victim.wait()
            self.victim = None
        elif len(self.taken) > 1:
            self.twice.set()
        return "250 taken"


@pytest.fixture
def post() -> Iterator[tuple[Post, int]]:
    handler, port = Post(), free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, port
    controller.stop()


def test_a_worker_killed_after_the_mail_server_took_it_leaves_a_second_copy_with_the_same_message_id(
    post: tuple[Post, int], tmp_path: Path
) -> None:
    handler, port = post
    more = {"SUNHALL_SMTP_URL": f"smtp://127.0.0.1:{port}", "SUNHALL_DELIVERY_LEASE_S": "4"}
    with a_hall(tmp_path / "home", demo=True, **more) as hall:
        hall.serve("--workers", "1")
        handler.victim = first = hall.begin("worker")
        try:
            asked_for_proof(hall)
            assert first.wait(WAIT_S) == -signal.SIGKILL
            second = hall.begin("worker")
            try:
                assert handler.twice.wait(WAIT_S), "nobody tried again"
                hall.settle()
            finally:
                second.kill()
                second.wait()
        finally:
            first.kill()
            first.wait()
    ids = [message_from_bytes(one, policy=default)["Message-ID"] for one in handler.taken]
    assert len(ids) == 2, "once again, and not a third time"
    assert len(set(ids)) == 1
    assert ids[0]


def asked_for_proof(hall: Hall) -> None:
    """As the demo's citizen does: an e-mail to prove an address."""
    with httpx.Client(base_url=hall.url, timeout=20) as client:
        typed = {"username": "citizen", "password": PASSWORD, "next": "/me/contact"}
        come = client.post("/sign-in", data=typed | {"_csrf": TOKEN.findall(client.get("/sign-in").text)[0]})
        cookie = {"Cookie": come.headers["Set-Cookie"].partition(";")[0]}  # for https only, a loopback is as good
        token = TOKEN.findall(client.get("/me/contact", headers=cookie).text)[0]
        sent = {"_csrf": token, "email": ADDRESS}
        answer = client.post("/me/contact/email", data=sent, headers=cookie)
        assert (answer.status_code, answer.headers.get("location")) == (303, "/me/contact?done=asked")
