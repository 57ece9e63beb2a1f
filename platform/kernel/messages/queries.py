"""How a person is reached, which texts are in force, and what is on its way."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tortoise.functions import Count

from kernel import outbox
from kernel.messages import templates
from kernel.messages.leaving import CONSUMER
from kernel.messages.models import Channel, Contact, MessageTemplate, Outgoing, State
from kernel.messages.templates import Sort, Template, UnfitTemplate
from kernel.models import Delivery
from kernel.permissions import Actor
from kernel.secrets import unseal

TEXTS = ("title", "body", "subject", "mail", "sms")
SHOWN = 100
CHOICES = tuple((sort, channel) for sort in (Sort.AFFAIRS, Sort.REMINDERS, Sort.NEWS) for channel in Channel)


@dataclass(frozen=True, slots=True)
class Reached:
    """`pending` was asked for and isn't proven yet. What is off stands as "sort:channel"."""

    phone: str = ""
    email: str = ""
    pending: str = ""
    off: frozenset[str] = frozenset()

    def wants(self, sort: Sort, channel: Channel) -> bool:
        return f"{sort}:{channel}" not in self.off


async def reached(actor: Actor, *, at: datetime) -> Reached:
    contact = await Contact.get_or_none(account_id=actor.id)
    if contact is None:
        return Reached()
    waits = contact.pending_until is not None and contact.pending_until > at
    return Reached(
        _clear(contact, "phone"), _clear(contact, "email"), _clear(contact, "pending") if waits else "",
        frozenset(contact.off),
    )  # fmt: skip


def _clear(contact: Contact, column: str) -> str:
    sealed = getattr(contact, column)
    return unseal(sealed, **contact.sealed[column](contact)) if sealed is not None else ""


async def current(code: str) -> Template:
    """The newest published texts; the declared ones where none are stored, or where those no longer fit the slots."""
    declared = templates.declared(code)
    row = await MessageTemplate.filter(code=code).exclude(published_at=None).order_by("-version").first()
    if row is None:
        return declared
    try:
        return fitting(declared, row)
    except UnfitTemplate:
        return declared


def fitting(declared: Template, row: MessageTemplate) -> Template:
    """Raises UnfitTemplate: a later program has other slots than the text was written for."""
    stored = replace(declared, version=row.version, **{name: getattr(row, name) for name in TEXTS})
    templates.check(stored)
    return stored


async def unfit() -> list[str]:
    """Codes whose published texts are passed over."""
    found = []
    for declared in templates.every():
        row = await MessageTemplate.filter(code=declared.code).exclude(published_at=None).order_by("-version").first()
        try:
            if row is not None:
                fitting(declared, row)
        except UnfitTemplate:
            found.append(declared.code)
    return found


async def offered() -> list[tuple[Sort, Channel]]:
    """The choices that change something: channels that some text in force goes by. 资讯 never comes as a text."""
    used = [await current(one.code) for one in templates.every()]
    by = {(one.sort, Channel.EMAIL) for one in used if one.subject} | {
        (one.sort, Channel.SMS) for one in used if one.sms
    }
    return [pair for pair in CHOICES if pair in by - {(Sort.NEWS, Channel.SMS)}]


async def versions(code: str) -> list[MessageTemplate]:
    return await MessageTemplate.filter(code=code).order_by("-version").limit(SHOWN)


async def newest_versions() -> dict[str, tuple[int, int]]:
    """Code → (version in force, newest version)."""
    in_force, newest = Counter[str](), Counter[str]()
    for row in await MessageTemplate.all().only("id", "code", "version", "published_at"):
        newest[row.code] = max(newest[row.code], row.version)
        if row.published_at is not None:
            in_force[row.code] = max(in_force[row.code], row.version)
    return {code: (in_force[code], newest[code]) for code in newest}


async def by_state() -> dict[State, int]:
    rows = await Outgoing.all().group_by("state").annotate(count=Count("id")).values_list("state", "count")
    return {State(str(state)): int(str(count)) for state, count in rows}


async def failed() -> list[Outgoing]:
    """What won't arrive, newest first: codes only, who and what are long erased."""
    return await Outgoing.filter(state__in=[State.FAILED, State.EXPIRED]).order_by("-id").limit(SHOWN)


async def parked() -> list[tuple[Delivery, Outgoing | None]]:
    stuck = await outbox.parked().filter(consumer=CONSUMER.name).order_by("id").limit(SHOWN).prefetch_related("event")
    ids = {delivery.id: int(delivery.event.subject.partition(":")[2]) for delivery in stuck}
    rows = {row.id: row for row in await Outgoing.filter(id__in=list(ids.values()))} if ids else {}
    return [(delivery, rows.get(ids[delivery.id])) for delivery in stuck]


async def overdue(*, at: datetime, by: timedelta) -> int:
    """How many should have left that long ago: nobody takes them, or the provider is away."""
    late = Delivery.filter(consumer=CONSUMER.name, done_at=None, parked_at=None, next_try_at__lt=at - by)
    return await late.count()
