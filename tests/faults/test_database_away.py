"""The database goes away and comes back under the running hall."""

import signal
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests import servers
from tests.halls import Hall, a_hall
from tests.servers import Server

WORDS = "小区从昨天晚上开始停水，物业电话没有人接，请尽快处理。"
BACK_S = 60


@pytest.fixture
def server() -> Iterator[Server]:
    with servers.postgres() as server:
        yield server


@pytest.fixture
def hall(server: Server, tmp_path: Path) -> Iterator[Hall]:
    with a_hall(tmp_path / "home", demo=True, SUNHALL_DATABASE_URL=server.create("hall")) as hall:
        hall.serve()
        yield hall


def registered(hall: Hall, headers: dict[str, str], number: int) -> httpx.Response:
    sent = {
        "channel": "phone",
        "type": "help",
        "title": f"停水第 {number} 天",
        "content": WORDS,
        "place": {"address": "云谷路 6 号"},
    }
    return httpx.post(f"{hall.url}/api/v1/tickets", json=sent, headers=headers, timeout=30)


def test_while_postgresql_is_away_everything_says_so_and_afterwards_all_goes_on_by_itself(
    hall: Hall, server: Server
) -> None:
    headers = hall.token("operator")
    assert registered(hall, headers, 1).status_code == 201

    server.stop()
    away = registered(hall, headers, 2)
    assert (away.status_code, away.json()["error"]["code"]) == (503, "degraded")
    assert "retry-after" in away.headers
    page = httpx.post(f"{hall.url}/hotline/file", data={"content": WORDS, "title": "停水"}, timeout=30)
    assert page.status_code == 503
    assert WORDS in page.text
    assert "停水</textarea>" not in page.text, "what is short is quickly written again"
    assert httpx.get(f"{hall.url}/healthz", timeout=10).status_code == 200
    assert httpx.get(f"{hall.url}/readyz", timeout=10).status_code == 503

    server.start()
    until = time.monotonic() + BACK_S
    while httpx.get(f"{hall.url}/readyz", timeout=10).status_code != 200:
        assert time.monotonic() < until, "it didn't come back by itself"
        time.sleep(0.1)
    assert registered(hall, headers, 3).status_code == 201
    found = httpx.get(f"{hall.url}/api/v1/tickets?q=停水第&limit=100", headers=headers, timeout=10).json()["items"]
    assert sorted(item["title"] for item in found) == ["停水第 1 天", "停水第 3 天"]
    hall.verify()


def test_a_sqlite_file_that_somebody_else_keeps_locked_is_an_outage_and_nothing_is_half_done(tmp_path: Path) -> None:
    with a_hall(tmp_path / "home", demo=True) as hall:
        hall.serve()
        hall.settle()
        headers = hall.token("operator")
        other = sqlite3.connect(tmp_path / "home" / "hall.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        refused = registered(hall, headers, 1)
        other.execute("ROLLBACK")
        other.close()

        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "degraded")
        assert registered(hall, headers, 2).status_code == 201
        hall.kill(signal.SIGTERM)
        hall.verify()
