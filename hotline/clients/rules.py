"""What must hold before a client has a token."""

from __future__ import annotations

from datetime import datetime, timedelta

from hotline.clients import forms
from kernel.citytime import day_of
from kernel.errors import FormRejected
from kernel.lifecycle import Step, guard
from kernel.permissions import Actor

LONGEST = timedelta(days=366)


@guard("有效期在一年以内")
async def for_a_year_at_most(step: Step, by: Actor, at: datetime) -> None:
    assert isinstance(step.facts, forms.Issue | forms.Rotate)
    if not day_of(at) <= step.facts.valid_to <= day_of(at) + LONGEST:
        raise FormRejected({"valid_to": "有效期从今天起，最长一年；到期前请换发令牌。"})
