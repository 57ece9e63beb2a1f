"""Tie two things together, or cut the tie. Who ties must see both ends."""

from datetime import datetime

from kernel.database import transaction
from kernel.errors import NotAllowed, Refusal
from kernel.links import queries
from kernel.links.models import LinkRow, LinkType
from kernel.permissions import Actor


class ToItself(Refusal):
    code, text = "to_itself", "不能把事项关联到它自己，或让关联绕成一圈。"


async def tie(source: str, type_: LinkType, target: str, *, by: Actor, at: datetime) -> LinkRow:
    """Twice is once. Raises NotFound for an end that isn't visible, NotAllowed for outsiders, ToItself for a circle."""
    if by.kind not in {"staff", "system"}:
        raise NotAllowed(permission="关联事项")
    for ref in (source, target):
        await queries.seen(ref, by)
    async with transaction():
        if await queries.reaches(type_, target, source):
            raise ToItself
        standing = await queries.standing(type_, source, target)
        if standing is None:
            standing = LinkRow(type=type_, source=source, target=target, tied_by=by.id, tied_at=at)
            await standing.save(force_create=True)
    return standing


async def cut(id_: int, *, by: Actor, at: datetime) -> None:
    """By who sees both ends; the row stays as a record."""
    if by.kind not in {"staff", "system"}:
        raise NotAllowed(permission="关联事项")
    row = await queries.one(id_)
    for ref in (row.source, row.target):
        await queries.seen(ref, by)
    async with transaction():
        row.cut_by, row.cut_at = by.id, at
        await row.save(update_fields=["cut_by", "cut_at"])
