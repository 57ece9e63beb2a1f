"""Every read of policy documents; who may see what is part of the query."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from tortoise.expressions import Q
from tortoise.functions import Count
from tortoise.queryset import QuerySet

from approvals.disclosure.models import Policy
from approvals.disclosure.states import PUBLISHED
from approvals.permissions import P
from kernel.citytime import midnight
from kernel.errors import NotFound
from kernel.models import Entry
from kernel.module import Headline
from kernel.permissions import Actor
from search import analysis

WRITERS = (P.POLICY_EDIT, P.POLICY_PUBLISH)
LISTED_MAX, STORY_MAX = 200, 200
LINE = (
    "id",
    "no",
    "version",
    "state",
    "title",
    "number",
    "agency",
    "theme",
    "issued",
    "posted",
    "effective_from",
    "day",
    "changed_by",
    "changed_on",
    "ended_by",
    "ended_on",
    "published_at",
    "changed_at",
)  # a line of a list: everything but the text


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the list is narrowed to; empty is everything that is published."""

    agency: str = ""
    year: int = 0
    theme: str = ""
    state: str = ""

    def but(self, name: str) -> "Wanted":
        told = {field: getattr(self, field) for field in self.__slots__}
        return Wanted(**told | {name: 0 if name == "year" else ""})


EVERYTHING = Wanted()


def visible_to(actor: Actor, nos: Collection[str] | None = None) -> QuerySet[Policy]:
    """Documents with their drafts: for who writes or publishes them there; for everyone what is published."""
    wanted = Q() if nos is None else Q(no__in=list(nos))
    scopes = {scope for permission in WRITERS for scope in actor.powers.get(permission, ())}
    seen = Q(state__in=[*PUBLISHED])
    for scope in scopes:
        seen |= Q(region_path__startswith=scope)
    return Policy.filter(wanted, seen)


async def one(actor: Actor, no: str) -> Policy:
    found = await visible_to(actor, [no]).first()
    if found is None:
        raise NotFound(what="这份文件")
    return found


async def published_one(no: str) -> Policy:
    found = await Policy.filter(no=no, state__in=[*PUBLISHED]).first()
    if found is None:
        raise NotFound(what="这份文件")
    return found


def published(wanted: Wanted = EVERYTHING) -> QuerySet[Policy]:
    chosen = {field: value for field in wanted.__slots__ if (value := getattr(wanted, field))}
    return Policy.filter(state__in=[*PUBLISHED]).filter(**chosen)


async def page(wanted: Wanted, *, skip: int, limit: int) -> list[Policy]:
    """By the day that a document bears, newest first; those without a day last."""
    return await published(wanted).order_by("-day", "-id").offset(skip).limit(limit).only(*LINE)


async def after(wanted: Wanted, place: tuple[int, int] | None, limit: int) -> list[Policy]:
    """The same from a (day, id) on."""
    found = published(wanted)
    if place is not None:
        found = found.filter(Q(day__lt=place[0]) | Q(day=place[0], id__lt=place[1]))
    return await found.order_by("-day", "-id").limit(limit).only(*LINE)


async def counted(wanted: Wanted) -> tuple[int, Mapping[str, Counter[str]]]:
    """How many there are, and how many there would be for each agency, year, theme and state: each without its own
    choice. One query, whatever is chosen."""
    names = wanted.__slots__
    grouped = published().annotate(many=Count("id")).group_by(*names).values_list(*names, "many")
    counts: dict[str, Counter[str]] = {name: Counter() for name in names}
    total = 0
    for row in await grouped:
        values, many = dict(zip(names, row, strict=False)), int(str(row[-1]))
        total += many * _fits(values, wanted)
        for name in names:
            if values[name] and _fits(values, wanted.but(name)):
                counts[name][str(values[name])] += many
    return total, counts


def _fits(values: Mapping[str, object], wanted: Wanted) -> bool:
    return all(not getattr(wanted, name) or values[name] == getattr(wanted, name) for name in values)


async def headlines(limit: int) -> list[Headline]:
    newest = await page(EVERYTHING, skip=0, limit=limit)
    return [Headline(one.title, f"/policies/{one.no}", one.agency, day_at(one)) for one in newest]


def day_at(policy: Policy) -> datetime:
    """The moment that stands for the day it bears; without one, when it was put here."""
    day = policy.issued or policy.posted
    return midnight(day) if day else policy.published_at or policy.changed_at


async def named(number: str) -> Policy | None:
    """A published document by its number, in whatever brackets."""
    key = analysis.identifier(number)
    return await published().filter(number_key=key).first() if key else None


async def listed(actor: Actor, state: str) -> list[Policy]:
    """For the desk: what is under way first."""
    found = visible_to(actor).filter(state=state) if state else visible_to(actor)
    return await found.order_by("-changed_at", "-id").limit(LISTED_MAX).only(*LINE)


async def story(policy: Policy) -> list[Entry]:
    """Newest first."""
    return await Entry.filter(subject=policy.ref).order_by("-seq").limit(STORY_MAX)


async def brought(source: str, source_no: str) -> Policy | None:
    return await Policy.get_or_none(source=source, source_no=source_no)


async def numbered(nos: Collection[str]) -> list[Policy]:
    return await published().filter(no__in=list(nos))


async def titled(words: str, limit: int) -> list[Policy]:
    found = published().filter(Q(title__icontains=words) | Q(number_key=analysis.identifier(words)) | Q(no=words))
    return await found.order_by("-day", "-id").limit(limit).only(*LINE)


async def following(last: int, limit: int) -> list[Policy]:
    return await published().filter(id__gt=last).order_by("id").limit(limit)
