"""What a request of somebody who leaves comes to."""

from datetime import datetime

from kernel.errors import NotAllowed
from kernel.leaving.models import Leaving
from kernel.lifecycle import Step, guard
from kernel.permissions import Actor


@guard("申请人正在离岗", early=True)
async def asker_leaves(step: Step, by: Actor, at: datetime) -> None:
    if not await Leaving.filter(account_id=step.thing.asked_by).exists():
        raise NotAllowed(permission=f"{step.move.label}未离岗人员的申请")
