"""Level two by the city's real-name service: only its own signed yes to this very question counts."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from kernel.citizens import actions, queries, realname
from kernel.citizens.forms import ByNumber
from kernel.citizens.realname import Said
from kernel.edge.models import SecurityEvent
from kernel.errors import Degraded, FormRejected, TooMany
from kernel.people.models import Account
from kernel.people.queries import actor_of
from kernel.permissions import Actor
from kernel.secrets import proves, signed_request
from kernel.settings import settings
from tests.factories import NOW
from tests.kernel.test_registering import ID, OTHER, a_citizen

NAME, SECRET = "张小明", "the two of us know this and nobody else"
FACTS = ByNumber.check({"name": NAME, "id_number": ID})


class WireDouble(BaseHTTPRequestHandler):
    """A wire double of a real-name service: real HTTP, the documented shape, no real register of people behind it."""

    server: "Service"

    def do_POST(self) -> None:
        body: dict[str, str] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(body)
        mood, secret = self.server.mood, SECRET
        if not proves(SECRET, dict(self.headers.items()), body, at=datetime.now(UTC)):
            return self.answer(401, {}, {})
        if mood == "slow":
            time.sleep(6)
        right = (body["name"], body["id_number"]) == (NAME, ID)
        told = {"request_id": body["request_id"], "result": "match" if right else "no_match"}
        if mood == "another question":
            told["request_id"] = "0" * 32
        if mood == "out of order":
            told["result"] = "unavailable"
        if mood == "wrong signature":
            secret = "somebody else's"  # noqa: S105
        at = datetime.now(UTC) - timedelta(seconds=400 if mood == "old" else 0)
        headers = {} if mood == "unsigned" else signed_request(secret, told, at=at)
        if mood == "redirect":
            headers["Location"] = "/elsewhere"
        status = {"500": 500, "redirect": 307}.get(mood, 200)
        return self.answer(status, headers, told)

    def answer(self, status: int, headers: dict[str, str], told: dict[str, str]) -> None:
        body = b"<html>" if self.server.mood == "no json" else json.dumps(told).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except BrokenPipeError:
            """Nobody waited: that is what is being tried."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name that http.server gives)
        """Silence."""


class Service(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), WireDouble)
        self.mood, self.asked = "well", list[dict[str, str]]()


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Service]:
    server = Service()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    (tmp_path / "secret").write_text(f"{SECRET}\n", encoding="utf-8")
    told = {
        "realname_url": f"http://127.0.0.1:{server.server_port}/check", "realname_secret_file": tmp_path / "secret",
        "outgoing_hosts": ("127.0.0.1",), "outgoing_loopback": True,
    }  # fmt: skip
    for name, value in told.items():
        monkeypatch.setattr(settings(), name, value)
    yield server
    server.shutdown()
    server.server_close()


async def person(phone: str = OTHER) -> Actor:
    return await actor_of(await a_citizen(phone, "张三"), NOW)


async def test_a_signed_yes_is_a_match_and_a_signed_no_is_none(service: Service) -> None:
    assert await realname.ask(NAME, ID) is Said.MATCH
    assert await realname.ask("李四", ID) is Said.NO_MATCH
    assert len({one["request_id"] for one in service.asked}) == 2


@pytest.mark.parametrize(
    "mood",
    ["slow", "500", "redirect", "no json", "wrong signature", "unsigned", "old", "another question", "out of order"],
)
async def test_whatever_else_is_said_verifies_nobody(service: Service, mood: str) -> None:
    service.mood = mood
    begun = time.monotonic()
    assert await realname.ask(NAME, ID) is Said.UNAVAILABLE
    assert time.monotonic() - begun < 15
    assert len(service.asked) == 1, "no redirect is followed, no question asked twice"


async def test_without_the_right_secret_or_a_host_on_the_list_nobody_is_verified(
    service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("another", encoding="utf-8")
    assert await realname.ask(NAME, ID) is Said.UNAVAILABLE
    service.asked.clear()
    monkeypatch.setattr(settings(), "outgoing_hosts", ())
    assert await realname.ask(NAME, ID) is Said.UNAVAILABLE
    assert not service.asked


@pytest.mark.usefixtures("database")
async def test_a_match_is_level_two_and_the_number_is_kept_sealed(service: Service) -> None:
    me = await person()
    await actions.verify_by_number(FACTS, by=me, at=NOW)
    profile = await queries.profile_of(me.id)
    assert profile is not None
    assert (profile.level, profile.level_at) == (2, NOW)
    assert ID.encode() not in bytes(profile.id_number or b"")
    assert queries.clear(profile, "id_number") == ID
    assert (await Account.get(id=me.id)).name == "张*明"
    said = [event.detail for event in await SecurityEvent.filter(actor_id=me.id)]
    assert ID not in str(said)
    assert NAME not in str(said)
    with pytest.raises(FormRejected):
        await actions.verify_by_number(FACTS, by=me, at=NOW)
    assert len(service.asked) == 1


@pytest.mark.usefixtures("database")
async def test_no_match_stands_beside_the_number_and_five_a_day_are_the_limit(service: Service) -> None:
    me = await person()
    for _ in range(5):
        with pytest.raises(FormRejected) as refused:
            await actions.verify_by_number(FACTS.model_copy(update={"name": "李四"}), by=me, at=NOW)
        assert "不一致" in refused.value.fields["id_number"]
    with pytest.raises(TooMany):
        await actions.verify_by_number(FACTS, by=me, at=NOW)
    profile = await queries.profile_of(me.id)
    assert profile is not None
    assert (profile.level, profile.id_number, profile.id_index) == (1, None, None)


@pytest.mark.usefixtures("database")
async def test_an_outage_is_said_and_costs_no_try(service: Service) -> None:
    me, service.mood = await person(), "500"
    for _ in range(6):
        with pytest.raises(Degraded, match="实名核验暂时不可用"):
            await actions.verify_by_number(FACTS, by=me, at=NOW)
    service.mood = "well"
    await actions.verify_by_number(FACTS, by=me, at=NOW)


@pytest.mark.usefixtures("database", "service")
async def test_one_number_is_one_persons() -> None:
    await actions.verify_by_number(FACTS, by=await person(), at=NOW)
    second = await person("13900003333")
    with pytest.raises(FormRejected) as refused:
        await actions.verify_by_number(FACTS, by=second, at=NOW)
    assert "另一个帐号" in refused.value.fields["id_number"]
