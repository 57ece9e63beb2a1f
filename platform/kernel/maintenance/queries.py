"""How far the hall is open: read once a second in each process."""

from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from weakref import WeakKeyDictionary

from tortoise.backends.base.client import BaseDBAsyncClient

from kernel.database import home
from kernel.maintenance.models import Mode, Opening

FRESH_S = 1.0


@dataclass(frozen=True, slots=True)
class Standing:
    mode: Mode
    reason: str
    since: datetime | None
    read_at: float


_known: WeakKeyDictionary[BaseDBAsyncClient, Standing] = WeakKeyDictionary()


async def standing(*, anew: bool = False) -> Standing:
    here = home()
    known = _known.get(here)
    if known is None or anew or monotonic() - known.read_at > FRESH_S:
        row = await Opening.get_or_none(id=1)
        known = Standing(Mode.OPEN, "", None, monotonic())
        if row is not None:
            known = Standing(row.mode, row.reason, row.since, monotonic())
        _known[here] = known
    return known
