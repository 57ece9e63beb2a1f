"""Who may confirm a notice is told that one waits."""

from kernel.inbox import actions as inbox
from kernel.kinds import kind_of
from kernel.models import Event
from kernel.outbox import Consumer
from kernel.workdays.permissions import P


async def tell(event: Event) -> None:
    kind, no = kind_of(event.subject)
    proposal = await kind.load(no)
    title = f"{proposal.year} 年工作日历有改动，待确认"
    await inbox.tell_holders(P.WORKDAY_CONFIRM, proposal.region_path, event=event, title=title, url=kind.url(proposal))


TELL = Consumer(name="kernel.workdays", topics=("calendar_notice.propose",), handle=tell)
