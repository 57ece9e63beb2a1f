"""锁定: five wrong passwords close an account's door for a quarter of an hour, then twice as long, at most four hours.

Never for good: otherwise anybody who knows a name could shut its owner out. An unknown name is treated alike."""

import hashlib
import hmac
from datetime import datetime, timedelta

from tortoise.connection import get_connection

from kernel import secrets
from kernel.database import transaction
from kernel.errors import TooMany
from kernel.people.models import Lockout

FAILURES_MAX, WINDOW = 5, timedelta(minutes=15)
FIRST, LONGEST = timedelta(minutes=15), timedelta(hours=4)
CALM = timedelta(hours=24)  # after that a new lock is a first one again


async def check(username: str, *, at: datetime) -> None:
    """Raises TooMany with the seconds that are left."""
    row = await Lockout.get_or_none(who=_who(username))
    if row is not None and row.until is not None and at < row.until:
        raise TooMany(retry_after_s=max(1, int((row.until - at).total_seconds())))


async def failed(username: str, *, at: datetime) -> bool:
    """Count one more; whether it locked."""
    async with transaction():
        await Lockout.get_or_create(who=_who(username), defaults={"since": at})
        row = await _mine(username)
        if at - row.since > WINDOW:
            row.failures, row.since = 0, at
        row.failures += 1
        locks = row.failures >= FAILURES_MAX
        if locks:
            row.locks = row.locks + 1 if row.until is not None and at - row.until <= CALM else 1
            row.failures, row.since = 0, at
            row.until = at + min(FIRST * 2 ** (row.locks - 1), LONGEST)
        await row.save()
    return locks


async def forgive(username: str) -> None:
    """After the right password, or by the security administrator."""
    await Lockout.filter(who=_who(username)).delete()


async def forget(*, at: datetime) -> int:
    """Retention: what is older than two days locks nobody."""
    return await Lockout.filter(since__lt=at - 2 * CALM).delete()


async def _mine(username: str) -> Lockout:
    """Under a lock of its own row: failures that come at once are all counted."""
    row = Lockout.filter(who=_who(username))
    if get_connection("default").capabilities.support_for_update:
        row = row.select_for_update()
    return await row.get()


def _who(username: str) -> str:
    return hmac.new(secrets.derive("lockouts"), username.strip().lower().encode(), hashlib.sha256).hexdigest()[:32]
