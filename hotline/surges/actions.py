"""The verbs of an alert, and how its counts are kept."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Unpack

from hotline.clusters import actions as clusters
from hotline.clusters.forms import Gather
from hotline.surges import forms, queries, rules
from hotline.surges.models import HourCount, Sighting, Surge, WatchedCell
from hotline.surges.rules import Cell
from hotline.surges.thresholds import thresholds
from hotline.tickets.forms import Secrecy
from hotline.tickets.models import Ticket
from kernel import numbering
from kernel.database import transaction
from kernel.kinds import verbs
from kernel.lifecycle import Way, move
from kernel.permissions import SYSTEM
from kernel.settings import settings

COUNTED_AFTER = timedelta(days=1)
FOLDED_MAX = 2_000  # sightings in one transaction


async def draw_number(at: datetime) -> str:
    return await numbering.draw(Surge.prefix, at)


async def begin(facts: forms.Begin, *, no: str, at: datetime) -> Surge:
    """By the machine alone."""
    return await move(Surge(no=no, region_path=settings().region_path), "begin", facts, by=SYSTEM, at=at, version=0)


async def acknowledge(surge: Surge, facts: forms.Acknowledge, **way: Unpack[Way]) -> Surge:
    return await move(surge, "acknowledge", facts, **way)


async def gather(surge: Surge, facts: Gather, **way: Unpack[Way]) -> Surge:
    """Of its tickets a cluster; a number must have been reserved (`clusters.actions.reserve_number`)."""
    told = forms.Numbered(title=facts.title, tickets=facts.tickets, cluster=await clusters.draw_number(way["at"]))
    return await move(surge, "gather", told, **way)


async def close(surge: Surge, facts: forms.Close, **way: Unpack[Way]) -> Surge:
    return await move(surge, "close", facts, **way)


VERBS = verbs(acknowledge, gather, close)


# ---- counts


async def sight(ticket: Ticket, place: tuple[str, str] | None, text: str) -> None:
    """One more ticket; `place`: its latitude and longitude as they were told, `text`: what it says."""
    lat, lon = (_udeg(one) for one in place) if place else (None, None)
    await Sighting.create(
        ticket=ticket.no, at=ticket.registered_at, category=ticket.category or "", area=ticket.area_code or "",
        lat_udeg=lat, lon_udeg=lon, secret=ticket.secrecy is Secrecy.CONFIDENTIAL,
        alarming=any(rules.alarming(text, thresholds().words)),
    )  # fmt: skip


async def sort_again(ticket: Ticket, at: datetime) -> None:
    """It came into another category now; once it is in an hour's count it stays there."""
    await queries.sightings_of([ticket.no]).exclude(category=ticket.category).update(category=ticket.category, at=at)


async def told_of(nos: Collection[str]) -> None:
    await queries.sightings_of(nos).update(alarming=False)


async def hold(cells: Collection[Cell], at: datetime) -> None:
    """They have been told of: held until six hours are over and they have been calm. What rose in them and in whatever
    they lie in, or lies in them, has been told with them."""
    for row in await queries.rising() if cells else []:
        if any(rules.related(cell, Cell(row.category, row.area)) for cell in cells):
            row.score_milli = 0
            await row.save(update_fields=["score_milli"])
    for cell in cells:
        row, _ = await WatchedCell.get_or_create(category=cell.category, area=cell.area, defaults={"seen_at": at})
        row.told_at, row.calm, row.score_milli, row.seen_at = at, False, 0, at
        await row.save()


async def calm(rows: Iterable[WatchedCell]) -> None:
    for row in rows:
        row.calm = True
        await row.save(update_fields=["calm"])


async def keep_scores(scores: Sequence[tuple[WatchedCell, float]], at: datetime) -> None:
    """New cells and known ones, a few statements for all."""
    for row, score in scores:
        row.score_milli, row.scored_to = round(score * 1_000), at
    new, known = ([row for row, _ in scores if (row.id is None) is fresh] for fresh in (True, False))
    if new:
        await WatchedCell.bulk_create(new, batch_size=500)
    if known:
        await WatchedCell.bulk_update(known, fields=["score_milli", "scored_to", "seen_at"], batch_size=500)


async def fold(at: datetime) -> int:
    """Tickets that are a day old go into their hours' counts, each exactly once; how many, at most FOLDED_MAX."""
    digits = max(thresholds().cells.area_digits)
    async with transaction():
        old = await queries.older_than(at - COUNTED_AFTER, FOLDED_MAX)
        gone = await queries.sightings_of([one.ticket for one in old]).delete()
        assert gone == len(old), "two fold the same sightings"
        counts = Counter((rules.hour_of(one.at), one.category, one.area[:digits]) for one in old if one.category)
        known = await queries.hour_rows({hour for hour, _, _ in counts})
        for place in counts.keys() & known.keys():
            known[place].many += counts[place]
        if raised := [known[place] for place in counts.keys() & known.keys()]:
            await HourCount.bulk_update(raised, fields=["many"], batch_size=500)
        fresh = [
            HourCount(hour=hour, category=category, area=area, many=counts[hour, category, area])
            for hour, category, area in counts.keys() - known.keys()
        ]
        await HourCount.bulk_create(fresh, batch_size=500)
    return len(old)


def _udeg(degrees: str) -> int:
    return round(Decimal(degrees) * rules.UDEG)
