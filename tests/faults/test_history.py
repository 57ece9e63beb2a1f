"""Several clients move the same few tickets through two web processes that are killed: one history explains it all."""

import asyncio
import hashlib
import random
import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import asyncpg
import httpx
import pytest

from portal.city.ports import free_port
from tests import servers
from tests.faults.history import OK, REFUSED, UNKNOWN, Line, Op, problems
from tests.halls import WAIT_S, Hall, a_hall

CLIENTS, TICKETS, KILLS = 5, 3, 3
BETWEEN_S, BACK_OFF_S, STALE_ONE_IN = 1.5, 0.1, 4
WORDS = "从昨天晚上开始停水，物业电话没有人接，请尽快处理。"
pytestmark = pytest.mark.timeout(600)
HONEST = [
    Op("t", "a", 1, 0.0, 1.0, OK, 2),
    Op("t", "b", 1, 0.5, 1.5, REFUSED),
    Op("t", "c", 2, 2.0, 3.0, UNKNOWN),
    Op("t", "d", 3, 2.5, 4.0, OK, 4),
    Op("t", "e", 4, 5.0, 6.0, UNKNOWN),
]
LEFT = [Line("t", 1, ""), Line("t", 2, "a"), Line("t", 3, "c"), Line("t", 4, "d")]


def test_an_honest_history_is_believed() -> None:
    assert problems(HONEST, LEFT) == []


