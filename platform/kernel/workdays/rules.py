"""What must hold for a notice, and what its moves write beside their facts."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from kernel.calendar import actions as calendar
from kernel.duties import apart
from kernel.errors import FormRejected
from kernel.lifecycle import Step, guard
from kernel.permissions import Actor
from kernel.workdays import forms


def notice_of(told: Any) -> calendar.Notice:
    """Of a proposal, or of the facts it begins with."""
    days = {date.fromisoformat(day): (works, label) for day, works, label in told.days}
    return calendar.Notice(told.year, told.local, told.document, days)


def proposed(thing: Any, facts: Any, by: Actor, at: datetime) -> Mapping[str, Any]:
    return {"proposed_by": by.id, "proposed_at": at}


def settled(thing: Any, facts: Any, by: Actor, at: datetime) -> Mapping[str, Any]:
    return {"settled_by": by.id, "settled_at": at}


@guard("与现行的安排有不同")
async def says_something_new(step: Step, by: Actor, at: datetime) -> None:
    assert isinstance(step.facts, forms.Proposed)
    if await calendar.is_known(notice_of(step.facts)):
        raise FormRejected({"days": f"{step.facts.year} 年现行的安排就是这样，没有改动。"})


a_second_person = apart("确认人不是录入人（不相容岗位分离）", {"propose"})
