"""What must hold for a policy document, and what its moves write beside their facts."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from kernel.duties import apart
from kernel.errors import FormRejected
from kernel.lifecycle import Step, guard
from kernel.permissions import Actor
from search import analysis

WRITING = frozenset({"draft", "edit", "submit"})
a_second_person = apart("发布人没有起草过这一件", WRITING)


@guard("文号没有被另一件公布的文件用过")
async def number_is_free(step: Step, by: Actor, at: datetime) -> None:
    policy = step.thing
    if policy.number_key and await _taken(policy):
        raise FormRejected({"number": f"文号“{policy.number}”已经公布过，请核对；是重新公布的，用“修改并重新公布”。"})


async def _taken(policy: Any) -> bool:
    same = type(policy).filter(number_key=policy.number_key, published_at__not_isnull=True).exclude(no=policy.no)
    return bool(await same.exclude(state="wdrawn").exists())


@guard("正文有改动")
async def says_something_new(step: Step, by: Actor, at: datetime) -> None:
    if step.facts.body.strip() == step.thing.body.strip():  # type: ignore[attr-defined]
        raise FormRejected({"body": "正文没有改动。请写修改后的全文；只是废止的，用“废止”。"})


@guard("日期不早于成文日期和施行日期")
async def not_before_it_was(step: Step, by: Actor, at: datetime) -> None:
    policy, name = step.thing, "ended_on" if step.name == "repeal" else "changed_on"
    begins = max((day for day in (policy.issued, policy.effective_from) if day), default=date.min)
    if getattr(step.facts, name) < begins:
        raise FormRejected({name: f"不能早于成文或施行日期 {begins}，请核对。"})


def dated(thing: Any, facts: Any, by: Actor, at: datetime) -> Mapping[str, Any]:
    """What lists sort and filter by: the day that the document bears, 0 where it bears none."""
    day = facts.issued or getattr(facts, "posted", None)
    return {
        "day": int(f"{day:%Y%m%d}") if day else 0, "year": day.year if day else 0, "changed_at": at,
        "number_key": analysis.identifier(facts.number),
    }  # fmt: skip


def published(thing: Any, facts: Any, by: Actor, at: datetime) -> Mapping[str, Any]:
    """A publication day is the hall's own: nobody can write an earlier one."""
    moment = {"published_at": at, "changed_at": at}
    return {**moment, **dated(thing, facts, by, at)} if hasattr(facts, "number") else moment
