"""Whatever happens to a thing that is counted marks its days."""

from kernel.models import Event
from kernel.outbox import Consumer
from oversight.kpi import actions, declared


async def take(event: Event) -> None:
    if any(event.subject.startswith(f"{one.kind}:") for one in declared.grained()):
        await actions.mark(event.subject)


MARK = Consumer(name="oversight.mark", topics=("ticket.*", "assignment.*"), handle=take)
