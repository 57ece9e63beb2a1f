"""kill -9 of the server and of the worker while people are at work: what was acknowledged is there, once."""

import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest

from tests import servers
from tests.halls import Hall, a_hall

CLIENTS, EACH, KILLS = 6, 25, 4
WORDS = "从昨天晚上开始停水，物业电话没有人接，请尽快处理。"
pytestmark = pytest.mark.timeout(600)


class City:
    """A hall, with a worker of its own where the column has one."""

    def __init__(self, hall: Hall, *, apart: bool) -> None:
        self.hall, self.apart = hall, apart
        self.worker: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.hall.serve(*(["--workers", "1"] if self.apart else []))
        if self.apart and (self.worker is None or self.worker.poll() is not None):
            self.worker = self.hall.begin("worker")

    def kill(self) -> None:
        self.hall.kill(signal.SIGKILL)
        if self.worker is not None:
            self.worker.kill()
            self.worker.wait()


@pytest.fixture(params=["laptop", "city"])
def city(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[City]:
    with ExitStack() as stays:
        more = {"SUNHALL_DELIVERY_LEASE_S": "3"}  # a dead worker's deliveries are somebody else's after that
        if request.param == "city":
            more["SUNHALL_DATABASE_URL"] = stays.enter_context(servers.postgres()).create("hall")
            more["SUNHALL_REDIS_URL"] = stays.enter_context(servers.redis()).url
        city = City(stays.enter_context(a_hall(tmp_path / "home", demo=True, **more)), apart=request.param == "city")
        city.start()
        city.hall.settle()
        stays.callback(city.kill)
        yield city


def test_what_was_acknowledged_is_there_once_whatever_dies(city: City) -> None:
    headers = city.hall.token("operator")
    told: dict[str, str] = {}  # key → number that was acknowledged
    people = [threading.Thread(target=log_calls, args=(city.hall, headers, told)) for _ in range(CLIENTS)]
    for person in people:
        person.start()
    for _ in range(KILLS):
        time.sleep(0.4 + secrets.randbelow(800) / 1000)
        city.kill()
        city.start()
    for person in people:
        person.join(120)
        assert not person.is_alive()

    assert len(told) == CLIENTS * EACH
    assert len(set(told.values())) == len(told), "no number was given to two calls"
    with httpx.Client(base_url=city.hall.url, headers=headers, timeout=30) as program:
        for key, no in list(told.items())[::10]:
            again = program.post("/api/v1/tickets", json=call(key), headers={"Idempotency-Key": key})
            assert (again.status_code, again.json()["no"]) == (201, no), "the same answer"
        there = dict(every(program))
    assert {no: f"呼叫 {key}" for key, no in told.items()} == there
    city.hall.settle()
    city.hall.verify()


def log_calls(hall: Hall, headers: dict[str, str], told: dict[str, str]) -> None:
    """As a program should: the same key again until there is an answer."""
    for _ in range(EACH):
        key = secrets.token_hex(8)
        while key not in told:
            with suppress(httpx.TransportError):
                answer = httpx.post(
                    f"{hall.url}/api/v1/tickets", json=call(key), headers=headers | {"Idempotency-Key": key}, timeout=20
                )
                if answer.status_code == 201:
                    told[key] = answer.json()["no"]
                    break
                assert answer.status_code == 503, answer.text
            time.sleep(0.1)


def call(key: str) -> dict[str, object]:
    return {
        "channel": "phone", "type": "help", "title": f"呼叫 {key}", "content": WORDS,
        "place": {"address": "江北区云谷路 66 号"},
    }  # fmt: skip


def every(program: httpx.Client) -> Iterator[tuple[str, str]]:
    """Number and title of every call of the test, page by page."""
    cursor = ""
    while cursor is not None:
        page = program.get("/api/v1/tickets", params={"q": "呼叫", "limit": 100, "cursor": cursor}).json()
        yield from ((item["no"], item["title"]) for item in page["items"])
        cursor = page["next"]
