"""What must hold before a document moves, and what follows from a move."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kernel.errors import NotAllowed, Refusal
from kernel.lifecycle import Step, guard
from kernel.notices.forms import How
from kernel.permissions import Actor


class NoWording(Refusal):
    code, text = "no_wording", "文书“{code}”还没有已发布并生效的模板，请先由模板管理员发布。"


class NoSign(Refusal):
    code, text = "no_sign", "{org}还没有登记机关代字，请先在“文书模板”页登记后再拟制文书。"


class NotReady(Refusal):
    code, text = "not_ready", "{thing}现为“{now}”，还不能出具“{title}”。"


class WrongKind(Refusal):
    code, text = "wrong_kind", "“{title}”不能用于{thing}。"


class OwnWording(Refusal):
    code, text = "own_wording", "模板须由拟订人以外的另一位管理员发布。"


class TakenSign(Refusal):
    code, text = "taken_sign", "机关代字“{word}”已由其他单位使用，请换一个。"


class InboxConfirmsItself(Refusal):
    code, text = "inbox_confirms_itself", "站内送达以收件人本人点“确认收到”为准，不能代为登记。"


class NotTheirs(NotAllowed):
    text = "只有收件人本人可以确认收到这份文书。{permission}"


def issued_now(notice: Any, facts: Any, by: Actor, at: datetime) -> Mapping[str, Any]:
    return {"issued_at": at}


def delivered_now(notice: Any, facts: Any, by: Actor, at: datetime) -> Mapping[str, Any]:
    return {"delivered_at": at}


@guard("站内送达由收件人本人确认")
async def inbox_is_confirmed(step: Step, by: Actor, at: datetime) -> None:
    if step.facts.how is How.INBOX:  # type: ignore[attr-defined]
        raise InboxConfirmsItself


@guard("确认人是收件人", early=True)
async def only_who_it_is_for(step: Step, by: Actor, at: datetime) -> None:
    if step.thing.owner_id is None or step.thing.owner_id != by.id:
        raise NotTheirs(permission="")
