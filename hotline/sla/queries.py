"""Reads of what has been published."""

from datetime import date

from hotline.sla.models import Published

MONTHS_MAX = 24


async def of_month(month: date) -> Published | None:
    return await Published.get_or_none(month=month)


async def months() -> list[date]:
    """The newest first."""
    return [month for (month,) in await Published.all().order_by("-month").limit(MONTHS_MAX).values_list("month")]
