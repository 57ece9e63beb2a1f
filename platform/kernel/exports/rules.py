"""What must hold for a request, and what follows from a decision."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from kernel.errors import NotAllowed, Refusal
from kernel.lifecycle import Step, guard
from kernel.permissions import Actor

MAY_BE_TAKEN = timedelta(hours=24)


class TooLate(Refusal):
    code, text = "too_late", "同意已超过 24 小时，请重新申请导出。"


@guard("审批人不是申请人", early=True)
async def another_person(step: Step, by: Actor, at: datetime) -> None:
    if step.thing.asked_by == by.id:
        raise NotAllowed(permission=f"{step.move.label}自己的申请")


@guard("只有申请人可以", early=True)
async def who_asked(step: Step, by: Actor, at: datetime) -> None:
    if step.thing.asked_by != by.id:
        raise NotAllowed(permission=f"{step.move.label}他人的申请")


@guard("同意后 24 小时以内", early=True)
async def in_time(step: Step, by: Actor, at: datetime) -> None:
    if step.thing.until is None or at >= step.thing.until:
        raise TooLate


def asked(thing: Any, facts: Any, by: Actor, at: datetime) -> Mapping[str, Any]:
    return {"asked_by": by.id, "asked_at": at}


def decided(thing: Any, facts: Any, by: Actor, at: datetime) -> Mapping[str, Any]:
    return {"decided_by": by.id, "until": at + MAY_BE_TAKEN}
