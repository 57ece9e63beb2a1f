"""Texts go to a gateway that speaks the wire of docs/adapters/sms.md, and its reports come back."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from httpx import Response

from kernel import outbox, outgoing
from kernel.database import transaction
from kernel.messages import leaving, sms
from kernel.messages.models import Channel, Nonce, Outgoing, State
from kernel.messages.refusing import Declined, NotYet
from kernel.models import Delivery
from kernel.secrets import signed_request
from kernel.settings import settings
from tests.conftest import Client
from tests.factories import NOBODY
from tests.gateways import KEY, Gateway, a_gateway

PHONE, TEXT, ID = "13900002206", "您的事项已办结。", "b" * 64


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Gateway]:
    (tmp_path / "key").write_text(KEY + "\n")
    with a_gateway() as served:
        monkeypatch.setattr(settings(), "sms_url", served.url)
        monkeypatch.setattr(settings(), "sms_secret_file", tmp_path / "key")
        monkeypatch.setattr(settings(), "outgoing_hosts", ("127.0.0.1",))
        monkeypatch.setattr(settings(), "outgoing_loopback", True)
        yield served


async def a_text() -> Outgoing:
    async with transaction():
        await leaving.queue(Channel.SMS, to=PHONE, content=TEXT, template="t", key="k", at=datetime.now(UTC))
    return await Outgoing.get()


async def deliver(later: timedelta = timedelta(0)) -> None:
    await outbox.deliver(worker="w", now=lambda: datetime.now(UTC) + later)


async def test_a_signed_text_with_its_signature_line_is_accepted(gateway: Gateway) -> None:
    await sms.send(PHONE, TEXT, key=ID)
    assert gateway.taken == {ID: f"【{settings().hall_name}】{TEXT}"}


async def test_a_duplicate_counts_as_sent_and_the_gateway_has_one(gateway: Gateway) -> None:
    await sms.send(PHONE, TEXT, key=ID)
    await sms.send(PHONE, TEXT, key=ID)
    assert (len(gateway.asked), len(gateway.taken)) == (2, 1)


@pytest.mark.parametrize(
    ("says", "kind", "told"),
    [
        ("400", Declined, "sms_400"), ("422", Declined, "sms_422"), ("429", NotYet, "sms_429"),
        ("500", NotYet, "sms_500"), ("302", NotYet, "sms_302"), ("html", NotYet, "JSONDecodeError"),
        ("cut", NotYet, "NoAnswer"),
    ],
)  # fmt: skip
async def test_a_refusal_is_for_good_or_for_now_naming_nobody(
    gateway: Gateway, says: str, kind: type[Exception], told: str
) -> None:
    gateway.says = says
    with pytest.raises(kind) as refused:
        await sms.send(PHONE, TEXT, key=ID)
    assert str(refused.value) == told


async def test_a_wrong_key_is_tried_again_for_somebody_can_mend_it(gateway: Gateway) -> None:
    gateway.key = "another"
    with pytest.raises(NotYet, match="sms_401"):
        await sms.send(PHONE, TEXT, key=ID)
    assert gateway.taken == {}


async def test_a_gateway_that_is_slow_is_waited_for_and_one_that_is_too_slow_given_up(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.says, gateway.wait_s = "slow", 0.5
    await sms.send(PHONE, TEXT, key=ID)
    monkeypatch.setattr(outgoing, "WHOLE_S", 0.2)
    with pytest.raises(NotYet, match="NoAnswer"):
        await sms.send(PHONE, TEXT, key="c" * 64)


async def test_too_long_a_text_never_leaves(gateway: Gateway) -> None:
    with pytest.raises(Declined, match="too_long"):
        await sms.send(PHONE, "字" * 70, key=ID)
    assert gateway.asked == []


@pytest.mark.usefixtures("database")
async def test_an_answer_that_was_lost_is_asked_for_again_with_the_same_id(gateway: Gateway) -> None:
    await a_text()
    gateway.says = "cut"
    await deliver()
    assert (await Delivery.get(consumer=leaving.CONSUMER.name)).problem == "NotYet: NoAnswer"
    gateway.says = ""
    await deliver(timedelta(hours=1))
    row = await Outgoing.get()
    assert (row.state, row.recipient, row.content) == (State.SENT, None, None)
    assert {one["request_id"] for one in gateway.asked} == {row.key}
    assert len(gateway.asked) == 2


@pytest.mark.usefixtures("database")
async def test_a_refused_text_is_failed_with_the_gateways_code(gateway: Gateway) -> None:
    await a_text()
    gateway.says = "422"
    await deliver()
    row = await Outgoing.get()
    assert (row.state, row.problem, row.recipient) == (State.FAILED, "sms_422", None)


async def report(
    signed_in: Client, *, key: str = KEY, headers: dict[str, str] | None = None, at: datetime | None = None, **sent: str
) -> Response:
    signed = headers if headers is not None else signed_request(key, sent, at=at or datetime.now(UTC))
    async with signed_in(NOBODY) as client:
        return await client.post("/api/v1/sms/reports", json=sent, headers=signed)


async def a_sent_text(gateway: Gateway) -> str:
    await a_text()
    await deliver()
    row = await Outgoing.get()
    assert row.state is State.SENT
    return row.key


async def test_a_report_says_that_a_text_has_arrived_or_not(signed_in: Client, gateway: Gateway) -> None:
    key = await a_sent_text(gateway)
    answer = await report(signed_in, request_id=key, state="delivered")
    assert (answer.status_code, answer.json()) == (200, {"state": "delivered"})
    assert (await Outgoing.get()).state is State.DELIVERED
    late = await report(signed_in, request_id=key, state="failed", code="late")
    assert late.json() == {"state": "delivered"}, "the first report counts"


async def test_a_failure_is_kept_with_the_gateways_code(signed_in: Client, gateway: Gateway) -> None:
    key = await a_sent_text(gateway)
    answer = await report(signed_in, request_id=key, state="failed", code="UNDELIV")
    assert answer.json() == {"state": "failed"}
    assert (await Outgoing.get()).problem == "report_UNDELIV"


async def test_a_report_that_overtakes_our_own_mark_is_believed_and_nothing_is_sent_again(
    signed_in: Client, gateway: Gateway
) -> None:
    row = await a_text()
    assert (await report(signed_in, request_id=row.key, state="delivered")).status_code == 200
    await deliver()
    row = await Outgoing.get()
    assert (row.state, row.content, gateway.asked) == (State.DELIVERED, None, [])


async def test_a_replay_is_refused_and_changes_nothing(signed_in: Client, gateway: Gateway) -> None:
    key = await a_sent_text(gateway)
    headers = signed_request(KEY, {"request_id": key, "state": "failed"}, at=datetime.now(UTC))
    await report(signed_in, headers=headers, request_id=key, state="failed")
    again = await report(signed_in, headers=headers, request_id=key, state="failed")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "replayed")
    assert await Nonce.all().count() == 1


@pytest.mark.parametrize("away_s", [-400, -301, 301, 400])
async def test_a_time_more_than_300_s_away_is_refused(signed_in: Client, gateway: Gateway, away_s: int) -> None:
    key = await a_sent_text(gateway)
    at = datetime.now(UTC) + timedelta(seconds=away_s)
    if away_s == 301:
        at += timedelta(seconds=2)  # the clock goes on while the request is under way
    answer = await report(signed_in, at=at, request_id=key, state="failed")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_signed")
    assert (await Outgoing.get()).state is State.SENT
    assert await Nonce.all().count() == 0, "nobody fills the table without the key"


async def test_another_key_another_body_and_no_signature_are_refused(signed_in: Client, gateway: Gateway) -> None:
    key = await a_sent_text(gateway)
    signed_for_other = signed_request(KEY, {"request_id": key, "state": "delivered"}, at=datetime.now(UTC))
    answers = [
        await report(signed_in, key="another", request_id=key, state="failed"),
        await report(signed_in, headers=signed_for_other, request_id=key, state="failed"),
        await report(signed_in, headers={}, request_id=key, state="failed"),
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert (await Outgoing.get()).state is State.SENT


async def test_without_a_key_of_ours_no_report_is_believed(
    signed_in: Client, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "sms_secret_file", None)
    assert (await report(signed_in, key="", request_id=ID, state="failed")).status_code == 401


async def test_an_unknown_message_and_a_strange_report_are_told_apart(signed_in: Client, gateway: Gateway) -> None:
    assert (await report(signed_in, request_id=ID, state="delivered")).status_code == 404
    assert (await report(signed_in, request_id="x", state="delivered")).status_code == 422
    assert (await report(signed_in, request_id=ID, state="read")).status_code == 422
