"""Lines that are slow, silent, cut or refused, and processes that stand still for a while. Kits I5, I6 and I11."""

import os
import resource
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests import servers
from tests.calling import CALL
from tests.faults.lines import CUT, DELAY, OK, REFUSE, STALL, Line, a_line
from tests.halls import Hall, a_hall
from tests.servers import Server

pytestmark = pytest.mark.timeout(400)
PAUSE_S, BACK_S, BREAKS = 5, 60, 80


@dataclass
class City:
    hall: Hall
    database: Line
    redis: Line
    server: Server
    worker: subprocess.Popen[bytes]
    headers: dict[str, str]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    with ExitStack() as stays:
        server, redis = stays.enter_context(servers.postgres()), stays.enter_context(servers.redis())
        url = server.create("hall")
        database = stays.enter_context(a_line(urlsplit(url).port or 0))
        queue = stays.enter_context(a_line(urlsplit(redis.url).port or 0))
        more = {"SUNHALL_DATABASE_URL": url, "SUNHALL_STATEMENT_S": "3", "SUNHALL_DELIVERY_LEASE_S": "3"}
        hall = stays.enter_context(a_hall(tmp_path_factory.mktemp("city") / "home", demo=True, **more))
        hall.more["SUNHALL_DATABASE_URL"] = url.replace(f":{database.behind}/", f":{database.port}/")
        hall.more["SUNHALL_REDIS_URL"] = redis.url.replace(f":{queue.behind}/", f":{queue.port}/")
        worker = hall.begin("worker")
        stays.callback(worker.wait, 20)
        stays.callback(worker.kill)
        hall.serve("--workers", "1")
        hall.settle()  # who isn't there yet can't be hurt
        yield City(hall, database, queue, server, worker, hall.token("operator"))


@pytest.fixture(autouse=True)
def all_is_well_again(city: City) -> Iterator[None]:
    yield
    city.database.mode = city.redis.mode = OK
    city.database.half = 0
    until = time.monotonic() + BACK_S
    while httpx.get(f"{city.hall.url}/readyz", timeout=10).status_code != 200:
        assert time.monotonic() < until, "it didn't come back by itself"
        time.sleep(0.1)


def call(city: City, key: str) -> httpx.Response:
    sent, headers = CALL | {"title": f"呼叫 {key}"}, city.headers | {"Idempotency-Key": key}
    return httpx.post(f"{city.hall.url}/api/v1/tickets", json=sent, headers=headers, timeout=60)


def until_taken(city: City, key: str) -> httpx.Response:
    until = time.monotonic() + BACK_S
    while (answer := call(city, key)).status_code != 201:
        assert answer.status_code == 503, answer.text
        assert time.monotonic() < until, "it didn't come back by itself"
        time.sleep(0.2)
    return answer


def there(city: City, key: str) -> int:
    asked: dict[str, str | int] = {"q": f"呼叫 {key}", "limit": 100}
    found = httpx.get(f"{city.hall.url}/api/v1/tickets", params=asked, headers=city.headers, timeout=20)
    return len(found.json()["items"])


@pytest.mark.parametrize("mode", [DELAY, STALL, CUT, REFUSE])
def test_a_bad_line_to_the_database_is_said_and_the_same_key_gets_the_first_answer(city: City, mode: str) -> None:
    key = secrets.token_hex(8)
    city.database.mode = mode
    if mode in (CUT, REFUSE):
        city.database.cut()
    begun = time.monotonic()
    answer = call(city, key)
    assert answer.status_code == (201 if mode == DELAY else 503), answer.text
    assert time.monotonic() - begun < 20
    if mode != DELAY:
        assert int(answer.headers["retry-after"]) > 0
        assert httpx.get(f"{city.hall.url}/healthz", timeout=5).status_code == 200

    city.database.mode = OK
    first = until_taken(city, key)
    assert call(city, key).json()["no"] == first.json()["no"]
    assert there(city, key) == 1


def test_an_answer_of_the_database_that_breaks_off_at_any_byte_leaves_one_effect(city: City) -> None:
    for length in (1, 2, 5, 8, 13, 24, 40, 64):
        key = secrets.token_hex(8)
        city.database.half = length
        answer = call(city, key)
        assert answer.status_code in (201, 503), (length, answer.text)
        first = until_taken(city, key)
        assert call(city, key).json()["no"] == first.json()["no"]
        assert there(city, key) == 1, length


@pytest.mark.parametrize("mode", [DELAY, STALL, CUT, REFUSE])
def test_a_bad_line_to_redis_keeps_nobody_from_calling(city: City, mode: str) -> None:
    city.redis.mode = mode
    if mode in (CUT, REFUSE):
        city.redis.cut()
    begun = time.monotonic()
    answers = [call(city, secrets.token_hex(8)) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {201}, [answer.text for answer in answers]
    assert time.monotonic() - begun < 15
    city.redis.mode = OK


def test_answers_of_redis_that_break_off_at_any_byte_stop_no_delivery(city: City) -> None:
    for round_ in range(BREAKS):
        city.redis.half = 1 + round_ % 40
        assert call(city, secrets.token_hex(8)).status_code == 201
    city.redis.half = 0
    assert city.worker.poll() is None
    city.hall.settle()


@pytest.mark.parametrize("who", ["web", "worker", "database"])
def test_who_stands_still_for_five_seconds_doubles_nothing_and_goes_on(city: City, who: str) -> None:
    assert city.hall.process is not None
    assert city.server.process is not None
    process = {"web": city.hall.process, "worker": city.worker, "database": city.server.process}[who]
    paused = [process.pid, *(children(process.pid) if who == "database" else [])]
    key = secrets.token_hex(8)
    for pid in paused:
        os.kill(pid, signal.SIGSTOP)
    try:
        until = time.monotonic() + PAUSE_S
        with suppress(httpx.TransportError):
            answer = httpx.post(
                f"{city.hall.url}/api/v1/tickets",
                json=CALL | {"title": f"呼叫 {key}"},
                headers=city.headers | {"Idempotency-Key": key},
                timeout=PAUSE_S,
            )
            assert answer.status_code in (201, 503), answer.text
        time.sleep(max(0, until - time.monotonic()))
    finally:
        for pid in paused:
            os.kill(pid, signal.SIGCONT)
    first = until_taken(city, key)
    assert call(city, key).json()["no"] == first.json()["no"]
    assert there(city, key) == 1


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_without_a_free_file_nobody_new_gets_in_and_all_goes_on_when_there_is_one(city: City) -> None:
    assert city.hall.process is not None
    pid = city.hall.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    highest = max(int(one.name) for one in Path(f"/proc/{pid}/fd").iterdir())
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (highest + 1, before[1]))
    try:
        lines = [socket.create_connection(("127.0.0.1", city.hall.port), timeout=5) for _ in range(20)]
        time.sleep(0.5)
        for line in lines:
            line.close()
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    key = secrets.token_hex(8)
    until_taken(city, key)
    assert there(city, key) == 1


def test_at_the_end_every_chain_and_clock_still_holds(city: City) -> None:
    city.hall.settle()
    city.hall.verify()
