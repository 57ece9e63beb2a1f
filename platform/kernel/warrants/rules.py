"""What must hold for a warrant, and what follows from a decision (GB/T 22239-2019 8.1.5; spec: security TA05)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from kernel.duties import apart
from kernel.errors import NotAllowed, OwnWork
from kernel.lifecycle import Step, guard
from kernel.people.permissions import P
from kernel.permissions import Actor

LASTS = timedelta(minutes=60)


class Over(NotAllowed):
    """Whoever held it knows that the thing is there, so this says more than 404."""

    text = "调阅令 {no} 已经结束，不能再查看。仍有需要的，请重新申请。"


another_person = apart("申请、核验、批准是三个人")


@guard("申请人自己不能", early=True)
async def not_the_asker(step: Step, by: Actor, at: datetime) -> None:
    if step.thing.asked_by in by.selves:
        raise OwnWork(thing=step.thing.label, move=step.move.label)


@guard("只有核验人和批准人可以", early=True)
async def who_agreed(step: Step, by: Actor, at: datetime) -> None:
    if not by.selves & {step.thing.confirmed_by, step.thing.approved_by}:
        raise NotAllowed(permission=f"{step.move.label}他人同意的调阅令")


@guard("只有申请人可以", early=True)
async def who_asked(step: Step, by: Actor, at: datetime) -> None:
    if step.thing.asked_by != by.id:
        raise NotAllowed(permission=f"{step.move.label}他人的调阅申请")


@guard("批准后 60 分钟以内", early=True)
async def in_time(step: Step, by: Actor, at: datetime) -> None:
    if not step.thing.runs(at):
        raise Over(no=step.thing.no)


def asked(thing: Any, facts: Any, by: Actor, at: datetime) -> Mapping[str, Any]:
    """An auditor's is an audit, everybody else's an emergency."""
    ground = "audit" if by.may_anywhere(P.SECURITY_READ) else "emergency"
    return {"ground": ground, "asked_by": by.id, "asked_at": at}


def confirmed(thing: Any, facts: Any, by: Actor, at: datetime) -> Mapping[str, Any]:
    return {"confirmed_by": by.id}


def approved(thing: Any, facts: Any, by: Actor, at: datetime) -> Mapping[str, Any]:
    return {"approved_by": by.id, "until": at + LASTS}
