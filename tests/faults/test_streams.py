"""A live stream through broken lines and killed processes: who comes back has missed nothing and gets nothing twice."""

import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.calling import CALL
from tests.halls import Hall, a_hall
from tests.streams import Line

MANY = 12


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    with a_hall(tmp_path_factory.mktemp("live") / "home", demo=True) as hall:
        hall.serve()
        hall.settle()
        yield hall


def filed(hall: Hall, count: int) -> None:
    headers = hall.token("operator")
    for number in range(count):
        answer = httpx.post(
            f"{hall.url}/api/v1/tickets", json=CALL | {"title": f"停水 {number}"}, headers=headers, timeout=20
        )
        assert answer.status_code == 201


def registered(*lines: Line) -> int:
    return sum(what == "登记" for line in lines for _, what in line.told)


def watched(hall: Hall) -> Line:
    line = Line(f"{hall.url}/hotline/wall/live", hall.token("manager"))
    assert line.status == 200
    return line


def test_a_line_that_breaks_is_taken_up_where_it_broke(hall: Hall) -> None:
    first = watched(hall)
    filed(hall, 2)
    first.until(lambda: registered(first) == 2)
    first.drop()
    filed(hall, MANY)
    second = first.again()
    second.until(lambda: registered(second) == MANY)
    filed(hall, 1)
    second.until(lambda: registered(second) == MANY + 1)
    second.drop()
    places = [place for line in (first, second) for place, _ in line.told]
    assert places == sorted(set(places))


def test_a_process_that_is_killed_and_begun_anew_tells_the_rest(hall: Hall) -> None:
    first = watched(hall)
    filed(hall, 2)
    first.until(lambda: registered(first) == 2)
    hall.kill()
    first.until(lambda: first.over)
    hall.serve()
    filed(hall, MANY)
    second = first.again()
    second.until(lambda: registered(second) == MANY)
    second.drop()
    places = [place for line in (first, second) for place, _ in line.told]
    assert places == sorted(set(places))


def test_a_process_that_is_told_to_stop_ends_its_streams_and_does_not_wait_for_them(hall: Hall) -> None:
    line, process = watched(hall), hall.process
    assert process is not None
    process.send_signal(signal.SIGTERM)
    process.wait(15)  # it would wait twenty seconds for an answer under way
    line.until(lambda: line.over)
    hall.process = None
    hall.serve()
    assert Path(f"/proc/{process.pid}").exists() is False
