"""What registering and sorting a ticket means for the counts, and who is told of an alert."""

from hotline.permissions import P
from hotline.surges import actions, showing
from hotline.surges.models import Surge
from hotline.surges.queries import COUNTS_KEPT
from hotline.tickets import queries as tickets
from hotline.tickets.models import Ticket
from kernel import journal
from kernel.kinds import kind_of
from kernel.messages import actions as messages
from kernel.messages.templates import Slot, SlotKind, Sort, Template
from kernel.models import Event
from kernel.outbox import Consumer
from kernel.people import queries as people

ALERT = Template(
    code="hotline.surge", label="突增预警", sort=Sort.REMINDERS, slots=(Slot("title", SlotKind.TEXT),), urgent=True,
    title="{title}", subject="有一条突增预警", mail="有一条突增预警，请登录查看。邮件里不写内容。",
    sms="有一条突增预警，请登录查看。",
)  # fmt: skip


async def count(event: Event) -> None:
    """In the delivery's own transaction, so each ticket once. What is brought in from another system says how it was
    there, years ago or in one night: it makes no usual number here, and no queue before what is."""
    kind, no = kind_of(event.subject)
    ticket: Ticket = await kind.load(no)
    facts = (await journal.entry_of(event)).facts
    if event.topic == "ticket.reclassify":
        if facts.get("category"):
            await actions.sort_again(ticket, event.at)
    elif ticket.registered_at > event.at - COUNTS_KEPT:
        place = (facts["lat"], facts["lon"]) if "lat" in facts and "lon" in facts else None
        await actions.sight(ticket, place, f"{ticket.title}\n{await tickets.content(ticket)}")


async def tell(event: Event) -> None:
    """Whoever handles alerts, if they are cleared for what it speaks of; by text message at night, too."""
    kind, no = kind_of(event.subject)
    surge: Surge = await kind.load(no)
    title, url = f"{surge.label}：{await showing.headline(surge)}", f"/hotline/surges/{no}"
    to = await people.holders(P.SURGE_HANDLE, surge.region_path, await surge.sensitivity())
    await messages.send(ALERT.code, to=to, values={"title": title}, key=f"event:{event.id}", url=url, at=event.at)


COUNT = Consumer(name="hotline.surges", topics=("ticket.register", "ticket.reclassify"), handle=count)
TELL = Consumer(name="hotline.surges.tell", topics=("surge.begin",), handle=tell)
