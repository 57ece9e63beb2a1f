"""Reads of precedents and dispatch rules."""

from collections.abc import Collection

from tortoise.queryset import QuerySet

from hotline.dispatching.models import DispatchRule, Precedent
from hotline.permissions import P
from kernel.errors import NotFound
from kernel.permissions import Actor
from kernel.scopes import within

PREFIX_MIN, VERSIONS_MAX = 2, 50


def visible_to(actor: Actor) -> QuerySet[DispatchRule]:
    scopes = actor.powers.get(P.TICKET_READ, ())
    return DispatchRule.filter(within("region_path", scopes))


async def one(actor: Actor, no: str) -> DispatchRule:
    rule = await visible_to(actor).get_or_none(no=no)
    if rule is None:
        raise NotFound(what="该派单规则")
    return rule


async def living() -> list[DispatchRule]:
    return await DispatchRule.filter(state__in=["proposed", "in_force"]).order_by("id")


def of_id(rule: DispatchRule) -> QuerySet[DispatchRule]:
    return DispatchRule.filter(id=rule.id)


async def listed(actor: Actor, states: Collection[str], limit: int) -> list[DispatchRule]:
    """By their condition; of one condition the newest version first."""
    return await visible_to(actor).filter(state__in=list(states)).order_by("category", "area", "-id").limit(limit)


async def versions(actor: Actor, rule: DispatchRule) -> list[DispatchRule]:
    """Every rule of the same condition, the newest first: a new version is a new rule."""
    same = visible_to(actor).filter(category=rule.category, area=rule.area)
    return await same.order_by("-id").limit(VERSIONS_MAX)


async def precedents(category: str | None, limit: int = 5) -> list[Precedent]:
    """Rulings about the same category, the newest first; what isn't sorted yet is like nothing."""
    if category is None:
        return []
    return await Precedent.filter(category=category).order_by("-id").limit(limit)


async def rule_for(category: str | None, area: str | None) -> DispatchRule | None:
    """The rule in force that fits best."""
    if category is None:
        return None
    prefixes = [category[:n] for n in range(PREFIX_MIN, len(category) + 1)]
    found = await DispatchRule.filter(state="in_force", category__in=prefixes)
    fitting = [rule for rule in found if (area or "").startswith(rule.area)]
    return max(fitting, key=lambda rule: (len(rule.category), len(rule.area), rule.id), default=None)
