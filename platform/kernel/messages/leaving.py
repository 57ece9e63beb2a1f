"""The road out (外发): a sealed row and an event in the change's own transaction, then at least once to the provider.

A provider sees the same key however often it is tried, so it can tell a second try from a second message."""

import json
from datetime import UTC, datetime

from kernel.messages import mail, sms
from kernel.messages.models import Channel, Outgoing, State
from kernel.messages.refusing import Declined
from kernel.models import Event
from kernel.outbox import Consumer, publish
from kernel.secrets import blind_index, seal, unseal

TOPIC = "outgoing.queue"


async def queue(
    channel: Channel,
    *,
    to: str,
    content: str,
    template: str,
    key: str,
    at: datetime,
    version: int = 1,
    until: datetime | None = None,
    due: datetime | None = None,
) -> bool:
    """Inside a transaction. False when this key has been queued before. Held back until `due`, void after `until`."""
    hidden = blind_index("outgoing", f"{channel}:{key}").hex()[:64]
    if await Outgoing.filter(key=hidden).exists():
        return False
    row = Outgoing(key=hidden, channel=channel, template=template, version=version, at=at, until=until)
    row.recipient = seal(to, **row.sealed["recipient"](row))
    row.content = seal(content, **row.sealed["content"](row))
    await row.save()
    await publish(TOPIC, f"outgoing:{row.id}", 1, at, due=due)
    return True


async def hand_on(event: Event) -> None:
    """To the provider. What it declines for good is failed; whatever else goes wrong is tried again, then parked."""
    row = await Outgoing.get_or_none(id=int(event.subject.partition(":")[2]), state=State.QUEUED)
    if row is None or row.recipient is None or row.content is None:
        return None
    if row.until is not None and row.until <= datetime.now(UTC):
        return await _done(row, State.EXPIRED)
    to = unseal(row.recipient, **row.sealed["recipient"](row))
    content = unseal(row.content, **row.sealed["content"](row))
    try:
        if row.channel is Channel.SMS:
            await sms.send(to, content, key=row.key)
        else:
            await mail.send(to, mail.Content(**json.loads(content)), key=row.key)
    except Declined as declined:
        return await _done(row, State.FAILED, str(declined))
    return await _done(row, State.SENT)


async def _done(row: Outgoing, state: State, problem: str = "") -> None:
    still = Outgoing.filter(id=row.id, state=State.QUEUED)
    await still.update(state=state, recipient=None, content=None, done_at=datetime.now(UTC), problem=problem[:60])


CONSUMER = Consumer(name="kernel.outgoing", topics=(TOPIC,), handle=hand_on, outside=True)
