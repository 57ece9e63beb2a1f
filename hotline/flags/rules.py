"""What must hold for a flag, and what its moves write beside their facts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from hotline.flags import forms
from hotline.tickets.rules import phone_index
from kernel.citytime import day_of
from kernel.duties import apart
from kernel.errors import FormRejected
from kernel.journal import clear
from kernel.lifecycle import Step, guard
from kernel.permissions import Actor

if TYPE_CHECKING:
    from hotline.flags.models import Flag

LONGEST = timedelta(days=366)


@guard("有效期在一年以内")
async def for_a_year_at_most(step: Step, by: Actor, at: datetime) -> None:
    assert isinstance(step.facts, forms.Propose)
    if not day_of(at) <= step.facts.valid_to <= day_of(at) + LONGEST:
        raise FormRejected({"valid_to": "有效期从今天起，最长一年；到期仍需标注的重新提出。"})


by_a_second_person = apart("由另一个人批准", {"propose"})


def indexed(flag: Flag, facts: forms.Propose, by: Actor, at: datetime) -> Mapping[str, Any]:
    return {"phone_index": phone_index(str(clear(facts.phone))), "proposed_by": by.name}


def reviewed(flag: Flag, facts: forms.Confirm, by: Actor, at: datetime) -> Mapping[str, Any]:
    return {"reviewed_by": by.name}
