"""A process that puts its own clock forward and back, by the file that libfaketime reads, and tells what it saw."""

import asyncio
import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.requests import HTTPConnection

os.environ.setdefault("SUNHALL_SECRET", "only-for-tests-0123456789abcdef0123456789")

from kernel.clockguard import actions, queries
from kernel.clockguard.models import Suspicion
from kernel.clockguard.watching import watched
from kernel.clocks.models import Clock
from kernel.database import opened
from kernel.edge import security
from kernel.edge.models import SecurityEvent
from kernel.module import database_config, install
from kernel.people import sessions
from kernel.people.models import Account, AccountKind, Session
from portal.modules import MODULES
from tests.factories import a_ticket

WAIT_S = 30


def now() -> datetime:
    return datetime.now(UTC)


def put(file: Path, seconds: int) -> None:
    new = file.with_suffix(".new")
    new.write_text(f"{seconds:+d}s\n")
    new.replace(file)


async def becomes(suspect: bool) -> Suspicion | None:
    for _ in range(WAIT_S * 10):
        found = await queries.open_suspicion(anew=True)
        if (found is not None) is suspect:
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(f"suspect is not {suspect} after {WAIT_S} s")


async def begin(account: Account) -> str:
    return await sessions.begin(account, kind="api", address="127.0.0.1", agent="jumping", at=now())


async def alive(token: str) -> bool:
    sessions.forget()
    headers = [(b"authorization", f"Bearer {token}".encode())]
    return await sessions.find(HTTPConnection({"type": "http", "headers": headers}), now()) is not None


async def jump(account: Account, file: Path, seconds: int) -> dict[str, Any]:
    put(file, 0)
    await becomes(False)
    lasting, gone, idle = [await begin(account) for _ in range(3)]
    found = await Session.all().order_by("-id").limit(2)
    await sessions.end(found[1].id, at=now())
    await Session.filter(id=found[0].id).update(seen_at=now() - timedelta(minutes=35))
    ticket = await a_ticket(at=now())
    due = {clock.id: clock.due_at for clock in await Clock.filter(subject=ticket.ref)}
    before, passed = now(), asyncio.get_running_loop().time()

    put(file, seconds)
    saw: dict[str, Any] = {"trusted_at_once": await actions.trustworthy(now())}
    moved = (now() - before).total_seconds() - (asyncio.get_running_loop().time() - passed)
    suspicion = await becomes(True)
    assert suspicion is not None
    saw |= {"moved_s": moved, "noticed_ms": suspicion.offset_ms, "metrics": (await queries.counts())["suspect"]}
    saw |= {"ended_session_revived": await alive(gone), "idle_session_revived": await alive(idle)}
    saw |= {"new_session_lives": await alive(await begin(account)), "old_session_meanwhile": await alive(lasting)}
    await security.log("signin.failed", actor_id=seconds, at=now())
    saw["registered"] = bool((await a_ticket(at=now())).no)
    later = {clock.id: clock.due_at for clock in await Clock.filter(subject=ticket.ref)}
    saw["due_moved_s"] = max(abs((later[one] - due[one]).total_seconds()) for one in due)

    put(file, 0)
    saw["forgiven"] = await becomes(False) is None
    await security.log("signin.failed", actor_id=seconds + 1, at=now())
    times = [event.at for event in await SecurityEvent.all().order_by("id")]
    return saw | {"log_rises": times == sorted(times), "old_session_after": await alive(lasting)}


async def main(url: str, file: Path, jumps: list[int]) -> None:
    install(MODULES)
    async with opened(database_config(MODULES, url), everywhere=True), watched():
        account = await Account.create(username="jumping", name="跳", kind=AccountKind.STAFF, created_at=now())
        for seconds in jumps:
            print(json.dumps(await jump(account, file, seconds)), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), [int(word) for word in sys.argv[3:]]))
