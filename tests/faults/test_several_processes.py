"""Several web processes and workers side by side: each thing is done once, and whoever falls is replaced."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests import servers
from tests.halls import Hall, a_hall

WORDS = "从昨天晚上开始停水，物业电话没有人接，请尽快处理。"
BACK_S, CALLS = 60, 40


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    with ExitStack() as stays:
        url = stays.enter_context(servers.postgres()).create("hall")
        city = {"SUNHALL_DATABASE_URL": url, "SUNHALL_REDIS_URL": stays.enter_context(servers.redis()).url}
        city["SUNHALL_DELIVERY_LEASE_S"] = "3"
        yield stays.enter_context(a_hall(tmp_path_factory.mktemp("city") / "home", demo=True, **city))


@pytest.fixture
def workers(hall: Hall) -> Iterator[list[subprocess.Popen[bytes]]]:
    both = [hall.begin("worker") for _ in range(2)]
    yield both
    for worker in both:
        worker.kill()
        worker.wait()


def test_of_two_workers_one_writes_the_index_and_the_other_takes_over_when_it_dies(
    hall: Hall, workers: list[subprocess.Popen[bytes]]
) -> None:
    hall.serve("--workers", "2")
    hall.settle()
    headers = hall.token("operator")
    with ThreadPoolExecutor(4) as people:
        before = list(people.map(lambda number: registered(hall, headers, f"两个 {number}"), range(CALLS)))
        hall.settle()
        writer = holder(hall.home / "search.lock")
        (dead,) = [worker for worker in workers if worker.pid == writer]
        dead.kill()
        dead.wait()
        after = list(people.map(lambda number: registered(hall, headers, f"一个 {number}"), range(CALLS)))
    hall.settle()

    assert len({*before, *after}) == 2 * CALLS
    assert holder(hall.home / "search.lock") in {worker.pid for worker in workers} - {writer}
    assert 'sunhall_outbox{what="parked"} 0.0' in httpx.get(f"{hall.url}/metrics", timeout=20).text
    checked = hall.run("verify", "--full", check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    hall.kill(signal.SIGTERM)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=lambda how: how.name)
def test_when_the_first_process_ends_the_others_end_with_it_and_the_port_is_free(
    hall: Hall, how: signal.Signals
) -> None:
    hall.serve("--workers", "2")
    assert hall.process is not None
    web = descendants(hall.process.pid)
    assert len(web) >= 2

    hall.kill(how)

    within(BACK_S, lambda: not any(alive(pid) for pid in web))
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", hall.port))


def test_a_web_process_that_dies_is_replaced_and_the_others_go_on(hall: Hall) -> None:
    hall.serve("--workers", "2")
    assert hall.process is not None
    listening = [pid for pid in descendants(hall.process.pid) if serves(pid)]
    os.kill(listening[0], signal.SIGKILL)

    answers = [httpx.get(f"{hall.url}/healthz", timeout=20).status_code for _ in range(20)]
    assert answers == [200] * 20
    within(BACK_S, lambda: len([pid for pid in descendants(hall.process.pid) if serves(pid)]) == 2)  # type: ignore[union-attr]
    hall.kill(signal.SIGTERM)


def registered(hall: Hall, headers: dict[str, str], title: str) -> str:
    sent = {"channel": "phone", "type": "help", "title": title, "content": WORDS, "place": {"address": "云谷路 6 号"}}
    answer = httpx.post(f"{hall.url}/api/v1/tickets", json=sent, headers=headers, timeout=20)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["no"])


def holder(lock: Path) -> int:
    """The process that holds the lock on the file."""
    inode = lock.stat().st_ino
    held = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    (pid,) = {int(parts[4]) for parts in held if parts[5].endswith(f":{inode}")}
    return pid


def descendants(pid: int) -> list[int]:
    try:
        told = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:  # it has just ended
        return []
    return [int(child) for child in told] + [inner for child in told for inner in descendants(int(child))]


def alive(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def serves(pid: int) -> bool:
    """One of the processes that the command begot; what it has open, it shows to nobody but root."""
    try:
        return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def within(seconds: float, true: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, f"not within {seconds} s"
        time.sleep(0.2)