@pytest.mark.parametrize(
    ("ops", "lines", "told"),
    [
        (HONEST, LEFT[:-1], "d is acknowledged and there 0 times"),
        (HONEST, [*LEFT, Line("t", 5, "d")], "d is acknowledged and there 2 times"),
        (HONEST, [*LEFT, Line("t", 5, "e"), Line("t", 6, "e")], "e is there 2 times"),
        (HONEST, [*LEFT, Line("t", 5, "b")], "b is refused and there"),
        (HONEST, [*LEFT, Line("t", 6, "e")], "versions don't rise by one"),
        (HONEST, [*LEFT, Line("t", 5, "x")], "x was never asked"),
        (HONEST, [*LEFT, Line("u", 1, "x")], "nobody asked for it"),
        ([*HONEST, Op("t", "f", 3, 7.0, 8.0, OK, 5)], [*LEFT, Line("t", 5, "f")], "a stale one was accepted"),
        ([*HONEST[:4], replace(HONEST[3], mark="f", began=9.0, told=5)], LEFT, "f is acknowledged and there 0 times"),
        ([replace(HONEST[0], told=3), *HONEST[1:]], LEFT, "a was told 3 and is 2"),
        ([replace(HONEST[0], began=9.0, ended=9.5), *HONEST[1:]], LEFT, "d had ended before a began"),
        ([*HONEST, Op("t", "f", 4, 7.0, 8.0, REFUSED)], LEFT, "nobody was before it"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_doctored_history_is_rejected(ops: list[Op], lines: list[Line], told: str) -> None:
    assert any(told in problem for problem in problems(ops, lines)), problems(ops, lines)


@dataclass
class Twins:
    """Two web processes of one installation, each on a port of its own."""

    hall: Hall
    database: str
    ports: list[int] = field(default_factory=lambda: [free_port(), free_port()])
    processes: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, port: int) -> None:
        self.processes[port] = self.hall.begin("serve", "--port", str(port), "--workers", "1")

    def wait(self, port: int) -> None:
        until = time.monotonic() + WAIT_S
        while time.monotonic() < until:
            with suppress(httpx.TransportError):
                if httpx.get(f"{at(port)}/healthz", timeout=2).status_code == 200:
                    return
            time.sleep(0.05)
        raise AssertionError(f"nothing answers on {port}")

    def kill(self, port: int) -> None:
        """The command and, with it, its web process."""
        self.processes[port].send_signal(signal.SIGKILL)
        self.processes[port].wait()


def at(port: int) -> str:
    return f"http://127.0.0.1:{port}"


@pytest.fixture
def twins(tmp_path: Path) -> Iterator[Twins]:
    with ExitStack() as stays:
        url = stays.enter_context(servers.postgres()).create("hall")
        city = {"SUNHALL_DATABASE_URL": url, "SUNHALL_REDIS_URL": stays.enter_context(servers.redis()).url}
        twins = Twins(stays.enter_context(a_hall(tmp_path / "home", demo=False, **city)), url)
        twins.hall.run_module("tests.faults.staffing")
        for port in twins.ports:
            twins.start(port)
            stays.callback(twins.kill, port)
        for port in twins.ports:
            twins.wait(port)
        yield twins


def test_one_history_explains_what_clients_were_told_whatever_is_killed(twins: Twins) -> None:
    twins.hall.port = twins.ports[0]
    headers = twins.hall.token("operator")
    tickets = [registered(at(twins.ports[0]), headers, f"起点 {number}")["no"] for number in range(TICKETS)]
    ops, calls, over = list[Op](), dict[str, str](), threading.Event()
    clients = [
        threading.Thread(target=work, args=(twins, headers, tickets, ops, calls, over, random.Random(seed)))  # noqa: S311
        for seed in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    try:
        for number in range(KILLS):
            time.sleep(BETWEEN_S)
            port = twins.ports[number % 2]
            twins.kill(port)
            twins.start(port)
            twins.wait(port)
        time.sleep(BETWEEN_S)
    finally:
        over.set()
    for client in clients:
        client.join(60)
        assert not client.is_alive()

    outcomes = {outcome: len([op for op in ops if op.outcome == outcome]) for outcome in (OK, REFUSED, UNKNOWN)}
    assert all(outcomes.values()), f"the history shows nothing: {outcomes}"
    lines, titles = asyncio.run(left(twins.database, ops))
    assert problems(ops, [line for line in lines if line.about in tickets]) == []
    acknowledged = {key: no for key, no in calls.items() if no}
    assert len(acknowledged) > KILLS
    assert {key: titles[key] for key in acknowledged} == {key: [no] for key, no in acknowledged.items()}
    assert all(len(titles.get(key, [])) <= 1 for key in calls), "registered once or not at all"


def work(
    twins: Twins, headers: dict[str, str], tickets: list[str], ops: list[Op], calls: dict[str, str],
    over: threading.Event, chance: random.Random,
) -> None:  # fmt: skip
    """Reads, decides, asks; now and then on what it read long ago; now and then logs a call under a key."""
    seen: dict[str, int] = {}
    while not over.is_set():
        base, no = at(chance.choice(twins.ports)), chance.choice(tickets)
        try:
            if chance.randrange(STALE_ONE_IN) == 0:
                logged(base, headers, calls)
            if no not in seen or chance.randrange(STALE_ONE_IN):
                answer = httpx.get(f"{base}/api/v1/tickets/{no}", headers=headers, timeout=20)
                if answer.status_code != 200:
                    continue
                seen[no] = answer.json()["version"]
            ops.append(moved(base, headers, no, seen[no], chance))
        except httpx.TransportError:
            time.sleep(BACK_OFF_S)


def moved(base: str, headers: dict[str, str], no: str, version: int, chance: random.Random) -> Op:
    mark = f"标记 {secrets.token_hex(6)}"
    move, facts = chance.choice([
        ("note", {"text": mark}), ("urge", {"text": mark}), ("reclassify", {"urgency": "urgent", "reason": mark}),
    ])  # fmt: skip
    began = time.monotonic()
    outcome, told = UNKNOWN, 0
    with suppress(httpx.TransportError):
        sent = {"version": version, "facts": facts}
        answer = httpx.post(f"{base}/api/v1/tickets/{no}/moves/{move}", json=sent, headers=headers, timeout=20)
        if answer.status_code == 200:
            outcome, told = OK, answer.json()["version"]
        elif answer.status_code != 503:
            assert answer.json()["error"]["code"] == "stale_version", answer.text
            outcome = REFUSED
    return Op(no, mark, version, began, time.monotonic(), outcome, told)


def logged(base: str, headers: dict[str, str], calls: dict[str, str]) -> None:
    """Twice under one key, as after a lost answer: whoever answers both times says the same number."""
    key = f"呼叫 {secrets.token_hex(6)}"
    calls[key] = ""
    for _ in range(2):
        told = registered(base, headers, key)
        if "no" in told:
            assert calls[key] in ("", told["no"])
            calls[key] = told["no"]


def registered(base: str, headers: dict[str, str], title: str) -> dict[str, str]:
    sent = {"channel": "phone", "type": "help", "title": title, "content": WORDS, "place": {"address": "云谷路 6 号"}}
    key = {"Idempotency-Key": hashlib.sha256(title.encode()).hexdigest()[:32]}
    answer = httpx.post(f"{base}/api/v1/tickets", json=sent, headers=headers | key, timeout=20)
    assert answer.status_code in {201, 503}, answer.text
    return dict(answer.json())


async def left(database: str, ops: list[Op]) -> tuple[list[Line], dict[str, list[str]]]:
    """Every ticket's journal with the marks in it, and title → numbers. A sealed mark is known by its salted hash."""
    connection = await asyncpg.connect(database.replace("asyncpg", "postgresql", 1))
    try:
        entries = await connection.fetch(
            "SELECT e.subject, e.seq, e.move, e.facts->>'reason' AS reason, e.facts->'text'->>'sealed' AS sealed, "
            "s.salt FROM kernel_entry e LEFT JOIN kernel_sealed_text s "
            "ON (s.subject, s.seq, s.field) = (e.subject, e.seq, 'text') "
            "WHERE e.subject LIKE 'ticket:%' ORDER BY e.subject, e.seq"
        )
        tickets = await connection.fetch("SELECT no, title FROM hotline_ticket")
    finally:
        await connection.close()
    titles: dict[str, list[str]] = {}
    for row in tickets:
        titles.setdefault(row["title"], []).append(row["no"])
    marks = [op.mark for op in ops]
    lines = []
    for row in entries:
        mark = row["reason"] if row["move"] == "reclassify" else ""
        if row["move"] in {"note", "urge"}:
            hidden = (one for one in marks if hashlib.sha256(row["salt"] + one.encode()).hexdigest() == row["sealed"])
            mark = next(hidden, "of nobody")
        lines.append(Line(row["subject"].partition(":")[2], row["seq"], mark))
    return lines, titles
