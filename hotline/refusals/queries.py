"""Reads of what waits for the shift lead. A proposal is moot once its ticket has left 已登记."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from tortoise.expressions import Subquery

from hotline.refusals.models import Refusing
from hotline.refusals.wording import words_of
from hotline.tickets.forms import Ground
from kernel.people import queries as people
from kernel.upkeep.kept import delete_some

Texts = Mapping[tuple[str, int, str], str]


@dataclass(frozen=True, slots=True)
class Proposed:
    """As the shift lead reads it: who, when, why, and what the caller would be told."""

    ground: Ground
    words: str
    who: str
    at: datetime


def proposed_nos() -> Subquery:
    """Numbers of tickets with a proposal; whoever asks narrows them to those that are 已登记."""
    return Subquery(Refusing.all().values("ticket"))


async def proposed_among(nos: Collection[str]) -> set[str]:
    found = Refusing.filter(ticket__in=list(nos))
    return {str(no) for no in await found.values_list("ticket", flat=True)}


async def proposed(ticket: str, texts: Texts) -> Proposed | None:
    """`texts`: what the ticket's journal sealed, by (ref, seq, field)."""
    row = await Refusing.get_or_none(ticket=ticket)
    if row is None:
        return None
    words = words_of(texts.get((f"ticket:{ticket}", row.seq, "text"), ""))
    return Proposed(row.ground, words, (await people.names({row.by_id})).get(row.by_id, ""), row.at)


async def is_proposal(ticket: str, seq: int) -> bool:
    """Whether that note of the ticket's journal proposes to refuse it, and nobody has decided."""
    return await Refusing.filter(ticket=ticket, seq=seq).exists()


async def clear(past: datetime, limit: int) -> int:
    return await delete_some(Refusing.filter(at__lt=past), limit)
