"""What must hold for an article, and what its moves write beside their facts."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from kernel.citytime import day_of
from kernel.duties import apart
from kernel.errors import FormRejected, WrongState
from kernel.lifecycle import Step, guard
from kernel.people.queries import active_organisation
from kernel.permissions import Actor
from kernel.secrets import masking

REMIND_BEFORE = timedelta(days=14)
LONG_NUMBER = re.compile(r"\d{7,}")  # a local line without its area code, a card, a case number
WRITING = frozenset({"draft", "edit", "submit", "correct"})


class NotNow(WrongState):
    text = "{reason}"


@guard("责任单位在用")
async def owner_is_active(step: Step, by: Actor, at: datetime) -> None:
    if await active_organisation(step.facts.owner) is None:  # type: ignore[attr-defined]
        raise FormRejected({"owner": "没有这个单位代码，或该单位已停用，请另选责任单位。"})


@guard("有效期未过", early=True)
async def still_valid(step: Step, by: Actor, at: datetime) -> None:
    if step.thing.valid_to < day_of(at):
        raise NotNow(reason=f"有效期至 {step.thing.valid_to}，已经过了，请先核对内容并改有效期。")


a_second_person = apart("审定人没有写过这一版", WRITING, since="publish")


@guard("有效期剩余不足 14 天，且没有为这个日期提醒过")
async def soon_over(step: Step, by: Actor, at: datetime) -> None:
    article = step.thing
    if article.valid_to - REMIND_BEFORE > day_of(at) or article.reminded_for == article.valid_to:
        raise NotNow(reason="还没有到提醒的时候，或已经提醒过。")


@guard("有效期已过")
async def is_over(step: Step, by: Actor, at: datetime) -> None:
    if step.thing.valid_to >= day_of(at):
        raise NotNow(reason="有效期还没有过。")


def authored(thing: Any, facts: Any, by: Actor, at: datetime) -> Mapping[str, Any]:
    return {"changed_at": at}


def next_edition(thing: Any, facts: Any, by: Actor, at: datetime) -> Mapping[str, Any]:
    return {"edition": thing.edition + 1, "changed_at": at}


def reminded(thing: Any, facts: Any, by: Actor, at: datetime) -> Mapping[str, Any]:
    return {"reminded_for": thing.valid_to}


def unnamed(words: str, name: str = "") -> str:
    """脱敏 before a question is kept: numbers that may be somebody's, the caller's name (个人信息保护法 第六条)."""
    if len(name) > 1:
        words = words.replace(name, masking.mask_name(name))
    return LONG_NUMBER.sub(lambda found: masking.STAR * len(found[0]), masking.mask_text(words))
