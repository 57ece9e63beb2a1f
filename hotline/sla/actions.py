"""A month is published once, when nothing can change its figures any more, without what is confidential."""

from datetime import date, datetime, timedelta

from hotline.categories import queries as categories
from hotline.kpi.definitions import BY_CODE
from hotline.kpi.queries import units
from hotline.sla import counting, queries
from hotline.sla.models import Published
from hotline.sla.recompute import REST
from hotline.sla.rules import K_MIN, shown
from kernel.citytime import day_of, midnight
from oversight.kpi.queries import Asked, provisional

CODES = ("signed", "contacted", "on_time", "on_time_unextended", "at_once", "extended", "solved", "satisfied")
MONTHS_BACK = 3


async def publish(*, at: datetime) -> int:
    """What is missing of the last months. How many were published."""
    done, month = 0, day_of(at).replace(day=1)
    for _ in range(MONTHS_BACK):
        month = (month - timedelta(days=1)).replace(day=1)
        if not _provisional(month, at) and await queries.of_month(month) is None:
            rows = await _rows(month, at)
            if rows:
                await Published.create(month=month, made_at=at, k_min=K_MIN, rows=rows)
                done += 1
    return done


def _provisional(month: date, at: datetime) -> bool:
    until = midnight((month + timedelta(days=31)).replace(day=1))
    return any(provisional(BY_CODE[code], Asked(since=midnight(month), until=until, at=at)) for code in CODES)


async def _rows(month: date, at: datetime) -> list[dict[str, str]]:
    names = await units()
    groups = {one.code[:2]: one.name for one in await categories.tree() if one.level == 1}
    found = []
    for code in CODES:
        kept, rest = shown(await counting.of_month(BY_CODE[code], month, names, groups, at))
        found += [_row(month, code, "cell", agency, group, *kept[agency, group]) for agency, group in kept]
        if rest[1]:
            found.append(_row(month, code, REST, "", "", *rest))
    return found


def _row(month: date, code: str, row: str, agency: str, category: str, n: int, d: int) -> dict[str, str]:
    definition = BY_CODE[code]
    return {
        "month": f"{month:%Y-%m}", "code": code, "name": definition.name, "version": f"{definition.version}",
        "row": row, "agency": agency, "category": category, "numerator": f"{n}", "denominator": f"{d}",
    }  # fmt: skip
