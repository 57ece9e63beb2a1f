"""Which lists there are, and whose requests somebody may see."""

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from kernel.errors import NotFound
from kernel.exports.listed import Listed
from kernel.exports.models import Export
from kernel.exports.states import ExportState
from kernel.module import installed
from kernel.people.permissions import P
from kernel.permissions import Actor
from kernel.scopes import within


def listings() -> dict[str, Listed]:
    return {listed.name: listed for module in installed() for listed in module.lists}


def listing(name: str, actor: Actor) -> Listed:
    """Raises NotFound for a list that isn't there or that this person may not see."""
    listed = listings().get(name)
    if listed is None or not actor.may_anywhere(listed.permission):
        raise NotFound(what="该清单")
    return listed


def visible_to(actor: Actor) -> QuerySet[Export]:
    """One's own, and for who decides those under their paths."""
    return Export.filter(Q(asked_by=actor.id) | within("region_path", actor.powers.get(P.EXPORT_APPROVE, ())))


async def held_by(account_id: int) -> list[Export]:
    """Asked for and undecided, or approved and not past its time for good."""
    asked = Export.filter(asked_by=account_id, state__in=[ExportState.ASKED, ExportState.APPROVED])
    return await asked.order_by("id")


async def newest(actor: Actor, limit: int) -> list[Export]:
    return await visible_to(actor).order_by("-id").limit(limit)


async def one(actor: Actor, no: str) -> Export:
    found = await visible_to(actor).get_or_none(no=no)
    if found is None:
        raise NotFound(what="该导出申请")
    return found
