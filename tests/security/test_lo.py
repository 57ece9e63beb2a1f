"""The security log: what is in it, and that it stands at a second place, too."""

import json
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from kernel.edge import security
from kernel.observability import syslog
from kernel.settings import settings

pytestmark = pytest.mark.usefixtures("database")
ARRIVED_S = 30


class LogServer(socketserver.ThreadingTCPServer):
    """A log server on loopback that reads octet-counted lines (RFC 6587)."""

    allow_reuse_address = True
    lines: list[str]

    def wait_for(self, count: int) -> None:
        """The sender is done as soon as its system has taken the lines; here they arrive a moment later."""
        until = time.monotonic() + ARRIVED_S
        while len(self.lines) < count and time.monotonic() < until:
            time.sleep(0.01)


class Reader(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, LogServer)
        while True:
            length = b""
            while (sign := self.rfile.read(1)) not in (b" ", b""):
                length += sign
            if not length:
                return
            self.server.lines.append(self.rfile.read(int(length)).decode())


@contextmanager
def a_log_server(port: int = 0) -> Iterator[LogServer]:
    with LogServer(("127.0.0.1", port), Reader) as server:
        server.lines = []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(5)


async def happened(count: int, *, first: int = 0) -> None:
    at = datetime.now(UTC) - timedelta(minutes=10)
    for number in range(first, first + count):
        await security.log("sign_in", actor_id=number, at=at + timedelta(seconds=number), way="web\nforged: line")


async def shipped() -> int:
    return await syslog.ship({"worker": "w"})


async def test_lo04_every_event_stands_at_the_second_place_once_and_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    await happened(7)
    with a_log_server() as server:
        monkeypatch.setattr(settings(), "syslog_url", f"tcp://127.0.0.1:{server.server_address[1]}")
        assert await shipped() == 7
        assert await shipped() == 0
        await happened(2, first=7)
        assert await shipped() == 2
        server.wait_for(9)
    told = [json.loads(line.partition(" - sign_in - ")[2]) for line in server.lines]
    assert [one["actor"] for one in told] == list(range(9))
    assert all(line.startswith("<85>1 20") and "\n" not in line for line in server.lines), "one line an event"


async def test_lo04_while_the_second_place_is_away_nothing_is_lost_and_the_job_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await happened(3)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setattr(settings(), "syslog_url", f"tcp://127.0.0.1:{port}")
    with pytest.raises(OSError, match=r".+"):
        await shipped()
    with a_log_server(port) as server:
        assert await shipped() == 3
        server.wait_for(3)
    assert len(server.lines) == 3


async def test_lo04_datagrams_serve_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    await happened(2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        monkeypatch.setattr(settings(), "syslog_url", f"udp://127.0.0.1:{server.getsockname()[1]}")
        assert await shipped() == 2
        assert json.loads(server.recv(2000).decode().partition(" - sign_in - ")[2])["actor"] == 0
