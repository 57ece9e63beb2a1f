"""Opening and closing the hall."""

from datetime import datetime

from kernel.database import transaction
from kernel.edge import security
from kernel.errors import Refusal
from kernel.maintenance import queries
from kernel.maintenance.models import Mode, Opening
from kernel.people.permissions import P
from kernel.permissions import SYSTEM, Actor


class Resting(Refusal):
    """Reading goes on (or not), writing waits for a person's word."""

    known = "resting"
    status, code, text = 503, "degraded", "大厅正在维护{reason}，{what}；急事请拨 12345。"

    def __init__(self, standing: queries.Standing, *, retry_after_s: int = 60) -> None:
        what = "现在只能查看，请稍后再提交" if standing.mode is Mode.READ_ONLY else "暂时不能使用"
        super().__init__(reason=f"（{standing.reason}）" if standing.reason else "", what=what)
        self.headers = {"Retry-After": str(retry_after_s)}


async def set_mode(mode: Mode, reason: str, *, by: Actor, at: datetime) -> None:
    """In force in every process within a second."""
    if by is not SYSTEM:  # whoever holds the machine's shell
        by.must(P.HALL_CLOSE, "/")
    async with transaction():
        row, _ = await Opening.get_or_create(id=1, defaults={"mode": mode, "since": at, "by": by.id})
        await Opening.filter(id=row.id).update(mode=mode, reason=reason, since=at, by=by.id)
        await security.log("hall_mode", actor_id=by.id, at=at, mode=mode.value)
    await queries.standing(anew=True)
