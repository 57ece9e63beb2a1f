"""A month from its rows: each in the cell of one unit only, a ticket in that of who led it in the end."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from hotline.sla.rules import Cell, Name
from hotline.tickets import queries as tickets
from kernel.citytime import midnight
from kernel.permissions import SYSTEM, Clearance
from oversight.kpi import queries
from oversight.kpi.definitions import Definition
from oversight.kpi.queries import Asked

DAYS_A_TURN = timedelta(days=8)  # whose rows are held at once
UNKNOWN = "未分类"
EVERYBODY = replace(SYSTEM, clearance=Clearance.PLAIN)  # what is confidential isn't counted


async def of_month(
    definition: Definition, month: date, names: Mapping[str, str], groups: Mapping[str, str], at: datetime
) -> dict[Name, Cell]:
    """`names`: path → unit; `groups`: first level of the categories → its name."""
    found, day, following = dict[Name, Cell](), month, (month + timedelta(days=31)).replace(day=1)
    while day < following:
        until = min(day + DAYS_A_TURN, following)
        asked = Asked(since=midnight(day), until=midnight(until), at=at)
        hit = {*await queries.hits(definition, EVERYBODY, asked).values_list("id", flat=True)}
        for row, ticket, unit, category in await _rows(definition, asked):
            cell = found.setdefault((_of(unit, names), groups.get((category or "")[:2], UNKNOWN)), Cell())
            cell.of, cell.hit = cell.of + 1, cell.hit + (row in hit)
            cell.matters.add(ticket)
        day = until
    return found


async def _rows(definition: Definition, asked: Asked) -> list[tuple[int, int, str, str | None]]:
    """(row, its ticket, path of the unit, category)"""
    rows = queries.rows(definition, EVERYBODY, asked)
    if definition.kind == "assignment":
        return [*await rows.values_list("id", "ticket_id", definition.unit, definition.part)]
    leads = await tickets.led(rows)
    return [(row, row, leads.get(row, ""), part) for row, part in await rows.values_list("id", definition.part)]


def _of(path: str, names: Mapping[str, str]) -> str:
    return next((name for top, name in names.items() if path.startswith(top)), "")
