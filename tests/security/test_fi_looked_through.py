"""FI01, FI05 as people meet them: what was sent is looked through and made anew before anybody else may read it."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from hotline.tickets.models import Ticket
from kernel import outbox
from kernel.edge import csrf
from kernel.edge.models import SecurityEvent
from kernel.files.models import Attachment, File, Scanned
from kernel.settings import settings
from tests import factories as f
from tests.conftest import SECRET, Client
from tests.security.test_fi_photos import a_photo
from tests.servers import EICAR, Clamd

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings(), "home", tmp_path)
    return tmp_path


async def attached(signed_in: Client, name: str, data: bytes) -> tuple[File, Ticket]:
    """Sent by the operator and hung on a ticket that the dispatcher sees, too."""
    answer = await signed_in(f.OPERATOR).post(
        "/api/v1/files", files={"file": (name, data)}, data={"slot": "ticket"},
        headers={"X-Csrf-Token": csrf.token(SECRET)},
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    file, ticket = await File.get(no=answer.json()["file"]), await f.a_ticket()
    await Attachment.create(file=file, ref=ticket.ref, slot="ticket", by_id=f.OPERATOR.id, at=f.NOW)
    return file, ticket


async def delivered() -> None:
    while await outbox.deliver(worker="w", now=lambda: datetime.now(UTC)):
        pass


async def test_fi05_until_it_has_been_looked_through_only_its_sender_reads_it_and_what_is_found_nobody(
    signed_in: Client, clamd: Clamd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "scanner_url", clamd.server.url)
    good, _ = await attached(signed_in, "a.txt", "停水的时间记录。".encode())
    bad, _ = await attached(signed_in, "b.txt", EICAR)
    sender, other = signed_in(f.OPERATOR), signed_in(f.DISPATCHER)
    assert (await sender.get(f"/files/{good.no}")).status_code == 200
    assert (await other.get(f"/files/{good.no}")).status_code == 404
    await delivered()
    assert (await other.get(f"/files/{good.no}")).status_code == 200
    assert (await File.get(id=good.id)).scanned is Scanned.CLEAN
    for client in (sender, other):
        assert (await client.get(f"/files/{bad.no}")).status_code == 404
    event = await SecurityEvent.get(kind="file_quarantined")
    assert event.detail["file"] == bad.no


async def test_fi05_without_a_scanner_it_is_read_and_says_that_nobody_looked(signed_in: Client) -> None:
    file, ticket = await attached(signed_in, "a.txt", "停水的时间记录。".encode())
    await delivered()
    assert (await signed_in(f.DISPATCHER).get(f"/files/{file.no}")).status_code == 200
    assert "未查毒" in (await signed_in(f.DISPATCHER).get(f"/hotline/tickets/{ticket.no}")).text


async def test_fi01_others_see_a_picture_without_its_place_and_the_original_needs_a_right(signed_in: Client) -> None:
    photo = a_photo("JPEG")
    file, _ = await attached(signed_in, "a.jpg", photo)
    await delivered()
    sender, other, manager = signed_in(f.OPERATOR), signed_in(f.DISPATCHER), signed_in(f.MANAGER)
    assert (await sender.get(f"/files/{file.no}")).content == photo
    shown = (await other.get(f"/files/{file.no}")).content
    assert b"TELLTALE" not in shown
    assert not Image.open(io.BytesIO(shown)).getexif()
    assert (await other.get(f"/files/{file.no}?original=1")).content == shown
    assert (await manager.get(f"/files/{file.no}?original=1")).content == photo
