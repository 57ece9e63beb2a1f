"""Every morning: whoever saved a search hears what is new to it."""

import logging
from datetime import UTC, datetime
from typing import Any

from arq import cron

from kernel.citytime import day_of
from kernel.errors import Refusal
from search.saving import actions, queries

BATCH, LOOK_S_MAX = 100, 3_600
log = logging.getLogger(__name__)


async def look_through(ctx: dict[str, Any], *, at: datetime | None = None) -> int:
    """How many people were told. One that can't be asked any more (its words have become too many) stops nobody."""
    now, told, last = at or datetime.now(UTC), 0, 0
    while batch := await queries.to_look_through(day_of(now), last, BATCH):
        for saved in batch:
            last = saved.id
            try:
                told += await actions.look_through(saved, at=now) > 0
            except Refusal as refusal:
                log.warning("saved search %s wasn't looked through: %s", saved.id, refusal)
    return told


JOBS = (cron(look_through, name="search.saved", hour={0}, minute={30}, timeout=LOOK_S_MAX),)  # 08:30 in the city
