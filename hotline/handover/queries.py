"""The packet of a ticket, put together from what its journal sealed: there is no second copy to keep or to lose."""

import hmac
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from hotline.tickets import queries as tickets
from hotline.tickets.forms import Receiver, Secrecy
from hotline.tickets.models import Ticket
from kernel import journal, secrets
from kernel.api import local
from kernel.clocks.models import Clock
from kernel.models import Delivery, Entry
from kernel.settings import settings

CONSUMER, TOPIC = "hotline.handover", "ticket.transfer"
WHAT_MAX = 2_000
PACKET_ID_SIGNS = 32
KEPT_BACK = "（按诉求人要求不提供，需要时请联系热线）"
LATE_AFTER = timedelta(seconds=10)  # a packet that hasn't gone by then is worth a word on the page


@dataclass(frozen=True, slots=True)
class Packet:
    """移交单: what happened, where, who may be rung, whether somebody is in danger. Flat words, as they go out."""

    packet_id: str
    ticket: str
    to: str
    what: str
    note: str
    where: str
    area_code: str
    lat: str
    lon: str
    caller_name: str
    caller_phone: str
    danger: str
    three_party: str
    urgency: str
    registered_at: str
    transferred_at: str
    acknowledge_by: str

    def sent(self) -> dict[str, str]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a hand-over stands: who was told what when, whether it has gone, what came back."""

    to: Receiver
    danger: bool
    three_party: bool
    at: datetime
    goes_out: bool
    gone_at: datetime | None
    problem: str
    clock: Clock | None
    acknowledged_at: datetime | None
    reference: str


async def packet(ticket: Ticket) -> Packet | None:
    """None: it wasn't handed over."""
    entry = await _transfer(ticket)
    if entry is None:
        return None
    names = ("content", "address", "caller_name", "caller_phone", "note")
    told = {name: text for (_, name), text in (await journal.unsealed_all([ticket.ref], names)).items()}
    place = await Entry.filter(subject=ticket.ref, move="register").first()
    begun, danger = place.facts if place else {}, bool(entry.facts.get("danger"))
    clock = await _clock(ticket)
    needed = ticket.secrecy is Secrecy.PLAIN or danger  # as far as needed: a life comes before a wish
    return Packet(
        packet_id=packet_id(ticket, entry.seq), ticket=ticket.no, to=str(entry.facts["to"]),
        what=f"{ticket.title}\n{told.get('content', '')}"[:WHAT_MAX],
        note=told.get("note", "") if "note" in entry.facts else "",
        where=told.get("address", ""), area_code=ticket.area_code or "",
        lat=str(begun.get("lat") or ""), lon=str(begun.get("lon") or ""),
        caller_name=told.get("caller_name", "") if needed else KEPT_BACK,
        caller_phone=told.get("caller_phone", "") if needed else KEPT_BACK,
        danger="yes" if danger else "no", three_party="yes" if entry.facts.get("three_party") else "no",
        urgency=ticket.urgency.value, registered_at=local(ticket.registered_at), transferred_at=local(entry.at),
        acknowledge_by=local(clock.due_at) if clock else "",
    )  # fmt: skip


async def standing(ticket: Ticket, at: datetime) -> Standing | None:
    """For the ticket's page; without anything personal."""
    entry = await _transfer(ticket)
    if entry is None:
        return None
    delivery = await Delivery.filter(
        consumer=CONSUMER, event__topic=TOPIC, event__subject=ticket.ref, event__seq=entry.seq
    ).first()
    goes_out = bool(settings().handover_url)
    waits = goes_out and delivery is not None and delivery.done_at is None and at > entry.at + LATE_AFTER
    receipt = await Entry.filter(subject=ticket.ref, move="acknowledge").order_by("-seq").first()
    return Standing(
        to=Receiver(entry.facts["to"]), danger=bool(entry.facts.get("danger")),
        three_party=bool(entry.facts.get("three_party")), at=entry.at, goes_out=goes_out,
        gone_at=delivery.done_at if delivery and goes_out else None,
        problem="还没有送到对方接口，请打电话并打印移交单" if waits else "",
        clock=await _clock(ticket), acknowledged_at=receipt.at if receipt else None,
        reference=str(receipt.facts.get("reference") or "") if receipt else "",
    )  # fmt: skip


async def acknowledged(ticket: str, wanted: str) -> tuple[Ticket, bool] | None:
    """The ticket of that packet, and whether its receipt is here already. None: no such packet."""
    found = await tickets.unseen(ticket)
    entry = await _transfer(found) if found else None
    if found is None or entry is None or not hmac.compare_digest(packet_id(found, entry.seq), wanted):
        return None
    clock = await _clock(found)
    return found, clock is None or clock.stopped_at is not None


def packet_id(ticket: Ticket, seq: int) -> str:
    """The same however often it is sent; nobody outside can guess another one's."""
    return secrets.blind_index("handover", f"{ticket.ref}:{seq}").hex()[:PACKET_ID_SIGNS]


async def _transfer(ticket: Ticket) -> Entry | None:
    return await Entry.filter(subject=ticket.ref, move="transfer").order_by("-seq").first()


async def _clock(ticket: Ticket) -> Clock | None:
    return await Clock.filter(subject=ticket.ref, step="handover").order_by("-span").first()
