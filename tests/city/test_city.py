"""`make city`: every service real, well by its own health check, replaced without anybody noticing, ended together."""

import json
import os
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from portal.city import topology
from tests.cities import CityHall
from tests.faults.test_several_processes import alive, descendants, within

pytestmark = pytest.mark.timeout(600)


def test_each_service_runs_and_the_city_says_where_it_is_and_who_is_there(city: CityHall) -> None:
    running = {name for name, service in topology.services({}).items() if not service.profile and not service.once}
    assert all(alive(city.pid(name)) for name in running)
    assert running == {"postgres", "redis", "elasticsearch", "web", "worker"}
    assert f"http://127.0.0.1:{city.port}" in city.said()
    assert "operator" in city.said()
    assert all((city.root / "city" / "logs" / f"{name}.log").exists() for name in running)


def test_two_web_processes_listen_on_one_port_of_loopback(city: CityHall) -> None:
    web = [pid for pid in descendants(city.pid("web")) if "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text()]
    assert len(web) == 2


def test_readiness_and_doctor_say_that_the_search_is_well(city: CityHall) -> None:
    until = time.monotonic() + 60  # a new city's worker builds its index first
    while httpx.get(f"{city.url}/readyz", timeout=10).json()["parts"]["search"] != "ok":
        assert time.monotonic() < until
        time.sleep(0.5)
    told = json.loads(city.run("doctor", "--json", check=False).stdout)
    of_the_machine = {"磁盘", "时钟"}  # a machine that stood still for a while has a clock that jumped
    assert {one["part"] for one in told["problems"]} <= of_the_machine | {"工作日历", "投递"}
    assert not (city.home / "search").exists(), "Elasticsearch serves, not a folder"


def test_redis_lets_nobody_in_without_a_password_and_runs_no_scripts(city: CityHall) -> None:
    from redis import Redis
    from redis.exceptions import NoPermissionError

    address = (city.root / "city" / "secrets" / "sunhall_redis_url").read_text()
    with Redis.from_url(address) as ours, pytest.raises(NoPermissionError):
        ours.eval("return 1", 0)
    with Redis(port=int(address.rpartition(":")[2].partition("/")[0])) as stranger:
        assert stranger.ping()
        with pytest.raises(NoPermissionError):
            stranger.get("arq:queue")


def test_the_servers_checksums_are_on_and_passwords_travel_hashed(city: CityHall) -> None:
    (row,) = city.ask(
        "SELECT current_setting('data_checksums') AS sums, current_setting('password_encryption') AS words"
    )
    assert (row["sums"], row["words"]) == ("on", "scram-sha-256")


def test_no_password_stands_in_a_list_of_processes_or_in_an_environment(city: CityHall) -> None:
    words = [file.read_text() for file in (city.root / "city" / "secrets").glob("*.password")]
    assert city.process is not None
    for pid in descendants(city.process.pid):
        for name in ("cmdline", "environ"):
            with suppress(OSError):  # one that has just ended
                told = Path(f"/proc/{pid}/{name}").read_bytes().decode(errors="replace")
                assert not any(word in told for word in words), (pid, name)


def test_a_service_that_dies_is_started_again(city: CityHall) -> None:
    before = city.pid("redis")
    os.kill(before, signal.SIGKILL)
    within(60, lambda: city.pid("redis") != before and alive(city.pid("redis")))
    within(60, lambda: httpx.get(f"{city.url}/readyz", timeout=10).status_code == 200)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=lambda how: how.name)
def test_it_ends_as_a_whole_and_a_second_start_keeps_the_data(city: CityHall, how: signal.Signals) -> None:
    before = city.ask("SELECT count(*) AS many FROM hotline_ticket")
    assert city.process is not None
    family = descendants(city.process.pid)
    began = time.monotonic()
    assert city.end(how) == 0
    assert time.monotonic() - began < 30
    within(5, lambda: not any(alive(pid) for pid in family))
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", city.port))

    city.serve()

    assert city.ask("SELECT count(*) AS many FROM hotline_ticket") == before
    assert before[0]["many"] >= 300
