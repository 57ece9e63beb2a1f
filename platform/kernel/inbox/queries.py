"""One's own messages."""

from kernel.inbox.models import Message
from kernel.messages import templates
from kernel.messages.templates import Sort
from kernel.permissions import Actor

UNREAD_MAX = 99  # “99+” says as much as the number


async def unread(actor: Actor) -> int:
    if actor.id <= 0:
        return 0
    return len(await Message.filter(account_id=actor.owner, read_at=None).limit(UNREAD_MAX + 1).values_list("id"))


async def page(
    actor: Actor, *, after: int | None, limit: int, unread: bool = False, sort: Sort | None = None
) -> tuple[list[Message], int | None]:
    """Newest first. `sort`: of that class alone."""
    mine = Message.filter(account_id=actor.owner)
    if unread:
        mine = mine.filter(read_at=None)
    if sort is not None:
        mine = mine.filter(template__in=[one.code for one in templates.every() if one.sort is sort])
    rows = await (mine.filter(id__lt=after) if after else mine).order_by("-id").limit(limit + 1)
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None
