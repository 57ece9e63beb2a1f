"""Guards and cascades of dispatch rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from hotline.dispatching import forms
from kernel.duties import apart
from kernel.errors import FormRejected
from kernel.forms import Form
from kernel.lifecycle import Step, guard
from kernel.people.queries import active_organisation
from kernel.permissions import Actor

if TYPE_CHECKING:
    from hotline.dispatching.models import DispatchRule


@guard("承办单位在用")
async def agency_is_active(step: Step, by: Actor, at: datetime) -> None:
    assert isinstance(step.facts, forms.Propose)
    if await active_organisation(step.facts.agency) is None:
        raise FormRejected({"agency": f"没有编码为“{step.facts.agency}”的单位，或该单位已停用，请另选。"})


by_a_second_person = apart("由另一个人批准", {"propose"})


async def retire_the_older(rule: DispatchRule, facts: Form, by: Actor, at: datetime) -> Sequence[Step]:
    """One rule a condition: the newer version takes the place of the older."""
    older = type(rule).filter(category=rule.category, area=rule.area, state="in_force").exclude(id=rule.id)
    return [Step(one, "supersede") async for one in older]
