"""T04: what is handed over to 110, 119, 120 goes out as a packet, and somebody answers within two minutes."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx import Response

from hotline.handover import queries
from hotline.tickets import actions, forms
from hotline.tickets.models import Ticket
from kernel import outbox
from kernel.citytime import CITY
from kernel.clocks import alarms
from kernel.clocks.models import Clock
from kernel.inbox.models import Message
from kernel.journal import Sealed
from kernel.models import Delivery, Entry, View
from kernel.people.models import Account, AccountKind, Grant
from kernel.secrets import signed_request
from kernel.settings import settings
from tests import factories as f
from tests.conftest import Client
from tests.factories import NOW, a_ticket, way
from tests.gateways import KEY, Gateway, a_gateway

pytestmark = pytest.mark.usefixtures("database")
FIRE = forms.Transfer(to="119", danger=True, three_party=True, note=Sealed("三楼有老人被困。"))
MINUTE = timedelta(minutes=1)
Send = Callable[..., Awaitable[Response]]


@pytest.fixture
def centre(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Gateway]:
    """A wire double of the adapter, as docs/adapters/handover.md says."""
    with a_gateway() as served:
        (tmp_path / "key").write_text(KEY + "\n")
        monkeypatch.setattr(settings(), "outgoing_hosts", ("127.0.0.1",))
        monkeypatch.setattr(settings(), "outgoing_loopback", True)
        monkeypatch.setattr(settings(), "handover_url", served.url)
        monkeypatch.setattr(settings(), "handover_secret_file", tmp_path / "key")
        yield served


@pytest.fixture
def answer(centre: Gateway, signed_in: Client) -> Send:
    client = signed_in(f.NOBODY)

    async def send(sent: dict[str, str], *, key: str = KEY, at: datetime | None = None, **more: str) -> Response:
        headers = signed_request(key, sent, at=at or datetime.now(UTC)) | more
        return await client.post("/api/v1/handover/receipts", json=sent, headers=headers)

    return send


async def handed_over(facts: forms.Transfer = FIRE, at: datetime = NOW, **given: Any) -> Ticket:
    ticket = await a_ticket(title="居民楼起火", at=at, **given)
    return await actions.transfer(ticket, facts, **way(ticket, f.OPERATOR, at))


async def deliver(at: datetime = NOW) -> None:
    while await outbox.deliver(worker="test", now=lambda: at):
        pass


async def receipt_of(ticket: Ticket, reference: str = "119-0042") -> dict[str, str]:
    packet = await queries.packet(ticket)
    assert packet
    return {"ticket": ticket.no, "packet_id": packet.packet_id, "reference": reference}


async def test_the_packet_says_what_where_who_and_how_grave_and_goes_out_signed(centre: Gateway) -> None:
    ticket = await handed_over(lat="36.65", lon="117.12", area_code="369902")
    await deliver()

    [sent] = centre.asked
    assert (sent["to"], sent["danger"], sent["three_party"], sent["note"]) == ("119", "yes", "yes", "三楼有老人被困。")
    assert sent["what"].startswith("居民楼起火\n")
    assert (sent["where"], sent["caller_phone"]) == ("江北区云谷路 66 号", "13900002206")
    assert (sent["lat"], sent["lon"], sent["area_code"]) == ("36.65", "117.12", "369902")
    assert sent["acknowledge_by"] == "2026-03-02T10:02:00+08:00"
    assert centre.taken, "the double has checked the signature"
    standing = await queries.standing(ticket, NOW)
    assert standing
    assert (standing.gone_at, standing.acknowledged_at) == (NOW, None)
    assert await View.filter(subject=ticket.ref, field="handover", actor_id=f.MACHINE.id).count() == 1


async def test_a_confidential_callers_number_goes_along_only_when_somebody_is_in_danger(centre: Gateway) -> None:
    calm = forms.Transfer(to="110")
    for facts, seen in ((calm, False), (calm.model_copy(update={"danger": True}), True)):
        packet = await queries.packet(await handed_over(facts, secrecy="confidential"))
        assert packet
        assert (packet.caller_phone == "13900002206") is seen


async def test_an_adapter_that_is_away_is_tried_again_and_the_page_says_that_nothing_has_gone(
    centre: Gateway, signed_in: Client
) -> None:
    centre.says = "500"
    ticket = await handed_over(at=datetime.now(UTC) - MINUTE)
    await deliver(datetime.now(UTC))
    page = (await signed_in(f.OPERATOR).get(f"/hotline/tickets/{ticket.no}")).text
    assert "还没有送到对方接口" in page
    row = await Delivery.get(consumer=queries.CONSUMER)
    assert (row.done_at, row.parked_at) == (None, None)
    centre.says = ""
    await deliver(datetime.now(UTC) + MINUTE)
    assert len({one["packet_id"] for one in centre.asked}) == 1
    assert len(centre.taken) == 1


async def test_a_signed_receipt_stops_the_clock_and_shows_on_the_ticket(answer: Send, signed_in: Client) -> None:
    ticket = await handed_over(at=datetime.now(UTC))
    assert (await answer(await receipt_of(ticket))).json() == {"state": "acknowledged"}

    clock = await Clock.get(subject=ticket.ref, step="handover")
    assert clock.stopped_at
    assert clock.stopped_at < clock.due_at
    page = (await signed_in(f.OPERATOR).get(f"/hotline/tickets/{ticket.no}")).text
    assert "119-0042" in page
    assert "已回执" in page
    again = await answer(await receipt_of(ticket, "another"))
    assert again.json() == {"state": "acknowledged"}
    assert await Entry.filter(subject=ticket.ref, move="acknowledge").count() == 1


async def test_a_forged_a_replayed_and_a_late_receipt_are_refused_and_stop_nothing(answer: Send) -> None:
    ticket = await handed_over(at=datetime.now(UTC))
    told = await receipt_of(ticket)
    assert (await answer(told, key="guessed")).status_code == 401
    assert (await answer(told, at=datetime.now(UTC) - timedelta(seconds=310))).status_code == 401
    assert (await answer(told | {"packet_id": "0" * 32})).status_code == 404
    assert (await answer(told | {"ticket": "12345-20260302-000999-1"})).status_code == 404
    assert (await answer(told | {"packet_id": "x"})).status_code == 422
    assert await Clock.filter(subject=ticket.ref, step="handover", stopped_at=None).exists()

    headers = signed_request(KEY, told, at=datetime.now(UTC))
    assert (await answer(told, **headers)).status_code == 200
    assert (await answer(told, **headers)).json()["error"]["code"] == "replayed"


async def test_without_a_key_at_the_hall_no_receipt_is_taken(answer: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = await handed_over(at=datetime.now(UTC))
    monkeypatch.setattr(settings(), "handover_secret_file", None)
    assert (await answer(await receipt_of(ticket))).status_code == 401


async def test_after_two_minutes_without_a_receipt_the_shift_leader_is_told_and_nobody_once_it_is_there() -> None:
    for number, role in ((f.SHIFT_LEAD.id, "shift_lead"), (f.OPERATOR.id, "operator")):
        await Account.create(id=number, username=role, name=role, kind=AccountKind.STAFF, created_at=NOW)
        await Grant.create(account_id=number, role=role, scope=f.CITY)
    silent, answered = await handed_over(), await handed_over()
    await actions.acknowledge(answered, forms.Acknowledge(reference="A1"), **way(answered, f.OPERATOR))
    late = NOW + 2 * MINUTE
    while await alarms.sweep(at=late):
        pass
    await deliver(late)
    told = await Message.filter(url=f"/hotline/tickets/{silent.no}").values_list("account_id", "title")
    assert {account for account, _ in told} == {f.SHIFT_LEAD.id}
    assert all("移交还没有回执" in title for _, title in told)
    assert not await Message.filter(url=f"/hotline/tickets/{answered.no}").exists()


async def test_without_an_adapter_the_packet_is_a_page_whose_look_is_on_record(signed_in: Client) -> None:
    from tests.hotline.test_knowledge_pages import send

    ticket = await handed_over()
    await deliver()
    operator, page = signed_in(f.OPERATOR), f"/hotline/tickets/{ticket.no}"
    shown = (await operator.get(page)).text
    assert "没有接口，打印移交单" in shown
    assert "13900002206" not in shown
    packet = await send(operator, page, f"{page}/packet")
    assert "13900002206" in packet.text
    assert "三楼有老人被困" in packet.text
    assert f"{ticket.registered_at.astimezone(CITY):%H:%M}" in packet.text
    assert "+08:00" not in packet.text, "a person reads it out"
    assert await View.filter(subject=ticket.ref, field="handover", actor_id=f.OPERATOR.id).count() == 1
    assert (await signed_in(f.DISPATCHER).post(f"{page}/packet")).status_code == 403
    await send(operator, page, f"{page}/acknowledge", reference="120-7", _move="acknowledge")
    assert "120-7" in (await operator.get(page)).text
