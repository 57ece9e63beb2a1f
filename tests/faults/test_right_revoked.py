"""Who may no longer see a thing isn't shown it from that moment on, and within a second it isn't counted, either."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.halls import Hall, a_hall

ASKERS, GONE_S_MAX, BEFORE, ON_S = 3, 1.0, 5, 1.5
TURNS, WAIT_S = 3, 60
CALL = {
    "channel": "phone", "type": "help", "title": "小区停水两天", "content": "云谷家园停水两天，无人通知，老人多。",
    "place": {"address": "江北区云谷路 66 号"},
}  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """One search: when it was asked, what it showed, how many there are and whether that is exact."""

    at: float
    shown: set[str]
    count: int
    exact: bool
    degraded: bool


@pytest.fixture(params=["tantivy", "elasticsearch"])
def hall(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hall]:
    more = {}
    if request.param == "elasticsearch":
        node = request.getfixturevalue("elasticsearch")
        more = {"SUNHALL_SEARCH_URL": node.url, "SUNHALL_SEARCH_PREFIX": f"revoked{uuid4().hex[:8]}"}
    with a_hall(tmp_path / "home", demo=True, SUNHALL_TRUSTED_NETWORKS='["127.0.0.0/8"]', **more) as hall:
        hall.serve()
        hall.settle()
        wait_for(lambda: not asked(hall, {}, "停水").degraded)
        yield hall


def test_a_ticket_that_is_taken_back_from_an_agency_is_gone_from_its_search_at_once_and_from_its_counts_within_a_second(
    hall: Hall,
) -> None:
    tokens, dispatcher = [hall.token("agency") for _ in range(ASKERS)], hall.token("dispatcher")
    agency = tokens[0]
    for _ in range(TURNS):
        ticket = dispatched(hall, dispatcher)
        no = ticket["no"]
        before = asked(hall, agency, no)
        assert (before.shown, before.count, before.degraded) == ({no}, 1, False)
        with asking(hall, tokens, no) as seen:
            wait_for(lambda: len(seen) >= BEFORE)
            told = {"version": ticket["version"], "facts": {"reason": "派错单位，请重派"}}
            path = f"{hall.url}/api/v1/tickets/{no}/moves/recall"
            answer = httpx.post(path, json=told, headers=dispatcher, timeout=20)
            revoked = monotonic()
            assert answer.status_code == 200, answer.text
            sleep(ON_S)
        assert seen[0].shown == {no}
        later = [one for one in seen if one.at >= revoked]
        assert len(later) >= ASKERS
        assert not any(no in one.shown for one in later), "never shown in between"
        counted = max((one.at - revoked for one in later if not one.exact), default=0.0)
        print(f"{no}: {len(later)} searches after it, counted for {counted:.2f} s")
        assert counted <= GONE_S_MAX, "the index finds it no longer: nothing is withheld at the last check"
        assert not later[-1].degraded


def test_whose_roles_another_process_takes_away_finds_nothing_by_them_from_that_moment_on(hall: Hall) -> None:
    tokens = [hall.token("agency") for _ in range(ASKERS)]
    no = dispatched(hall, hall.token("dispatcher"))["no"]
    with asking(hall, tokens, no) as seen:
        wait_for(lambda: len(seen) >= BEFORE)
        revoked = float(hall.run_module("tests.faults.revoking", "agency").stdout)
        sleep(ON_S)
    assert any(one.shown == {no} for one in seen if one.at < revoked)
    later = [one for one in seen if one.at >= revoked]
    assert len(later) >= ASKERS
    assert not any(no in one.shown or not one.exact for one in later), "neither shown nor counted"


def dispatched(hall: Hall, dispatcher: dict[str, str]) -> dict[str, Any]:
    """A call that stands with the agency, unsigned and found by its number."""
    taken = httpx.post(f"{hall.url}/api/v1/tickets", json=CALL, headers=hall.token("operator"), timeout=20)
    assert taken.status_code == 201, taken.text
    sent = {"version": taken.json()["version"], "facts": {"lead": "SWJT", "basis": "派单目录：供水 对应单位职责"}}
    path = f"{hall.url}/api/v1/tickets/{taken.json()['no']}/moves/dispatch"
    moved = httpx.post(path, json=sent, headers=dispatcher, timeout=20)
    assert moved.status_code == 200, moved.text
    hall.settle()
    ticket: dict[str, Any] = moved.json()
    return ticket


@contextmanager
def asking(hall: Hall, tokens: list[dict[str, str]], no: str) -> Iterator[list[Seen]]:
    """Without a pause, by several at once, each in a session of its own; the list grows meanwhile."""
    seen, over = list[Seen](), Event()

    def go_on(token: dict[str, str]) -> None:
        while not over.is_set():
            seen.append(asked(hall, token, no))

    with ThreadPoolExecutor(len(tokens)) as threads:
        going = [threads.submit(go_on, token) for token in tokens]
        try:
            yield seen
        finally:
            over.set()
    for one in going:
        one.result()


def asked(hall: Hall, headers: dict[str, str], no: str) -> Seen:
    at = monotonic()
    answer = httpx.get(f"{hall.url}/api/v1/search", params={"q": no, "count": "true"}, headers=headers, timeout=20)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    shown = {item["no"] for item in told["items"]}
    return Seen(at, shown, told["count"]["value"], told["count"]["exact"], told["degraded"])


def wait_for(true: Callable[[], bool]) -> None:
    until = monotonic() + WAIT_S
    while not true():
        assert monotonic() < until
        sleep(0.01)
