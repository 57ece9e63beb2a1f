"""Days that are over or were changed are counted."""

from datetime import UTC, datetime
from typing import Any

from oversight.kpi import actions

DAYS_A_TURN = 20


async def fold_grains(ctx: dict[str, Any]) -> int:
    return await actions.fold(at=datetime.now(UTC), days_max=DAYS_A_TURN)
