"""Whatever happens to a thing that is counted marks its days."""

from kernel.models import Event
from kernel.outbox import Consumer
from oversight.kpi import actions, declared


async def take(event: Event) -> None:
    if event.subject.partition(":")[0] in {one.kind for one in declared.grained()} | declared.touching().keys():
        await actions.mark(event.subject)


MARK = Consumer(name="oversight.mark", topics=("ticket.*", "assignment.*", "article.*"), handle=take)
