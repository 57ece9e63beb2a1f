"""Whose warrants somebody may see, and which of them opens a thing just now."""

from collections.abc import Collection
from datetime import datetime

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from kernel import kinds
from kernel.errors import NotFound
from kernel.people import queries as people
from kernel.people.permissions import P
from kernel.permissions import Actor
from kernel.scopes import within
from kernel.warrants.models import Warrant
from kernel.warrants.states import WarrantState


def visible_to(actor: Actor) -> QuerySet[Warrant]:
    """One's own, those under the paths of who decides, and all of them for the auditor."""
    if actor.may(P.SECURITY_READ, "/"):
        return Warrant.all()
    return Warrant.filter(Q(asked_by=actor.id) | within("region_path", actor.powers.get(P.WARRANT_STOP, ())))


async def newest(actor: Actor, limit: int) -> list[Warrant]:
    return await visible_to(actor).order_by("-id").limit(limit)


async def one(actor: Actor, no: str) -> Warrant:
    found = await visible_to(actor).get_or_none(no=no)
    if found is None:
        raise NotFound(what="该调阅令")
    return found


async def open_for(actor: Actor, ref: str, at: datetime) -> Warrant | None:
    """The warrant that lets this actor read this thing at that instant."""
    return next((one for one in await had_for(actor, ref) if one.runs(at)), None)


async def had_for(actor: Actor, ref: str) -> list[Warrant]:
    """Those that were approved for this actor and this thing, over or not, newest first."""
    if actor.kind != "staff" or not actor.may_anywhere(P.WARRANT_ASK):
        return []
    found = Warrant.filter(asked_by=actor.id, subjects__contains=ref).exclude(until=None).order_by("-id")
    return [one for one in await found if ref in one.refs]


async def held_by(account_id: int, at: datetime) -> list[Warrant]:
    """Asked for and undecided, or running."""
    asked = Warrant.filter(
        asked_by=account_id, state__in=[WarrantState.ASKED, WarrantState.CONFIRMED, WarrantState.OPEN]
    )
    return [one for one in await asked.order_by("id") if one.runs(at) or one.state is not WarrantState.OPEN]


def readable() -> list[tuple[str, str]]:
    """Kinds of things whose content a warrant opens, with their labels."""
    return [(kind.model.kind, kind.model.label) for kind in kinds.every() if kind.by_warrant]


def address(ref: str) -> str:
    kind, no = kinds.kind_of(ref)
    return kind.url(kind.model(no=no))


async def told(region_path: str) -> Collection[int]:
    """Who hears of every step and every use: the auditors and the chiefs."""
    auditors, chiefs = await people.holders(P.SECURITY_READ, "/"), await people.holders(P.WARRANT_APPROVE, region_path)
    return dict.fromkeys([*auditors, *chiefs])
