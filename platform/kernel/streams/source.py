"""What can be watched: numbered events, in an order in which none comes late."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from kernel import outbox
from kernel.models import Event

COMMITTED = "committed"  # the stir of everything that stands in the order of commits


@dataclass(frozen=True, slots=True)
class Told:
    """One event as everybody who may watch gets it: no name, no number of a person, no text of theirs."""

    place: int
    name: str
    data: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """`after(place, limit)`: what comes next, in order; `newest()`: the place where somebody begins who wants only
    what is still to come; `stir`: under which word a process hears that there may be more."""

    name: str
    after: Callable[[int, int], Awaitable[Sequence[Told]]]
    newest: Callable[[], Awaitable[int]]
    stir: str


def of_events(name: str, kinds: tuple[str, ...], tell: Callable[[Event], Told | None]) -> Source:
    """What happened to things of these kinds, in the order of commits; of some events there may be nothing to tell."""

    async def after(place: int, limit: int) -> list[Told]:
        told: list[Told] = []
        while events := await outbox.in_order(kinds, place, limit):
            told, place = [one for event in events if (one := tell(event))], events[-1].place or place
            if told or len(events) < limit:
                break
        return told

    return Source(name=name, after=after, newest=outbox.newest_place, stir=COMMITTED)
