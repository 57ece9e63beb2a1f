"""What must hold before a report moves."""

from datetime import datetime

from kernel.errors import NotAllowed, Refusal, StaleVersion
from kernel.lifecycle import Step, guard
from kernel.permissions import Actor


class AlreadyFrozen(Refusal):
    code, text = "already_frozen", "这一期已经生成过（{no}）。要改数字，请打开它作更正，原版会保留。"


class Forged(Refusal):
    code, text = "forged", "{no} 第 {edition} 版与它的指纹或签名不符，不能打印，请让管理员运行 sunhall verify。"


class ByAPerson(NotAllowed):
    text = "报表须由人核对后发布，系统只能生成。{permission}"


@guard("发布人是人")
async def by_a_person(step: Step, by: Actor, at: datetime) -> None:
    if by.kind == "system":
        raise ByAPerson(permission="")


@guard("发布的就是核对过的那一版")
async def what_was_checked(step: Step, by: Actor, at: datetime) -> None:
    if step.facts.sha256 != step.thing.sha256:  # type: ignore[attr-defined]
        raise StaleVersion(thing=step.thing.label, move=step.move.label)


@guard("更正是下一版")
async def next_edition(step: Step, by: Actor, at: datetime) -> None:
    if step.facts.edition != step.thing.edition + 1:  # type: ignore[attr-defined]
        raise StaleVersion(thing=step.thing.label, move=step.move.label)
