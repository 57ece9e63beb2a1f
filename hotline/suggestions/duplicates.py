"""Candidates for one and the same matter (疑似重复): a person decides, so a few too many do no harm, one too few does.

Whoever calls again about what is open, whatever bears the same title, and what reads alike among the open tickets of
the last two weeks. Titles are all that is compared: contents are sealed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from hotline.suggestions.titles import pairs, recent
from hotline.tickets import queries
from hotline.tickets.models import Ticket
from kernel.permissions import Actor

SHOWN_MAX, LOOKED_UP_MAX, HEARD_MAX_CHARS = 5, 40, 300
WITHIN = timedelta(days=14)
ALIKE_MIN = 0.55
SAME_AREA, NEWEST = 0.15, 0.1  # what place and time add to a likeness between 0 and 1


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of the matter while it is written down; every part but the title may be empty."""

    title: str
    content: str = ""
    phone_index: str | None = None
    area: str | None = None
    but: int = 0  # the ticket's own row number


async def candidates(told: Told, *, by: Actor, at: datetime) -> list[Ticket]:
    """The likeliest first: the same caller or title, then what reads alike. At most `SHOWN_MAX`."""
    same = await queries.similar(by, told.title, told.phone_index, but=told.but, limit=SHOWN_MAX)
    if len(same) == SHOWN_MAX:
        return same
    known = {told.but, *(one.id for one in same)}
    alike = [number for number in await _alike(told, at) if number not in known]
    open_ones = await queries.still_open(by, alike[:LOOKED_UP_MAX], at - WITHIN)
    return same + open_ones[: SHOWN_MAX - len(same)]


async def _alike(told: Told, at: datetime) -> list[int]:
    """Row numbers, the likeliest first: by the cosine of the two titles' pairs of characters, or by how much of that
    title was heard so far."""
    titles = await recent(at - WITHIN)
    asked = pairs(told.title)
    heard = asked | pairs(told.content[:HEARD_MAX_CHARS])
    of_title, of_all = titles.shared(asked), titles.shared(heard - asked)
    of_all.update(of_title)
    found = []
    for number, times in of_all.items():
        one = titles.rows[number]
        cosine = of_title[number] / (one.pairs * len(asked)) ** 0.5 if asked else 0.0
        alike = max(times / one.pairs, cosine)
        if alike >= ALIKE_MIN:
            age = min((at - one.registered_at) / WITHIN, 1.0)
            beside = SAME_AREA if told.area and one.area == told.area else 0.0
            found.append((alike + beside + NEWEST * (1 - age), number))
    return [number for _, number in sorted(found, reverse=True)]
