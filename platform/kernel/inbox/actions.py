"""Telling people something, and their having read it."""

from collections.abc import Iterable
from datetime import datetime

from kernel.inbox.models import Message
from kernel.messages import actions as messages
from kernel.messages.templates import TELLING, TITLE_MAX, Sort
from kernel.models import Event
from kernel.people import queries as people
from kernel.permissions import Actor, Clearance, Permission


async def tell(accounts: Iterable[int], *, event: Event, title: str, url: str, sort: Sort = Sort.REMINDERS) -> int:
    """Those who haven't been told of this event yet; how many they are. Nothing personal belongs in a title.
    `sort`: what its reader chooses channels for; 资讯 is told by templates of its own."""
    return await messages.send(
        TELLING[sort].code, to=accounts, values={"title": title}, key=f"event:{event.id}", url=url, at=event.at
    )


async def tell_holders(
    permission: Permission, path: str, *, event: Event, title: str, url: str, label: Clearance = Clearance.PLAIN
) -> int:
    """Everyone who holds the permission at that path and may know of what bears that label."""
    return await tell(await people.holders(permission, path, label), event=event, title=title, url=url)


async def notice(account: int, *, title: str, url: str, at: datetime) -> None:
    """About the account itself (a session that was ended), where no event of a thing stands behind it."""
    await Message.create(account_id=account, title=title[:TITLE_MAX], url=url, at=at)


async def read(actor: Actor, ids: Iterable[int], *, at: datetime) -> int:
    return await Message.filter(account_id=actor.owner, id__in=list(ids), read_at=None).update(read_at=at)


async def read_all(actor: Actor, *, at: datetime) -> int:
    return await Message.filter(account_id=actor.owner, read_at=None).update(read_at=at)
