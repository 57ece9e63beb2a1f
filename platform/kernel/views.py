"""Looks at confidential things (谁看过): one hash chain for each day, written before the answer is given."""

import hashlib
from datetime import datetime
from zoneinfo import ZoneInfo

import rfc8785
from tortoise.exceptions import IntegrityError

from kernel.database import transaction
from kernel.errors import Degraded
from kernel.journal import GENESIS, instant
from kernel.models import View
from kernel.permissions import Actor

CITY = ZoneInfo("Asia/Shanghai")
TRIES = 5
NAMES = ("day", "seq", "actor_id", "subject", "field", "purpose")  # with the instant: what a view's hash covers


async def record(subject: str, field: str, *, purpose: str, by: Actor, at: datetime) -> View:
    """Raises Degraded when it can't be written: without the record, nothing is shown."""
    day = f"{at.astimezone(CITY):%Y-%m-%d}"
    for _ in range(TRIES):
        try:
            async with transaction():
                last = await View.filter(day=day).order_by("-seq").first()
                view = View(
                    day=day, seq=last.seq + 1 if last else 1, at=at, actor_id=by.id, subject=subject, field=field,
                    purpose=purpose, prev_hash=last.hash if last else GENESIS,
                )  # fmt: skip
                view.hash = digest(view)
                await view.save(force_create=True)
                return view
        except IntegrityError:  # two looked at once: the later one follows the earlier
            continue
    raise Degraded(what="查看记录")


def digest(view: View) -> bytes:
    line = {name: getattr(view, name) for name in NAMES} | {"at": instant(view.at)}
    return hashlib.sha256(view.prev_hash + rfc8785.dumps(line)).digest()


async def of(subject: str) -> list[View]:
    """Who looked, newest first."""
    return await View.filter(subject=subject).order_by("-id")


async def differences() -> tuple[int, list[str]]:
    """Replay every day's chain: how many views, and what doesn't hold."""
    found: list[str] = []
    checked, day, seq, head = 0, "", 0, GENESIS
    async for view in View.all().order_by("day", "seq"):
        if view.day != day:
            day, seq, head = view.day, 0, GENESIS
        seq += 1
        if view.seq != seq or view.prev_hash != head or view.hash != digest(view):
            found.append(f"查看记录 {view.day} 第 {seq} 条断链")
            seq = view.seq
        checked, head = checked + 1, view.hash
    return checked, found
