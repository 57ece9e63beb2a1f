"""What must hold before a card moves, and what a move writes beside its facts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kernel.errors import NotAllowed, OwnWork, WrongState
from kernel.lifecycle import Step, guard
from kernel.models import Entry
from kernel.permissions import Actor
from oversight.ladder.models import Level


class RedNeedsAPerson(NotAllowed):
    text = "红牌须由督办员确认后发出，系统只能拟发。{permission}"


class OwnUnit(OwnWork):
    text = "监督卡涉及本人所在单位，须由其他单位的人处理。"


class WhoIssued(OwnWork):
    text = "申诉须由发卡人以外的人裁定。"


class Explained(WrongState):
    text = "这张卡已经作过书面说明，不用再交。"


class AppealedOnce(WrongState):
    text = "这张卡已经申诉过，裁定以后不再申诉。"


def begin(card: Any, facts: Any, by: Actor, at: datetime) -> Mapping[str, Any]:
    return {"made_at": at}


def begin_issued(card: Any, facts: Any, by: Actor, at: datetime) -> Mapping[str, Any]:
    return {"made_at": at, "issued_at": at}


def issued(card: Any, facts: Any, by: Actor, at: datetime) -> Mapping[str, Any]:
    return {"issued_at": at, "issued_by": by.id}


@guard("红牌由人确认")
async def red_needs_a_person(step: Step, by: Actor, at: datetime) -> None:
    if step.facts.level == Level.RED.value:  # type: ignore[attr-defined]
        raise RedNeedsAPerson(permission="")


@guard("经手人不在被监督的单位", early=True)
async def not_own_unit(step: Step, by: Actor, at: datetime) -> None:
    if any(home.startswith(step.thing.org_path) for home in by.homes):
        raise OwnUnit


async def explained(card: Any) -> bool:
    """Whether the unit has given its explanation: an appeal that is lost leaves it owed."""
    return await Entry.exists(subject=card.ref, move="reply")


@guard("书面说明只交一次", early=True)
async def not_explained_yet(step: Step, by: Actor, at: datetime) -> None:
    if await explained(step.thing):
        raise Explained


@guard("申诉只有一次", early=True)
async def not_appealed_before(step: Step, by: Actor, at: datetime) -> None:
    if await Entry.exists(subject=step.thing.ref, move="appeal"):
        raise AppealedOnce


@guard("申诉由发卡人以外的人裁定", early=True)
async def not_who_issued(step: Step, by: Actor, at: datetime) -> None:
    if step.thing.issued_by in by.selves:
        raise WhoIssued


@guard("申诉中的卡由发卡人以外的人撤销", early=True)
async def not_who_issued_in_an_appeal(step: Step, by: Actor, at: datetime) -> None:
    if step.thing.state.value == "appealed":
        await not_who_issued.ask(step, by, at)
