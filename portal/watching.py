"""The jobs that do what `sunhall doctor` does and tell the administrators what is new: every five minutes what is
quickly known; once a night, after the clearing at 03:40, what takes longer the more there is."""

from datetime import UTC, datetime
from typing import Any

from arq import cron

from kernel.maintenance.models import Mode
from kernel.maintenance.queries import standing
from kernel.upkeep import actions as upkeep

EVERY_MIN = 5


async def watch(ctx: dict[str, Any]) -> int:
    """How many alarms were raised."""
    if (await standing()).mode is not Mode.OPEN:
        return 0
    from portal import checks
    from portal.modules import MODULES

    at, others = datetime.now(UTC), checks.nightly_parts(MODULES)
    raised, _ = await upkeep.keep(await checks.standing(MODULES, at), at=at, of=lambda part: part not in others)
    return raised


async def watch_nightly(ctx: dict[str, Any]) -> int:
    """How many alarms were raised."""
    if (await standing()).mode is not Mode.OPEN:
        return 0
    from portal import checks
    from portal.modules import MODULES

    ours = checks.nightly_parts(MODULES)
    raised, _ = await upkeep.keep(await checks.nightly(MODULES), at=datetime.now(UTC), of=ours.__contains__)
    return raised


WATCH = (
    cron(watch, minute=set(range(0, 60, EVERY_MIN)), second=40),
    cron(watch_nightly, hour=4, minute=40, timeout=3_600),
)
