"""Telling people something, and their having read it."""

from collections.abc import Iterable
from datetime import datetime

from kernel.inbox.models import Message
from kernel.models import Event
from kernel.people import queries as people
from kernel.permissions import Actor, Permission

TITLE_MAX = 160
TOLD_MAX = 200  # a message to more people than that belongs on a page


async def tell(accounts: Iterable[int], *, event: Event, title: str, url: str) -> int:
    """Those who haven't been told of this event yet; how many they are. Nothing personal belongs in a title."""
    wanted = list(dict.fromkeys(accounts))[:TOLD_MAX]
    known = {int(str(one)) for one in await Message.filter(event_id=event.id).values_list("account_id", flat=True)}
    new = [
        Message(account_id=account, event_id=event.id, title=title[:TITLE_MAX], url=url, at=event.at)
        for account in wanted
        if account not in known
    ]
    if new:
        await Message.bulk_create(new)
    return len(new)


async def tell_holders(permission: Permission, path: str, *, event: Event, title: str, url: str) -> int:
    """Everyone who holds the permission at that path."""
    return await tell(await people.holders(permission, path), event=event, title=title, url=url)


async def read(actor: Actor, ids: Iterable[int], *, at: datetime) -> int:
    return await Message.filter(account_id=actor.id, id__in=list(ids), read_at=None).update(read_at=at)


async def read_all(actor: Actor, *, at: datetime) -> int:
    return await Message.filter(account_id=actor.id, read_at=None).update(read_at=at)
