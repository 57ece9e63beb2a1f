"""The figures of a day. Each is counted by the very filters of the list that it opens, so both say the same."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from hotline.calls import queries as calls
from hotline.categories import queries as categories
from hotline.surges import showing as surges
from hotline.tickets import queries as tickets
from hotline.tickets import showing
from hotline.tickets.forms import Type
from kernel.citytime import CITY, midnight
from kernel.permissions import Actor
from oversight.cards import queries as cards
from oversight.ladder.models import Level

TOP = 8
WEEK = timedelta(days=7)
HOURS = 24


@dataclass(frozen=True, slots=True)
class Count:
    """A number and the filters of the list that it opens."""

    label: str
    value: int
    filters: dict[str, str]
    late: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """`hours` and `before` (the same weekday a week ago): the hours that are over, and the one that runs."""

    day: date
    registered: Count
    overdue: Count
    hours: list[Count]
    before: list[int]
    states: list[Count]
    types: list[Count]
    categories: list[Count]
    calls: calls.OfDay
    cards: dict[Level, int]
    proposed: int
    surges: list[surges.Line]


async def of_day(actor: Actor, at: datetime) -> Day:
    now = at.astimezone(CITY)
    day, whole = now.date(), on(now.date())
    hours = [await _count(actor, at, f"{n}", whole | {"hour": f"{n}"}) for n in range(now.hour + 1)]
    ago = on(day - WEEK)
    before = [(await _count(actor, at, "", ago | {"hour": f"{n}"})).value for n in range(HOURS)]
    states = [await _count(actor, at, label, whole | {"state": n}) for n, (label, _) in tickets.GROUPS.items()]
    begun = midnight(day)
    return Day(
        day=day, registered=await _count(actor, at, "今天登记", whole),
        overdue=await _count(actor, at, "在办超期", {"overdue": "1"}), hours=hours, before=before, states=states,
        types=await by_type(actor, at, whole), categories=await by_category(actor, at, whole),
        calls=await calls.of_day(begun, at), cards=await cards.issued_in(actor, begun, at),
        proposed=await cards.to_confirm(actor), surges=await surges.on_the_wall(actor),
    )  # fmt: skip


def on(first: date, last: date | None = None) -> dict[str, str]:
    """Registered on that day, or on the days up to the last one."""
    return {"from": f"{first}", "to": f"{last or first}"}


async def _count(actor: Actor, at: datetime, label: str, filters: dict[str, str]) -> Count:
    found = tickets.narrowed(tickets.visible_to(actor), showing.asked(filters), at)
    return Count(label, await found.count(), filters, late="overdue" in filters)


async def by_type(actor: Actor, at: datetime, filters: dict[str, str]) -> list[Count]:
    found = tickets.narrowed(tickets.visible_to(actor), showing.asked(filters), at)
    return [
        Count(Type(name).label, many, filters | {"type": name})
        for name, many in (await tickets.grouped(found, "type")).items()
    ]


async def by_category(actor: Actor, at: datetime, filters: dict[str, str]) -> list[Count]:
    """The leaves of the tree that have most; what isn't sorted yet has no leaf."""
    found = tickets.narrowed(tickets.visible_to(actor), showing.asked(filters), at)
    names, counted = await categories.names(), await tickets.grouped(found, "category")
    return [Count(names.get(code, code), many, filters | {"category": code}) for code, many in counted.items() if code][
        :TOP
    ]
