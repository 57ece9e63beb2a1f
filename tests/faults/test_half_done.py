"""Cut off in the middle: a line that breaks, a stop that is asked for, a disk that is full. All of it or nothing."""

import json
import resource
import signal
import socket
import struct
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.halls import TOKEN, Hall, a_hall

WORDS = "从昨天晚上开始停水，物业电话没有人接，请尽快处理。" * 20
BACK_S = 60


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    with a_hall(tmp_path_factory.mktemp("laptop") / "home", demo=True) as hall:
        yield hall


@pytest.fixture
def served(hall: Hall) -> Iterator[Hall]:
    """A new process for each test, over the same data; at its end all of it still holds."""
    hall.serve()
    hall.settle()
    yield hall
    hall.settle()
    hall.kill(signal.SIGTERM)
    checked = hall.run("verify", "--full", check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_line_that_breaks_before_all_was_sent_leaves_nothing_at_all(served: Hall) -> None:
    headers = served.token("operator")
    for number in range(20):
        whole = request(served, headers, f"断线 {number}", key=f"cut-{number}")
        with connected(served) as line:
            line.sendall(whole[: len(whole) - 1 - number * 40])
            if number % 2:  # reset instead of an orderly end
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    assert titles(served, headers, "断线") == []
    assert registered(served, headers, "断线 0", key="cut-0").status_code == 201, "its key is still free"


def test_an_answer_that_nobody_waited_for_is_given_when_asked_again(served: Hall) -> None:
    headers = served.token("operator")
    for number in range(20):
        with connected(served) as line:
            line.sendall(request(served, headers, f"挂断 {number}", key=f"gone-{number}"))
            time.sleep(0.004 * number)  # hang up at a different place each time
    again = [registered(served, headers, f"挂断 {number}", key=f"gone-{number}") for number in range(20)]

    assert {answer.status_code for answer in again} == {201}
    assert sorted(titles(served, headers, "挂断")) == sorted(f"挂断 {number}" for number in range(20))


def test_a_stop_waits_for_who_is_still_sending_and_takes_nobody_new(served: Hall) -> None:
    headers = served.token("operator")
    whole = request(served, headers, "停机之前", key="last")
    with connected(served) as line:
        line.sendall(whole[:-200])
        time.sleep(0.5)
        assert served.process is not None
        served.process.send_signal(signal.SIGTERM)
        time.sleep(1)
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{served.url}/healthz", timeout=5)
        line.sendall(whole[-200:])
        status, body = answered(line)
    assert status == 201
    served.process.wait(BACK_S)

    served.serve()
    assert titles(served, headers, "停机之前") == ["停机之前"]
    assert registered(served, headers, "停机之前", key="last").json()["no"] == json.loads(body)["no"]


def test_a_full_disk_is_said_reading_goes_on_and_it_ends_with_the_cause(served: Hall) -> None:
    headers = served.token("operator")
    assert registered(served, headers, "磁盘 1").status_code == 201
    typed = {"type": "help", "title": "磁盘 4", "content": WORDS, "caller_name": "陈先生", "address": "云谷路 6 号"}
    with full_disk(served):
        refused = registered(served, headers, "磁盘 2")
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "degraded")
        page = filed(served, typed)
        assert page.status_code == 503
        assert WORDS in page.text
        assert titles(served, headers, "磁盘") == ["磁盘 1"]
        assert httpx.get(f"{served.url}/healthz", timeout=20).status_code == 200
        assert httpx.get(f"{served.url}/search?q=停水", timeout=20).status_code == 200

    assert registered(served, headers, "磁盘 3").status_code == 201
    assert sorted(titles(served, headers, "磁盘")) == ["磁盘 1", "磁盘 3"]


def test_an_index_that_is_damaged_under_the_server_is_replaced_by_itself(served: Hall) -> None:
    headers = served.token("operator")
    no = registered(served, headers, "损坏之前").json()["no"]
    served.settle()
    for file in (served.home / "search").glob("*/*/*.*"):
        if file.suffix in (".idx", ".term", ".store", ".fast"):
            with file.open("r+b") as there:
                there.write(bytes(number % 251 for number in range(file.stat().st_size)))

    page = httpx.get(f"{served.url}/search", params={"q": "停水"}, timeout=20)
    assert page.status_code == 200
    assert "搜索结果可能不完整" in page.text
    until, asked = time.monotonic() + BACK_S, {"degraded": True}
    while asked["degraded"]:
        assert time.monotonic() < until, "the index never came back"
        time.sleep(0.5)
        answer = httpx.get(f"{served.url}/api/v1/search", params={"q": no}, headers=headers, timeout=20)
        assert answer.status_code == 200
        asked = answer.json()
        assert no in {item["no"] for item in asked["items"]}, "also while the database answers"


class full_disk:  # noqa: N801 (reads as a place to be in)
    """No file of the server grows any more; the system says EFBIG where a disk would say ENOSPC."""

    def __init__(self, hall: Hall) -> None:
        assert hall.process is not None
        self.pid = hall.process.pid

    def __enter__(self) -> None:
        self.before = resource.prlimit(self.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (0, self.before[1]))

    def __exit__(self, *problem: object) -> None:
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, self.before)


def call(title: str) -> dict[str, object]:
    return {"channel": "phone", "type": "help", "title": title, "content": WORDS, "place": {"address": "云谷路 6 号"}}


def registered(hall: Hall, headers: dict[str, str], title: str, *, key: str = "") -> httpx.Response:
    more = {"Idempotency-Key": key} if key else {}
    more["Content-Type"] = "application/json"
    sent = json.dumps(call(title)).encode()  # to the byte what `request` sends: the key knows it again
    return httpx.post(f"{hall.url}/api/v1/tickets", content=sent, headers=headers | more, timeout=30)


def filed(hall: Hall, typed: dict[str, str]) -> httpx.Response:
    """As a citizen without an account does."""
    with httpx.Client(base_url=hall.url, timeout=20) as browser:
        told = TOKEN.search(browser.get("/hotline/file").text)
        assert told is not None
        return browser.post("/hotline/file", data=typed | {"_csrf": told[1]}, headers={"Origin": hall.url})


def titles(hall: Hall, headers: dict[str, str], words: str) -> list[str]:
    found = httpx.get(f"{hall.url}/api/v1/tickets", params={"q": words, "limit": 100}, headers=headers, timeout=20)
    return [item["title"] for item in found.json()["items"]]


def request(hall: Hall, headers: dict[str, str], title: str, *, key: str) -> bytes:
    """The very bytes that a program sends."""
    body = json.dumps(call(title)).encode()
    lines = {"Host": f"127.0.0.1:{hall.port}", "Content-Type": "application/json", "Content-Length": str(len(body))}
    lines |= headers | {"Idempotency-Key": key, "Connection": "close"}
    head = "POST /api/v1/tickets HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return head.encode() + b"\r\n" + body


def connected(hall: Hall) -> socket.socket:
    return socket.create_connection(("127.0.0.1", hall.port), timeout=BACK_S)


def answered(line: socket.socket) -> tuple[int, bytes]:
    received = b""
    while piece := line.recv(65_536):
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head.split()[1]), body
