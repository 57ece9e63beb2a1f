"""Every read of alerts and of what they are judged by. An alert that speaks of a confidential ticket isn't there for
whoever isn't cleared."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from hotline.permissions import P
from hotline.surges import rules
from hotline.surges.forms import Reason
from hotline.surges.models import HourCount, Sighting, Surge, WatchedCell
from hotline.surges.rules import Cell, Spot
from hotline.surges.states import LIVE, SurgeState
from hotline.surges.thresholds import Cells
from kernel.errors import NotFound
from kernel.permissions import Actor, Clearance
from kernel.scopes import within
from kernel.upkeep.kept import delete_some

COUNTS_KEPT = timedelta(weeks=13)
Hours = Mapping[datetime, Mapping[Cell, int]]


def visible_to(actor: Actor) -> QuerySet[Surge]:
    seen = Surge.filter(within("region_path", actor.powers.get(P.SURGE_READ, ())))
    return seen if actor.cleared(Clearance.CONFIDENTIAL) else seen.filter(secret=False)


async def listed(actor: Actor, states: Collection[str], limit: int) -> list[Surge]:
    """What waits for a supervisor first, then the newest."""
    rows = await visible_to(actor).filter(state__in=list(states)).order_by("-id").limit(limit)
    return sorted(rows, key=lambda one: one.state is not SurgeState.OPEN)


async def live(actor: Actor, limit: int) -> list[Surge]:
    return await listed(actor, LIVE, limit)


async def one(actor: Actor, no: str) -> Surge:
    surge = await visible_to(actor).get_or_none(no=no)
    if surge is None:
        raise NotFound(what="该预警")
    return surge


# ---- the counts


def sightings_of(nos: Collection[str]) -> QuerySet[Sighting]:
    return Sighting.filter(ticket__in=list(nos))


async def seen_between(since: datetime, until: datetime) -> list[Sighting]:
    """after `since`, up to and with `until`."""
    return await Sighting.filter(at__gt=since, at__lte=until).order_by("at")


async def alarming(limit: int) -> list[Sighting]:
    return await Sighting.filter(alarming=True).order_by("id").limit(limit)


async def older_than(at: datetime, limit: int) -> list[Sighting]:
    return await Sighting.filter(at__lt=at).order_by("at").limit(limit)


async def hour_rows(hours: Collection[datetime]) -> dict[tuple[datetime, str, str], HourCount]:
    rows = await HourCount.filter(hour__in=list(hours)) if hours else []
    return {(row.hour, row.category, row.area): row for row in rows}


async def first_hour() -> datetime | None:
    first = await HourCount.all().order_by("hour").first()
    return first.hour if first else None


async def counted_in(hours: Collection[datetime], levels: Cells, cells: Collection[Cell] = ()) -> Hours:
    """hour → cell → tickets; with `cells` only what lies in one of them is read."""
    found: dict[datetime, Counter[Cell]] = defaultdict(Counter)
    rows = HourCount.filter(hour__in=list(hours))
    if cells:
        rows = rows.filter(Q(*[_inside(cell) for cell in cells], join_type=Q.OR))
    for at, category, area, many in await rows.values_list("hour", "category", "area", "many"):
        for cell in rules.cells_of(str(category), str(area), levels):
            found[at][cell] += int(str(many))
    return found


def _inside(cell: Cell) -> Q:
    kind = Q(category__startswith=cell.category)
    return kind & Q(area__startswith=cell.area) if cell.area else kind


async def watched() -> int:
    return await WatchedCell.all().count()


async def held_since(since: datetime) -> list[WatchedCell]:
    return await WatchedCell.filter(told_at__gte=since)


async def rising() -> list[WatchedCell]:
    return await WatchedCell.filter(score_milli__gt=0)


async def cells_to_score(cells: Iterable[Cell]) -> dict[Cell, WatchedCell]:
    """Those whose score isn't zero, and the rows of these."""
    rows = await rising()
    known = {Cell(row.category, row.area): row for row in rows}
    wanted = [cell for cell in cells if cell not in known]
    kinds, areas = {cell.category for cell in wanted}, {cell.area for cell in wanted}
    level = WatchedCell.filter(category__in=list(kinds), area__in=list(areas), score_milli=0)
    more = await level if wanted else []
    return known | {Cell(row.category, row.area): row for row in more}


async def bursts_told(since: datetime) -> list[Spot]:
    rows = await Surge.filter(reason=Reason.BURST, begun_at__gte=since)
    return [Spot(one.lat_udeg, one.lon_udeg, one.area) for one in rows]


async def words_told(group: str, area: str, *, secret: bool, since: datetime) -> bool:
    told = Surge.filter(reason=Reason.WORDS, word_group=group, area=area, secret=secret, begun_at__gte=since)
    return await told.exists()


# ---- retention


async def clear_hours(past: datetime, limit: int) -> int:
    return await delete_some(HourCount.filter(hour__lt=past), limit)


async def clear_cells(past: datetime, limit: int) -> int:
    return await delete_some(WatchedCell.filter(seen_at__lt=past), limit)


async def clear_sightings(past: datetime, limit: int) -> int:
    """Of tickets that were never sorted, too."""
    return await delete_some(Sighting.filter(at__lt=past), limit)
