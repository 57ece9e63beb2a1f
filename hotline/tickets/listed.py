"""工单清单: what may be carried away of the tickets that somebody may see."""

from collections.abc import AsyncIterator
from datetime import datetime

from tortoise.queryset import QuerySet

from hotline.categories import queries as categories
from hotline.permissions import P
from hotline.tickets import disclosure, queries, showing
from hotline.tickets.models import Ticket
from kernel.citytime import CITY
from kernel.exports.listed import Listed, Params, Row
from kernel.permissions import Actor
from kernel.secrets import masking

BATCH = 200


async def count(actor: Actor, params: Params, at: datetime) -> int:
    return await _asked(actor, params, at).count()


async def rows(actor: Actor, params: Params, at: datetime, limit: int) -> AsyncIterator[Row]:
    names = await categories.names()
    async for ticket in _tickets(actor, params, at, limit):
        yield _row(ticket, names)


async def personal_rows(actor: Actor, params: Params, at: datetime, limit: int, purpose: str) -> AsyncIterator[Row]:
    """Each look is on record before its row is given; who asked not to be named stays unnamed to the agency."""
    names = await categories.names()
    async for ticket in _tickets(actor, params, at, limit):
        name, phone = await disclosure.carried(ticket, purpose, by=actor, at=at)
        yield (*_row(ticket, names), name, phone)


async def _tickets(actor: Actor, params: Params, at: datetime, limit: int) -> AsyncIterator[Ticket]:
    given, after = 0, None
    while given < limit:
        found, after = await queries.page(_asked(actor, params, at), after=after, limit=min(BATCH, limit - given))
        for ticket in found:
            given += 1
            yield ticket
        if after is None:
            return


def _asked(actor: Actor, params: Params, at: datetime) -> QuerySet[Ticket]:
    return queries.narrowed(queries.visible_to(actor), showing.asked(params), at)


def _row(ticket: Ticket, names: dict[str, str]) -> Row:
    """What stands on the list's page; a number or an ID in a title is masked."""
    return (
        ticket.no, ticket.state.label, ticket.type.label, masking.mask_text(ticket.title),
        names.get(ticket.category or "", ""), ticket.urgency.label, _local(ticket.registered_at), _local(ticket.due_at),
    )  # fmt: skip


def _local(at: datetime | None) -> str:
    return f"{at.astimezone(CITY):%Y-%m-%d %H:%M}" if at else ""


TICKETS = Listed(
    name="tickets",
    label="工单",
    page="/hotline/tickets",
    permission=P.TICKET_READ,
    columns=("编号", "状态", "性质", "标题", "分类", "紧急", "登记时间", "最近到期"),
    personal_columns=("诉求人", "电话"),
    count=count,
    rows=rows,
    personal_rows=personal_rows,
)
