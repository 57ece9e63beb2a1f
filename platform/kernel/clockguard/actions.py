"""Doubting a clock, and believing it again."""

import socket
from datetime import datetime

from kernel.clockguard import measuring, queries
from kernel.clockguard.measuring import guard
from kernel.clockguard.models import Suspicion
from kernel.database import transaction
from kernel.edge import security
from kernel.errors import Refusal
from kernel.people.permissions import P
from kernel.permissions import SYSTEM, Actor

LATE_S = 20.0  # a time read at the door may be this old when it is asked about: the longest statement, and some


class ClockSuspect(Refusal):
    """Openings, quotes and sealed bids wait; everything else goes on."""

    status, code, text = 503, "clock_suspect", "服务器的时间有跳动，正在核对；开标、报价和投标暂停接收，请稍后再试。"

    def __init__(self, *, retry_after_s: int = 30) -> None:
        super().__init__()
        self.headers = {"Retry-After": str(retry_after_s)}


async def trustworthy(at: datetime) -> bool:
    """Whether `at`, read from this machine's clock a moment ago, may decide about a deadline. What another process or
    machine has noticed counts, too; what this one notices now is not yet written, and counts already."""
    apart = guard.apart(at, measuring.passing())
    if apart > measuring.APART_S or apart < -measuring.APART_S - LATE_S:
        return False
    return not guard.suspect and await queries.open_suspicion() is None


async def must_be_trustworthy(at: datetime) -> None:
    """Raises ClockSuspect."""
    if not await trustworthy(at):
        raise ClockSuspect


async def watch(at: datetime, passed: float) -> Suspicion | None:
    """One look of this process at its clock; the suspicion that stands afterwards. Every second is often enough."""
    host, boot = socket.gethostname()[:64], measuring.boot()
    known = await queries.of_host(host, boot)
    if known is not None and not guard.suspect and guard.trusted is None:
        guard.trusted = known.trusted_ms / 1000  # begun after the jump: what was trusted before is on record
    elif known is None and guard.told:
        guard.believe(at, passed)  # somebody has said so
    jump = guard.look(at, passed)
    if jump and known is None:
        known = await doubt(host, boot, jump, at=at)
    guard.told = bool(jump)
    if not jump and known is not None:
        await believe(known, by=SYSTEM, at=at)
        known = None
    return known


async def doubt(host: str, boot: str, jump_s: float, *, at: datetime) -> Suspicion:
    async with transaction():
        trusted_ms = round((guard.trusted or 0.0) * 1000)
        made = await Suspicion.create(
            host=host, boot=boot, since=at, offset_ms=round(jump_s * 1000), trusted_ms=trusted_ms
        )
        await security.log("clock_suspect", actor_id=SYSTEM.id, at=at, host=host, seconds=round(jump_s))
    await queries.open_suspicion(anew=True)
    return made


async def believe(suspicion: Suspicion, *, by: Actor, at: datetime) -> None:
    """By the machine when the clock is back where it was; by an administrator who has compared it with another."""
    if by is not SYSTEM:
        by.must(P.HALL_CLOSE, "/")
    async with transaction():
        ended_by = None if by is SYSTEM else by.id
        await Suspicion.filter(host=suspicion.host, ended_at=None).update(ended_at=at, ended_by=ended_by)
        await security.log("clock_believed", actor_id=by.id, at=at, host=suspicion.host)
    await queries.open_suspicion(anew=True)
