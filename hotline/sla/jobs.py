"""A month that is over becomes public."""

from datetime import UTC, datetime
from typing import Any

from hotline.sla import actions


async def publish_month(ctx: dict[str, Any]) -> int:
    return await actions.publish(at=datetime.now(UTC))
