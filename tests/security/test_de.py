"""How the hall stands in its network: rows DE03, DE05, DO02 as bytes on the wire."""

import socket
from collections.abc import Iterator

import httpx
import pytest
from pydantic import ValidationError

from kernel.permissions import ANONYMOUS
from kernel.settings import Settings, settings
from tests.conftest import Client
from tests.halls import Hall, a_hall


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    home = tmp_path_factory.mktemp("edge") / "home"
    with a_hall(home, demo=False, SUNHALL_TRUSTED_PROXIES='["203.0.113.9"]') as hall:
        hall.serve()
        yield hall


def said(hall: Hall, head: bytes) -> int:
    """The status of the first answer to these bytes; 0: the line was closed."""
    with socket.create_connection(("127.0.0.1", hall.port), timeout=10) as line:
        line.sendall(head)
        answer = line.recv(4_096)
    return int(answer.split()[1]) if answer else 0


def test_de03_who_is_no_listed_proxy_speaks_for_nobody(hall: Hall) -> None:
    forged = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https"}
    assert httpx.get(f"{hall.url}/metrics", headers=forged, timeout=20).status_code == 200, "it is still loopback"
    page = httpx.get(f"{hall.url}/sign-in", headers=forged, timeout=20)
    assert "strict-transport-security" not in page.headers


def test_de03_nobody_can_be_told_to_believe_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError):
        Settings(trusted_proxies=("*",))


def test_de05_nothing_but_its_pages_is_served(hall: Hall) -> None:
    for path in (
        "/.git/config",
        "/.env",
        "/hall.db",
        "/keys.json",
        "/static/",
        "/static/../hall.db",
        "/docs",
        "/debug",
    ):
        assert httpx.get(f"{hall.url}{path}", timeout=20).status_code == 404, path


WIRE = {
    "two hosts": (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", {400}),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", {400}),
    "both lengths": (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        {400},
    ),
    "two lengths": (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", {400}),
    "a length below nothing": (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", {400}),
    "a blank before the colon": (b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n", {400}),
    "another authority": (b"GET @evil.example HTTP/1.1\r\nHost: localhost\r\n\r\n", {400, 404}),
    "a head of a megabyte": (b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"a" * 2**20 + b"\r\n\r\n", {0, 431}),
    "a hundred and one fields": (
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(101)) + b"\r\n",
        {431},
    ),
}


@pytest.mark.parametrize("name", WIRE)
def test_do02_a_head_that_two_parsers_could_read_differently_is_refused(hall: Hall, name: str) -> None:
    head, expected = WIRE[name]
    assert said(hall, head) in expected
    assert httpx.get(f"{hall.url}/healthz", timeout=20).status_code == 200


async def test_de05_a_city_in_service_has_no_gallery(signed_in: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await signed_in(ANONYMOUS).get("/_gallery")).status_code == 200
    monkeypatch.setattr(settings(), "gallery", False)
    assert (await signed_in(ANONYMOUS).get("/_gallery")).status_code == 404
