"""A stop that is asked for takes a moment and loses nothing."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from tests import servers
from tests.halls import Hall, a_hall

START_S, STOP_S = 90, 5


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    with servers.redis() as redis, a_hall(tmp_path / "home", demo=False, SUNHALL_REDIS_URL=redis.url) as hall:
        yield hall


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=lambda how: how.name)
@pytest.mark.parametrize("command", ["worker", "serve"])
def test_a_process_ends_within_seconds_of_being_told(hall: Hall, command: str, how: signal.Signals) -> None:
    process = hall.begin(command, *(["--port", str(hall.port)] if command == "serve" else []))
    with Redis.from_url(hall.more["SUNHALL_REDIS_URL"]) as redis:
        until = time.monotonic() + START_S
        while len(redis.client_list()) < 2:  # we and they
            assert time.monotonic() < until, "it never came to its queue"
            time.sleep(0.2)
    time.sleep(3)
    assert process.poll() is None, "it ended by itself"

    process.send_signal(how)

    assert process.wait(STOP_S) in (0, -how), command


@pytest.mark.parametrize("workers", ["1", "2"])
def test_web_processes_that_cannot_start_end_the_command_with_three(tmp_path: Path, workers: str) -> None:
    with servers.postgres() as postgres:
        told = {"SUNHALL_DATABASE_URL": postgres.create("hall"), "SUNHALL_REDIS_URL": "nonsense://nowhere"}
        with a_hall(tmp_path / "home", demo=False, **told) as hall:
            assert hall.begin("serve", "--port", str(hall.port), "--workers", workers).wait(90) == 3
