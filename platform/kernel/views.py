"""Looks at confidential things (谁看过): one hash chain for each day, written before the answer is given.

Why somebody looked is told in words that may name anybody: the chain keeps a salted digest, the text is sealed."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

import rfc8785
from asyncpg import PostgresError
from tortoise.exceptions import BaseORMException, IntegrityError

from kernel.citytime import CITY
from kernel.database import transaction
from kernel.errors import Degraded
from kernel.journal import GENESIS, instant, opened, salted, sealed_text
from kernel.models import SealedText, View
from kernel.permissions import Actor

TRIES = 5
PURPOSE = "purpose"  # the name its text is sealed under
NAMES = ("day", "seq", "actor_id", "subject", "field", "purpose")  # with the instant: what a view's hash covers


async def record(subject: str, field: str, *, purpose: str, by: Actor, at: datetime) -> View:
    """Raises Degraded when it can't be written: without the record, nothing is shown."""
    day = f"{at.astimezone(CITY):%Y-%m-%d}"
    for _ in range(TRIES):
        try:
            async with transaction():
                last = await View.filter(day=day).order_by("-seq").first()
                text = sealed_text(place_of(day), last.seq + 1 if last else 1, PURPOSE, purpose)
                view = View(
                    day=day, seq=text.seq, at=at, actor_id=by.id, subject=subject, field=field,
                    purpose=salted(text.salt, purpose), prev_hash=last.hash if last else GENESIS,
                )  # fmt: skip
                view.hash = digest(view)
                await view.save(force_create=True)
                await text.save(force_create=True)
                return view
        except IntegrityError:  # two looked at once: the later one follows the earlier
            continue
        except (BaseORMException, PostgresError) as problem:
            raise Degraded(what="查看记录") from problem
    raise Degraded(what="查看记录")


async def lately(subject: str, field: str, *, by: Actor, since: datetime) -> bool:
    """Whether this person's look is on record already."""
    return await View.filter(subject=subject, field=field, actor_id=by.id, at__gte=since).exists()


def digest(view: View) -> bytes:
    line = {name: getattr(view, name) for name in NAMES} | {"at": instant(view.at)}
    return hashlib.sha256(view.prev_hash + rfc8785.dumps(line)).digest()


async def of(subject: str) -> list[View]:
    """Who looked, newest first."""
    return await View.filter(subject=subject).order_by("-id")


async def purposes(views: Sequence[View]) -> dict[int, str]:
    """Id of a view → why they looked; what was erased is not there. One query for a page."""
    if not views:
        return {}
    ids = {(place_of(view.day), view.seq): view.id for view in views}
    days, seqs = {day for day, _ in ids}, {seq for _, seq in ids}
    rows = await SealedText.filter(subject__in=days, seq__in=seqs, field=PURPOSE)
    return {ids[row.subject, row.seq]: opened(row) for row in rows if (row.subject, row.seq) in ids}


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


def place_of(day: str) -> str:
    """What the purposes of that day are sealed under; no kind of thing is named so."""
    return f"view:{day}"
