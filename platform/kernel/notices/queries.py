"""Reads of documents. Whoever may not see one gets the same answer as for one that isn't there."""

import json
from datetime import datetime
from typing import Any

from tortoise.expressions import Q

from kernel import journal, kinds
from kernel.citytime import day_of
from kernel.errors import NotFound
from kernel.notices.models import Notice, Sign, Wording
from kernel.notices.permissions import P
from kernel.notices.rules import NoSign, NotReady, NoWording, WrongKind
from kernel.notices.states import OUT, NoticeState
from kernel.notices.wording import NoticeTemplate
from kernel.people.models import Organisation
from kernel.permissions import Actor
from kernel.scopes import within

SHOWN = 100


async def in_force(code: str, at: datetime) -> Wording:
    """The newest published version that is valid on the city's day. Raises NoWording."""
    today = day_of(at)
    found = Wording.filter(code=code, published_at__not_isnull=True, published_at__lte=at, valid_from__lte=today)
    wording = await found.order_by("-version").first()
    if wording is None:
        raise NoWording(code=code)
    return wording


async def wordings() -> list[Wording]:
    return await Wording.all().order_by("code", "-version")


async def wording(code: str, version: int) -> Wording:
    found = await Wording.get_or_none(code=code, version=version)
    if found is None:
        raise NotFound(what="这一版模板")
    return found


async def sign_of(org: Organisation) -> str:
    found = await Sign.get_or_none(org_id=org.id)
    if found is None:
        raise NoSign(org=org.name)
    return found.word


def visible_to(actor: Actor) -> Any:
    """An agency's documents, and those that were issued to oneself."""
    mine = Q(owner_id=actor.id, state__in=[*OUT, NoticeState.WITHDRAWN])
    return Notice.filter(mine | within("org__path", actor.powers.get(P.NOTICE_READ, ())))


async def listed(actor: Actor) -> list[Notice]:
    found: list[Notice] = await visible_to(actor).order_by("-id").limit(SHOWN).prefetch_related("org", "wording")
    return found


async def issued_to(owner: int) -> list[Notice]:
    """What left an agency for this account."""
    found = Notice.filter(owner_id=owner, issued_at__not_isnull=True)
    return await found.order_by("id").prefetch_related("wording")


async def one(actor: Actor, public_id: str) -> Notice:
    found: Notice | None = (
        await visible_to(actor).filter(public_id=public_id).prefetch_related("org", "wording").first()
    )
    if found is None:
        raise NotFound(what="这份文书")
    return found


async def public(public_id: str) -> Notice | None:
    """For whoever holds the paper: only what has left the agency."""
    found = Notice.filter(public_id=public_id, issued_at__not_isnull=True)
    return await found.prefetch_related("org", "wording").first()


async def about(ref: str, actor: Actor) -> list[Notice]:
    """The documents about one thing that this person may see."""
    found: list[Notice] = await visible_to(actor).filter(about=ref).order_by("id")
    return found


async def subject_of(ref: str, template: NoticeTemplate, actor: Actor) -> Any:
    """The thing that a document is to be about. Raises NotFound, WrongKind, NotReady."""
    name, _, no = ref.partition(":")
    if name not in {kind.model.kind for kind in kinds.every()}:
        raise NotFound(what="该事项")
    kind, no = kinds.kind_of(ref)
    thing = await kind.visible_to(actor).filter(no=no).first()
    if thing is None:
        raise NotFound(what=f"该{kind.model.label}")
    if kind.model.kind != template.kind:
        raise WrongKind(title=template.title, thing=kind.model.label)
    if template.states and thing.state.value not in template.states:
        raise NotReady(thing=kind.model.label, now=thing.state.label, title=template.title)
    return thing


async def agencies_of(actor: Actor) -> list[Organisation]:
    """The agencies in whose name this person drafts: those with a sign, within the grant."""
    scopes = actor.powers.get(P.NOTICE_DRAFT, ())
    signed = await Sign.all().prefetch_related("org").order_by("id")
    return [sign.org for sign in signed if any(sign.org.path.startswith(scope) for scope in scopes)]


async def signs() -> list[Sign]:
    return await Sign.all().prefetch_related("org").order_by("word")


async def filled(notice: Notice) -> dict[str, Any] | None:
    """The values as they were drafted; None once they have been erased."""
    text = await journal.unsealed(notice.ref, "filled")
    return json.loads(text) if text else None
