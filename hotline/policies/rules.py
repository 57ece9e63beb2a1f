"""What must hold before a policy moves, and what its moves write beside their facts."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hotline.policies import forms
from hotline.policies.presets import PRESETS, preset
from kernel.citytime import day_of
from kernel.duties import apart
from kernel.errors import FormRejected, WrongState
from kernel.lifecycle import Step, guard
from kernel.permissions import Actor

if TYPE_CHECKING:
    from hotline.policies.models import Policy

WRITING = frozenset({"draft", "edit", "submit"})


class NotNow(WrongState):
    text = "{reason}"


def changed(policy: Any, facts: Any, by: Actor, at: datetime) -> Mapping[str, Any]:
    return {"changed_at": at}


def in_use_since(policy: Any, facts: Any, by: Actor, at: datetime) -> Mapping[str, Any]:
    return {"changed_at": at, "published_at": at}


@guard("与起草所依据的版本有不同", early=True)
async def says_something_new(step: Step, by: Actor, at: datetime) -> None:
    policy: Policy = step.thing
    base = await type(policy).get_or_none(no=policy.base)
    document = base.document if base else preset(policy.base) if policy.base in PRESETS else {}
    if base is not None and document == policy.document:
        raise NotNow(reason=f"与“{policy.base}”完全相同，没有可以发布的改动，请先修改。")


a_second_person = apart("发布人没有写过这一版（不相容岗位分离）", WRITING)


@guard("生效日期不早于今天")
async def not_for_the_past(step: Step, by: Actor, at: datetime) -> None:
    """A limit that begins before anybody could read it would make late what was in time."""
    assert isinstance(step.facts, forms.Publish)
    today = day_of(at)
    if step.facts.effective_from < today:
        raise FormRejected({"effective_from": f"生效日期不能早于今天（{today}），已登记、已派出的工单不溯及。"})
