"""Time: rows TI of the security reference, with a real process whose clock is put forward and back."""

import json
import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kernel.clockguard import actions, measuring, queries
from kernel.clockguard.actions import ClockSuspect
from kernel.clockguard.measuring import Guard
from kernel.clockguard.models import Suspicion
from kernel.edge import security
from kernel.edge.models import SecurityEvent
from kernel.errors import NotAllowed
from kernel.people.permissions import ROLES
from kernel.permissions import Actor, powers
from tests import factories as f
from tests.factories import NOW
from tests.halls import ROOT
from tests.servers import program

JUMPS = {"-10 min": -600, "+1 d": 86_400, "-1 h": -3_600, "+5 s": 5, "-3 s": -3, "+10 min": 600}
S = timedelta(seconds=1)
ADMIN = Actor(
    id=90, name="系统管理员", powers=powers([("system_admin", "/")], ROLES), roles=("system_admin",), kind="staff"
)


@pytest.fixture(params=["sqlite", "postgres"], scope="module")
def jumped(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> dict[str, dict[str, Any]]:
    """What a process saw whose clock was put to each of them and back: jumping.py does it to itself."""
    program("faketime")
    (library,) = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
    folder = tmp_path_factory.mktemp("clock")
    url = f"sqlite://{shutil.copy(sqlite_template, folder / 'hall.db')}"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_template").create("hall_of_time", like="template_hall")
    (folder / "now").write_text("+0s\n")
    faked = {
        "LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(folder / "now"), "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }  # fmt: skip
    command = [sys.executable, "-m", "tests.security.jumping", url, str(folder / "now"), *map(str, JUMPS.values())]
    env = os.environ | faked | {"PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}"}
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    return dict(zip(JUMPS, map(json.loads, done.stdout.splitlines()), strict=True))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("jump", JUMPS)
def test_ti01_a_jump_is_noticed_told_and_forgiven_and_nothing_else_suffers(
    jumped: dict[str, dict[str, Any]], jump: str
) -> None:
    saw = jumped[jump]
    assert abs(saw["moved_s"] - JUMPS[jump]) < 30  # the clock really went there
    late = -actions.LATE_S < JUMPS[jump] < 0  # as if read at the door a moment ago: only the next look knows better
    assert saw["trusted_at_once"] is late
    assert abs(saw["noticed_ms"] / 1000 - JUMPS[jump]) < 2
    assert saw["metrics"] == 1
    assert saw["ended_session_revived"] is False
    assert saw["idle_session_revived"] is False
    assert saw["new_session_lives"] is True
    assert saw["registered"] is True
    assert saw["due_moved_s"] == 0
    assert saw["log_rises"] is True
    assert saw["forgiven"] is True
    assert saw["old_session_after"] is saw["old_session_meanwhile"] is (jump != "+1 d")


@pytest.fixture
def guard(monkeypatch: pytest.MonkeyPatch) -> Guard:
    """Of a process that has just begun, at NOW, a hundred seconds after its machine."""
    new = Guard()
    monkeypatch.setattr(actions, "guard", new)
    new.look(NOW, 100.0)
    return new


def test_ti01_a_clock_that_is_slewed_stays_trusted_for_as_long_as_it_takes(guard: Guard) -> None:
    jumps = [guard.look(NOW + second * S * 1.0005, 100.0 + second) for second in range(7_200)]
    assert not any(jumps)


@pytest.mark.parametrize(("seconds", "noticed"), [(1.9, False), (-1.9, False), (2.1, True), (-2.1, True)])
def test_ti01_two_seconds_are_the_measure(guard: Guard, seconds: float, noticed: bool) -> None:
    assert bool(guard.look(NOW + S + seconds * S, 101.0)) is noticed


def test_ti01_two_small_steps_within_a_minute_are_one(guard: Guard) -> None:
    assert not guard.look(NOW + 11.5 * S, 110.0)
    assert guard.look(NOW + 23 * S, 120.0) == pytest.approx(3.0, abs=1.6)


def test_ti01_what_has_ended_by_the_time_that_passed_doesnt_begin_again(guard: Guard) -> None:
    assert guard.latest(NOW - 600 * S, 160.0) == NOW + 60 * S
    assert guard.latest(NOW + 86_400 * S, 160.0) == NOW + 86_400 * S
    assert guard.latest(NOW + 59 * S, 160.0) == NOW + 59 * S


@pytest.mark.usefixtures("database")
async def test_ti01_nothing_that_needs_the_time_is_taken_while_any_machine_doubts(
    guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "passing", lambda: 110.0)
    await queries.open_suspicion(anew=True)
    assert await actions.trustworthy(NOW + 10 * S)
    assert await actions.trustworthy(NOW + 5 * S)  # read at the door, asked about later
    assert not await actions.trustworthy(NOW + 15 * S)  # jumped a moment ago, not yet noticed
    assert not await actions.trustworthy(NOW - 600 * S)

    other = await Suspicion.create(host="other", boot="x", since=NOW, offset_ms=-600_000, trusted_ms=0)
    await queries.open_suspicion(anew=True)
    with pytest.raises(ClockSuspect):
        await actions.must_be_trustworthy(NOW + 10 * S)

    await actions.believe(other, by=ADMIN, at=NOW)
    await actions.must_be_trustworthy(NOW + 10 * S)
    assert await SecurityEvent.filter(kind="clock_believed").count() == 1


@pytest.mark.usefixtures("database")
async def test_ti01_only_who_keeps_the_hall_says_that_a_clock_is_right() -> None:
    doubt = await Suspicion.create(host="here", boot="x", since=NOW, offset_ms=5_000, trusted_ms=0)
    with pytest.raises(NotAllowed):
        await actions.believe(doubt, by=f.OPERATOR, at=NOW)
    assert await Suspicion.filter(ended_at=None).count() == 1


@pytest.mark.usefixtures("database")
async def test_ti01_a_process_that_begins_after_the_jump_knows_what_was_trusted_before(
    guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await actions.watch(NOW + 610 * S, 110.0) is not None
    monkeypatch.setattr(actions, "guard", Guard())
    assert await actions.watch(NOW + 620 * S, 120.0) is not None  # still wrong
    assert await actions.watch(NOW + 30 * S, 130.0) is None  # put right
    assert await Suspicion.filter(ended_at=None).count() == 0


@pytest.mark.usefixtures("database")
async def test_ti01_a_person_believes_the_new_time_and_it_is_the_measure_from_then_on(guard: Guard) -> None:
    doubt = await actions.watch(NOW + 610 * S, 110.0)
    assert doubt is not None
    await actions.believe(doubt, by=ADMIN, at=NOW)
    assert await actions.watch(NOW + 611 * S, 111.0) is None
    assert await actions.watch(NOW + 612 * S, 112.0) is None
    assert await actions.watch(NOW + 13 * S, 113.0) is not None


@pytest.mark.usefixtures("database")
async def test_ti02_the_security_log_never_goes_backwards() -> None:
    for back in (0, 600, -10, 86_400):
        await security.log("signin.failed", actor_id=back, at=NOW - back * S)
    times = [event.at for event in await SecurityEvent.all().order_by("id")]
    assert times == sorted(times)
    assert len(times) == 4
