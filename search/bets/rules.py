"""What must hold for a bet, and what its moves write beside their facts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kernel.citytime import day_of
from kernel.duties import apart
from kernel.errors import FormRejected, WrongState
from kernel.lifecycle import Step, guard
from kernel.permissions import Actor
from search.bets import forms
from search.records import read


class Over(WrongState):
    text = "已过“用到”的日期（{day}），请撤回后另拟一条。"


def proposed(bet: Any, facts: Any, by: Actor, at: datetime) -> Mapping[str, Any]:
    return {"key": " ".join(forms.words_of(facts.query)), "proposed_by": by.id, "proposed_at": at}


def settled(bet: Any, facts: Any, by: Actor, at: datetime) -> Mapping[str, Any]:
    return {"settled_by": by.id, "settled_at": at}


def ended(bet: Any, facts: Any, by: Actor, at: datetime) -> Mapping[str, Any]:
    return {"ended_at": at}


@guard("用到的日期不早于今天")
async def not_for_the_past(step: Step, by: Actor, at: datetime) -> None:
    assert isinstance(step.facts, forms.Placed)
    if step.facts.last_day < day_of(at):
        raise FormRejected({"last_day": f"“用到”不能早于今天（{day_of(at)}）。"})


@guard("文档是公开的")
async def is_public(step: Step, by: Actor, at: datetime) -> None:
    """A number that nobody may read is refused in the same words as one that doesn't exist."""
    assert isinstance(step.facts, forms.Placed)
    ref = step.facts.document
    if (await read([ref]))[ref].public is None:
        raise FormRejected(
            {"document": "没有这样的公开文档，请从检索结果中抄“类别:编号”，如 faq:53-20260302-000001-3。"}
        )


@guard("还没有过用到的日期", early=True)
async def not_over(step: Step, by: Actor, at: datetime) -> None:
    if step.thing.last_day < day_of(at):
        raise Over(day=step.thing.last_day)


a_second_person = apart("发布人不是拟定人（不相容岗位分离）", {"propose"})
