"""Reads of the view log. The auditor asks about everything, a head about the looks of their own people."""

from collections.abc import Collection
from datetime import timedelta

from kernel import kinds
from kernel.citytime import midnight
from kernel.errors import FormRejected, NotFound
from kernel.models import Entry, View
from kernel.people.models import Account
from kernel.people.permissions import P
from kernel.permissions import Actor
from kernel.scopes import within
from kernel.watch.forms import Leak

SHOWN = 500


async def of_thing(kind: str, no: str, actor: Actor) -> list[View]:
    """Newest first; a head sees the looks of their own people at their own things. Raises NotFound for the rest."""
    known = {one.model.kind: one for one in kinds.every()}
    if kind not in known:
        raise NotFound(what="该事项")
    found = View.filter(subject=f"{kind}:{no}").order_by("-id").limit(SHOWN)
    if actor.may(P.SECURITY_READ, "/"):
        if not await known[kind].model.filter(no=no).exists():
            raise NotFound(what="该事项")
        return await found
    if not await known[kind].visible_to(actor).filter(no=no).exists():
        raise NotFound(what="该事项")
    views = await found
    theirs = await _under(actor.powers.get(P.VIEW_READ, ()), {view.actor_id for view in views})
    return [view for view in views if view.actor_id in theirs]


async def chain(no: str) -> list[Entry]:
    """What happened to whatever bears this number, without a word of what it says: the metadata of its journal."""
    refs = [f"{kind.model.kind}:{no}" for kind in kinds.every()]
    return await Entry.filter(subject__in=refs).order_by("subject", "seq")


async def leaked(facts: Leak) -> list[View]:
    """Who saw what leaked, newest first, at most SHOWN. Raises FormRejected when nothing is asked."""
    if not (facts.passage or facts.viewer or facts.since):
        raise FormRejected({"passage": "请至少填写泄露的文字或编号、查看人、起日三项中的一项。"})
    views = View.all()
    if facts.passage:
        refs = await subjects_of(facts.passage)
        if not refs:
            return []
        views = views.filter(subject__in=refs)
    if facts.viewer:
        account = await Account.get_or_none(username=facts.viewer)
        if account is None:
            raise FormRejected({"viewer": f"没有用户名为“{facts.viewer}”的帐号，请核对。"})
        views = views.filter(actor_id=account.id)
    if facts.since:
        views = views.filter(at__gte=midnight(facts.since))
    if facts.until:
        views = views.filter(at__lt=midnight(facts.until + timedelta(days=1)))
    return await views.order_by("-at").limit(SHOWN)


async def subjects_of(passage: str) -> list[str]:
    """The things that a passage names or quotes: each kind says which of its own."""
    found: list[str] = []
    for kind in kinds.every():
        found += await kind.traces(passage) if kind.traces else []
    return list(dict.fromkeys(found))[:SHOWN]


async def _under(scopes: Collection[str], ids: Collection[int]) -> set[int]:
    if not scopes or not ids:
        return set()
    under = within("org__path", scopes)
    return {int(str(one)) for one in await Account.filter(under, id__in=list(ids)).values_list("id", flat=True)}
