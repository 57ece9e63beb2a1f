"""Whatever happens to a thing that is counted marks its days."""

from collections.abc import Sequence

from kernel.models import Event
from kernel.outbox import Consumer
from oversight.kpi import actions, declared


async def take(events: Sequence[Event]) -> None:
    counted = {one.kind for one in declared.grained()} | declared.touching().keys()
    if subjects := {event.subject for event in events if event.subject.partition(":")[0] in counted}:
        await actions.mark(subjects)


MARK = Consumer(name="oversight.mark", topics=("ticket.*", "assignment.*", "article.*"), together=take)
