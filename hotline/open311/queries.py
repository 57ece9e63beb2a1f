"""What the open interface may read: neither reports (举报) nor what was told in confidence, whoever asks."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from tortoise.expressions import Q
from tortoise.functions import Max
from tortoise.queryset import QuerySet

from hotline.open311.forms import GENERAL, ROWS_MAX, Asked
from hotline.tickets.forms import Secrecy, Type
from hotline.tickets.models import Ticket
from hotline.tickets.states import TicketState
from kernel.errors import NotFound
from kernel.models import Entry

CLOSED = {"closed", "arch", "refused", "xfer", "merged", "wdrawn"}
SHUT = [state for state in TicketState if state.value in CLOSED]
TOLD_MOVES = [name for name, move in Ticket.moves.items() if any(move.targets()) and name not in {"bring", "queue"}]
Place = tuple[str, str]


def exposed() -> QuerySet[Ticket]:
    """Of this hall's own tickets those that name nobody by their kind; history of other systems isn't ours to tell."""
    open_ones = Ticket.filter(secrecy=Secrecy.PLAIN, restricted_until=None, source=None)
    return open_ones.exclude(type=Type.REPORT)


async def requests(asked: Asked) -> list[Ticket]:
    """Newest first, at most a thousand."""
    found = exposed()
    if asked.nos:
        return await found.filter(no__in=list(asked.nos)).order_by("-id")
    found = found.filter(registered_at__gte=asked.since, registered_at__lte=asked.until)
    if asked.services:
        some = Q(category__in=list(asked.services))
        found = found.filter(some | Q(category=None) if GENERAL in asked.services else some)
    if len(asked.statuses) == 1:
        shut = Q(state__in=SHUT)
        found = found.filter(shut if asked.statuses == ("closed",) else ~shut)
    return await found.order_by("-id").limit(ROWS_MAX)


async def one(no: str) -> Ticket:
    ticket = await exposed().filter(no=no).first()
    if ticket is None:
        raise NotFound(what="这个编号的诉求")
    return ticket


async def last_told(tickets: Sequence[Ticket]) -> Mapping[str, datetime]:
    """ref → when its state changed last; what is noted inside isn't told."""
    refs = [ticket.ref for ticket in tickets]
    found = Entry.filter(subject__in=refs, move__in=TOLD_MOVES).annotate(last=Max("at")).group_by("subject")
    return {str(subject): last for subject, last in await found.values_list("subject", "last")}


async def places(tickets: Sequence[Ticket]) -> dict[str, Place]:
    """ref → latitude and longitude as they were registered."""
    found = Entry.filter(subject__in=[ticket.ref for ticket in tickets], move="register")
    rows = await found.values_list("subject", "facts")
    return {str(ref): (facts["lat"], facts["lon"]) for ref, facts in rows if "lat" in facts and "lon" in facts}


async def updates(asked: Asked) -> list[tuple[Entry, Ticket]]:
    """Changes of state within the span, oldest first, at most a thousand: who polls goes on from the last one."""
    entries = Entry.filter(move__in=TOLD_MOVES, subject__startswith="ticket:")
    if asked.nos:
        entries = entries.filter(subject__in=[f"ticket:{no}" for no in asked.nos])
    else:
        first, end = await _first_since(asked.since), await _first_since(asked.until, after=True)
        entries = entries.filter(id__gte=first, id__lt=end)
    rows = await entries.filter(at__gte=asked.since, at__lte=asked.until).order_by("id").limit(ROWS_MAX)
    seen = await _numbered({entry.subject.partition(":")[2] for entry in rows})
    return [(entry, seen[entry.subject]) for entry in rows if entry.subject in seen]


async def _numbered(nos: Collection[str]) -> dict[str, Ticket]:
    return {ticket.ref: ticket for ticket in await exposed().filter(no__in=list(nos))} if nos else {}


async def _first_since(at: datetime, *, after: bool = False) -> int:
    """The first entry not before (`after`: later than) `at`, found by halving the numbers, which rise with time: the
    journal has no index of its times."""
    newest = await Entry.all().order_by("-id").first()
    low, high = 1, (newest.id if newest else 0) + 1
    while low < high:
        middle = (low + high) // 2
        entry = await Entry.filter(id__gte=middle).order_by("id").first()
        assert entry is not None
        if entry.at < at or (after and entry.at == at):
            low = entry.id + 1
        else:
            high = middle
    return low
