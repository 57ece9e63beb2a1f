"""A packet goes out, a receipt comes in."""

from datetime import UTC, datetime

from hotline.handover import queries
from hotline.handover.forms import Receipt
from hotline.tickets import actions as tickets
from hotline.tickets import queries as of_tickets
from hotline.tickets.forms import Acknowledge
from hotline.tickets.models import Ticket
from kernel import outgoing, views
from kernel.errors import NotFound, WrongState
from kernel.lifecycle import Way
from kernel.models import Event
from kernel.outbox import Consumer
from kernel.permissions import SYSTEM
from kernel.secrets import signed_request
from kernel.settings import settings

ACCEPTED = {"accepted", "duplicate"}


class NotTaken(Exception):  # noqa: N818
    """The other side's interface is away, busy or declines: tried again, then parked; the clock alarms meanwhile."""


async def hand_on(event: Event) -> None:
    """To the adapter (docs/adapters/handover.md), once it has gone on record that the caller's contact leaves.

    Without an adapter nothing goes out: the packet is a page to print, and a person records the receipt."""
    if not settings().handover_url:
        return
    ticket = await of_tickets.unseen(event.subject.partition(":")[2])
    packet = await queries.packet(ticket) if ticket else None
    if ticket is None or packet is None:
        return
    at = datetime.now(UTC)
    await views.record(ticket.ref, "handover", purpose=f"移交 {packet.to}", by=SYSTEM, at=at)
    file, sent = settings().handover_secret_file, packet.sent()
    secret = file.read_text().strip() if file else ""
    answer = await outgoing.post_json(settings().handover_url, sent, headers=signed_request(secret, sent, at=at))
    if answer.status != 200 or _status(answer) not in ACCEPTED:
        raise NotTaken(f"handover_{answer.status}")


def _status(answer: outgoing.Answer) -> str:
    try:
        return str(answer.json().get("status", ""))
    except (ValueError, AttributeError):
        return ""


async def take(receipt: Receipt, *, at: datetime) -> Ticket:
    """The first receipt counts and stops the clock; the same again changes nothing. Raises NotFound."""
    found = await queries.acknowledged(receipt.ticket, receipt.packet_id)
    if found is None:
        raise NotFound(what="这个移交编号")
    ticket, known = found
    if not known:
        try:
            facts = Acknowledge(reference=receipt.reference)
            await tickets.acknowledge(ticket, facts, **Way(by=SYSTEM, at=at, version=ticket.version))
        except WrongState:  # its twin was a moment faster, or a person has written it down
            await ticket.refresh_from_db()
    return ticket


HAND_ON = Consumer(name=queries.CONSUMER, topics=(queries.TOPIC,), handle=hand_on, outside=True)
