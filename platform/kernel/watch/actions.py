"""The watch over reveals: each is counted, many alarm the auditor, too many are refused."""

from datetime import datetime

from kernel.edge import rates, security
from kernel.errors import TooMany
from kernel.inbox.models import Message
from kernel.people import queries as people
from kernel.people.permissions import P
from kernel.permissions import Actor

ALARM_AT = 50


async def count_reveal(*, by: Actor, at: datetime, address: str = "") -> None:
    """One more look of this viewer's day. Raises TooMany at the 101st, and the security log names the viewer."""
    try:
        count = await rates.hit(rates.REVEAL_VIEWER, str(by.id), at=at)
    except TooMany:
        await security.log("reveal_refused", actor_id=by.id, at=at, address=address, limit=rates.REVEAL_VIEWER.limit)
        raise
    if count == ALARM_AT:
        await security.log("reveal_alarm", actor_id=by.id, at=at, address=address, count=count)
        title = f"{by.name}一天内查看诉求人号码已达 {count} 次，请核查"
        for auditor in await people.holders(P.SECURITY_READ, "/"):
            await Message.create(account_id=auditor, title=title, url="/admin/views", at=at)
