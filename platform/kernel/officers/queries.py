"""Reads of acting in another's place. Whether something holds is asked of the clock: no job ends anything."""

from collections.abc import Collection
from datetime import datetime

from tortoise.expressions import Q

from kernel.leaving.models import Leaving
from kernel.officers.models import Absence, Delegation, Post
from kernel.people.models import Account, Grant
from kernel.permissions import Actor
from kernel.scopes import within


async def lent_to(account_id: int, at: datetime) -> list[tuple[int, str, str]]:
    """(in whose place, role, scope) now: delegations that run, and posts whose A is away.

    Only what the other still holds by a grant of their own: what was lent cannot be lent on."""
    wanted = [
        (one.giver_id, one.role, one.scope)
        for one in await Delegation.filter(taker_id=account_id, starts_at__lte=at, ends_at__gt=at, revoked_at=None)
    ]
    posts = await Post.filter(b_id=account_id, ended_at=None)
    away = await absent([post.a_id for post in posts], at)
    wanted += [(post.a_id, post.role, post.scope) for post in posts if post.a_id in away]
    if not wanted:
        return []
    held = Grant.filter(account_id__in={giver for giver, _, _ in wanted}, account__active=True)
    has = {
        (int(str(who)), str(role), str(scope))
        for who, role, scope in await held.values_list("account_id", "role", "scope")
    }
    return [one for one in dict.fromkeys(wanted) if one in has]


async def absent(ids: Collection[int], at: datetime) -> set[int]:
    """Who of them is away."""
    if not ids:
        return set()
    away = Absence.filter(account_id__in=list(ids), starts_at__lte=at, ends_at__gt=at, ended_at=None)
    return {int(str(one)) for one in await away.values_list("account_id", flat=True)}


async def delegations_of(actor: Actor) -> list[Delegation]:
    """Given and taken, newest first."""
    mine = Delegation.filter(Q(giver_id=actor.id) | Q(taker_id=actor.id))
    return await mine.order_by("-id").limit(100)


async def running_of(account_id: int, at: datetime) -> list[Delegation]:
    """Given and taken, running or to come."""
    theirs = Q(giver_id=account_id) | Q(taker_id=account_id)
    return await Delegation.filter(theirs, ends_at__gt=at, revoked_at=None).order_by("id")


async def leaves(account_id: int) -> bool:
    return await Leaving.filter(account_id=account_id).exists()


async def holds(account_id: int, role: str, scope: str) -> bool:
    """By a grant of their own."""
    return await Grant.filter(account_id=account_id, role=role, scope=scope).exists()


async def own_grants(actor: Actor) -> list[Grant]:
    """What one may lend at all."""
    return await Grant.filter(account_id=actor.id).order_by("role", "scope")


async def staff_under(scopes: Collection[str]) -> list[Account]:
    """Officers whose unit lies under one of these paths."""
    if not scopes:
        return []
    under = within("org__path", scopes)
    return await Account.filter(under, active=True).select_related("org").order_by("username")


async def posts_of(ids: Collection[int]) -> list[Post]:
    """Posts that one of these accounts holds as A or B."""
    held = Q(a_id__in=list(ids)) | Q(b_id__in=list(ids))
    return await Post.filter(held, ended_at=None).order_by("id") if ids else []


async def absences_of(ids: Collection[int], at: datetime) -> list[Absence]:
    """Running and coming ones."""
    return await Absence.filter(account_id__in=list(ids), ends_at__gt=at, ended_at=None).order_by("starts_at")
