"""Reads of links: an end is shown to who may see that end, and to nobody else that it is there."""

from dataclasses import dataclass
from typing import Any

from tortoise.expressions import Q

from kernel import kinds
from kernel.errors import NotFound
from kernel.links.models import BACK, LinkRow
from kernel.permissions import Actor


@dataclass(frozen=True, slots=True)
class Tie:
    """One line of the fragment `ties`."""

    id: int
    words: str
    label: str
    no: str
    title: str
    url: str


async def seen(ref: str, actor: Actor) -> Any:
    """The thing behind a Ref. Raises NotFound where it isn't, or isn't for this person."""
    name, _, no = ref.partition(":")
    if name not in {kind.model.kind for kind in kinds.every()}:
        raise NotFound(what="该事项")
    kind, no = kinds.kind_of(ref)
    thing = await kind.visible_to(actor).filter(no=no).first()
    if thing is None:
        raise NotFound(what=f"该{kind.model.label}")
    return thing


async def of(ref: str, actor: Actor) -> list[Tie]:
    """What this thing has to do with others, from either end."""
    await seen(ref, actor)
    rows = await LinkRow.filter(Q(source=ref) | Q(target=ref), cut_at=None).order_by("id")
    found = []
    for row in rows:
        other = row.target if row.source == ref else row.source
        try:
            thing = await seen(other, actor)
        except NotFound:
            continue
        kind, _ = kinds.kind_of(other)
        words = row.type.label if row.source == ref else BACK[row.type]
        found.append(Tie(row.id, words, kind.model.label, thing.no, kind.title(thing), kind.url(thing)))
    return found


async def standing(type_: str, source: str, target: str) -> LinkRow | None:
    return await LinkRow.filter(type=type_, source=source, target=target, cut_at=None).first()


async def one(id_: int) -> LinkRow:
    found = await LinkRow.get_or_none(id=id_, cut_at=None)
    if found is None:
        raise NotFound(what="这条关联")
    return found


async def reaches(type_: str, start: str, goal: str) -> bool:
    """Whether links of this type lead from one to the other: a circle of duplicates has no original."""
    frontier, known = {start}, set()
    while frontier and goal not in frontier:
        known |= frontier
        following = await LinkRow.filter(type=type_, source__in=list(frontier), cut_at=None).values_list(
            "target", flat=True
        )
        frontier = {str(one) for one in following} - known
    return goal in frontier
