"""One's own messages."""

from kernel.inbox.models import Message
from kernel.permissions import Actor

UNREAD_MAX = 99  # “99+” says as much as the number


async def unread(actor: Actor) -> int:
    if actor.id <= 0:
        return 0
    return len(await Message.filter(account_id=actor.id, read_at=None).limit(UNREAD_MAX + 1).values_list("id"))


async def page(actor: Actor, *, after: int | None, limit: int) -> tuple[list[Message], int | None]:
    mine = Message.filter(account_id=actor.id)
    rows = await (mine.filter(id__lt=after) if after else mine).order_by("-id").limit(limit + 1)
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None
