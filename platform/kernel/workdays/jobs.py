"""After a notice has been confirmed: the deadlines that ran already."""

from datetime import UTC, datetime
from typing import Any

from arq import cron

from kernel.maintenance.models import Mode
from kernel.maintenance.queries import standing
from kernel.workdays import actions, queries

SHIFTING_MAX_S = 1_800  # what isn't done by then goes on at the next turn


async def shift_deadlines(ctx: dict[str, Any]) -> int:
    """How many notices."""
    waiting = await queries.to_shift() if (await standing()).mode is Mode.OPEN else []
    for proposal in waiting:
        await actions.shift(proposal, at=datetime.now(UTC))
    return len(waiting)


SHIFT = cron(shift_deadlines, second={*range(5, 60, 10)}, timeout=SHIFTING_MAX_S)
