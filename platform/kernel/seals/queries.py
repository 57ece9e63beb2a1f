"""Reads of seals: an agency's own."""

from typing import Any

from tortoise.expressions import Q

from kernel.errors import NotFound
from kernel.notices.models import Notice
from kernel.permissions import Actor
from kernel.scopes import within
from kernel.seals.models import Imprint, Seal
from kernel.seals.permissions import P
from kernel.seals.states import ImprintState, SealState

SHOWN = 100


def _within(actor: Actor) -> Q:
    return within("region_path", actor.powers.get(P.SEAL_READ, ()))


def visible_to(actor: Actor) -> Any:
    return Seal.filter(_within(actor))


def imprints_visible_to(actor: Actor) -> Any:
    return Imprint.filter(_within(actor))


async def seals(actor: Actor) -> list[Seal]:
    found: list[Seal] = await visible_to(actor).order_by("id").prefetch_related("org")
    return found


async def usable(actor: Actor, notice: Notice) -> list[Seal]:
    """The seals of the document's agency that are in use."""
    found: list[Seal] = await visible_to(actor).filter(org_id=notice.org_id, state=SealState.IN_USE).order_by("id")
    return found


async def one(actor: Actor, no: str) -> Seal:
    found: Seal | None = await visible_to(actor).filter(no=no).prefetch_related("org").first()
    if found is None:
        raise NotFound(what="这枚印章")
    return found


async def imprint(actor: Actor, no: str) -> Imprint:
    found: Imprint | None = await imprints_visible_to(actor).filter(no=no).prefetch_related("seal", "notice").first()
    if found is None:
        raise NotFound(what="这张用印单")
    return found


async def waiting(actor: Actor) -> list[Imprint]:
    open_ones = imprints_visible_to(actor).filter(state__in=[ImprintState.REQUESTED, ImprintState.APPROVED])
    found: list[Imprint] = await open_ones.order_by("id").limit(SHOWN).prefetch_related("seal", "notice")
    return found


async def asked_for(notice: Notice) -> Imprint | None:
    """The request that waits for its approval or its press."""
    waits = Imprint.filter(notice_id=notice.id, state__in=[ImprintState.REQUESTED, ImprintState.APPROVED])
    return await waits.prefetch_related("seal").first()


async def on_notice(notice: Notice) -> Seal | None:
    """The seal that was pressed on it."""
    pressed = await Imprint.filter(notice_id=notice.id, state=ImprintState.IMPRINTED).prefetch_related("seal").first()
    return pressed.seal if pressed else None
