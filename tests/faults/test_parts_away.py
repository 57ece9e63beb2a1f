"""Redis, the index, somebody's patience: parts go away under the running hall, and the hall goes on."""

import shutil
import socket
import time
from pathlib import Path

import httpx

from tests import servers
from tests.halls import Hall, a_hall

WORDS = "从昨天晚上开始停水，物业电话没有人接，请尽快处理。"
AWAY_S, BACK_S = 8, 60


def test_while_redis_is_away_calls_are_taken_and_delivered_and_nothing_needs_a_restart(tmp_path: Path) -> None:
    with servers.redis() as redis, a_hall(tmp_path / "home", demo=True, SUNHALL_REDIS_URL=redis.url) as hall:
        worker = hall.begin("worker")
        try:
            hall.serve("--workers", "1")
            hall.settle()
            headers = hall.token("operator")
            redis.stop()
            until, taken = time.monotonic() + AWAY_S, list[str]()
            while time.monotonic() < until:
                taken.append(registered(hall, headers, f"没有队列 {len(taken)}"))
                time.sleep(0.3)
            hall.settle()  # the worker works from the rows
            redis.start()
            taken.append(registered(hall, headers, "队列回来了"))
            hall.settle()
            assert worker.poll() is None
            for no in (taken[0], taken[-1]):
                assert found(hall, headers, no), no
        finally:
            worker.kill()
            worker.wait()


def test_an_index_that_is_deleted_under_the_server_is_built_again_by_itself(tmp_path: Path) -> None:
    with a_hall(tmp_path / "home", demo=True) as hall:
        hall.serve()
        hall.settle()
        headers = hall.token("operator")
        no = registered(hall, headers, "删除索引之前")
        assert found(hall, headers, no)

        shutil.rmtree(hall.home / "search")
        asked = httpx.get(f"{hall.url}/api/v1/search", params={"q": no}, headers=headers, timeout=20)
        assert (asked.status_code, asked.json()["degraded"]) == (200, True)
        assert no in {item["no"] for item in asked.json()["items"]}, "the database answers meanwhile"
        page = httpx.get(f"{hall.url}/search", params={"q": "停水"}, timeout=20)
        assert page.status_code == 200
        assert "检索" in page.text
        later = registered(hall, headers, "删除索引之后")

        until = time.monotonic() + BACK_S
        while httpx.get(f"{hall.url}/api/v1/search?q={no}", headers=headers, timeout=20).json()["degraded"]:
            assert time.monotonic() < until, "the index never came back"
            time.sleep(1)
        assert found(hall, headers, later)
        hall.settle()
        hall.verify()


def test_a_gigabyte_is_refused_early_and_memory_stays_flat(tmp_path: Path) -> None:
    with a_hall(tmp_path / "home", demo=False) as hall:
        hall.serve()
        before = resident_mib(hall)
        declared = sent(hall, b"content-length: 1073741824", 64)
        assert b" 413 " in declared.split(b"\r\n", 1)[0]
        chunked = sent(hall, b"transfer-encoding: chunked", 1024)
        assert b" 413 " in chunked.split(b"\r\n", 1)[0]
        assert resident_mib(hall) - before < 20
        assert httpx.get(f"{hall.url}/healthz", timeout=5).status_code == 200


def test_do01_who_sends_nothing_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    with a_hall(tmp_path / "home", demo=False) as hall:
        hall.serve()
        silent = [socket.create_connection(("127.0.0.1", hall.port)) for _ in range(200)]
        try:
            for number, line in enumerate(silent):
                line.sendall(b"POST /hotline/file HTTP/1.1\r\nhost: 127.0.0.1" + (b"\r\n" if number % 2 else b""))
            begun = time.monotonic()
            assert httpx.get(f"{hall.url}/", timeout=5).status_code == 200
            assert time.monotonic() - begun < 5
        finally:
            for line in silent:
                line.close()


def registered(hall: Hall, headers: dict[str, str], title: str) -> str:
    sent = {"channel": "phone", "type": "help", "title": title, "content": WORDS, "place": {"address": "云谷路 6 号"}}
    answer = httpx.post(f"{hall.url}/api/v1/tickets", json=sent, headers=headers, timeout=20)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["no"])


def found(hall: Hall, headers: dict[str, str], no: str) -> bool:
    until = time.monotonic() + BACK_S
    while time.monotonic() < until:
        answer = httpx.get(f"{hall.url}/api/v1/search", params={"q": no}, headers=headers, timeout=20).json()
        if no in {item["no"] for item in answer["items"]}:
            return True
        time.sleep(0.2)
    return False


def sent(hall: Hall, length: bytes, pieces: int) -> bytes:
    """A megabyte at a time, until the server has had enough."""
    mebibyte = b"x" * 2**20
    head = b"POST /api/v1/tickets HTTP/1.1\r\nhost: 127.0.0.1:%d\r\ncontent-type: application/json\r\n%s\r\n\r\n"
    with socket.create_connection(("127.0.0.1", hall.port), timeout=20) as line:
        line.sendall(head % (hall.port, length))
        chunked = b"chunked" in length
        try:
            for _ in range(pieces):
                line.sendall(b"%x\r\n%s\r\n" % (len(mebibyte), mebibyte) if chunked else mebibyte)
        except OSError:
            pass  # it hung up on us
        line.settimeout(10)
        try:
            return line.recv(65_536)
        except OSError:
            return b"HTTP/1.1 413 (hung up before the answer was read)"


def resident_mib(hall: Hall) -> float:
    assert hall.process is not None
    status = Path(f"/proc/{hall.process.pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024
