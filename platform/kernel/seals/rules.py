"""Two people for every imprint, a seal that is in use, and the very text that was approved."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from kernel import kinds
from kernel.errors import OwnWork, Refusal, StaleVersion
from kernel.lifecycle import Step, guard
from kernel.notices.forms import Pressed
from kernel.permissions import Actor


class SealAsleep(Refusal):
    code, text = "seal_not_in_use", "这枚印章现为“{now}”，不能用印。请先恢复使用，或换一枚在用的印章。"


class NotInCustody(Refusal):
    status, code, text = 403, "not_in_custody", "这枚印章不由您保管，请由登记的保管人用印。"


class TwoPeople(OwnWork):
    code, text = "two_people", "用印须由两人完成：申请人不能{move}，审批人也不能用印。"


class AlreadySealed(Refusal):
    code, text = "already_sealed", "这份文书现为“{now}”，不能再申请用印。"


class KeepsItself(Refusal):
    code, text = "keeps_itself", "登记印章的人不能同时是它的保管人，请另选保管人。"


def keepers(seal: Any, facts: Any, by: Actor, at: datetime) -> Mapping[str, Any]:
    return {"custodians": sorted(set(facts.custodians))}


def applicant(request: Any, facts: Any, by: Actor, at: datetime) -> Mapping[str, Any]:
    return {"applicant_id": by.id}


def approver(request: Any, facts: Any, by: Actor, at: datetime) -> Mapping[str, Any]:
    return {"approver_id": by.id}


def custodian(request: Any, facts: Any, by: Actor, at: datetime) -> Mapping[str, Any]:
    return {"custodian_id": by.id, "imprinted_at": at}


@guard("登记人不保管")
async def registrar_keeps_none(step: Step, by: Actor, at: datetime) -> None:
    if by.id in step.facts.custodians:  # type: ignore[attr-defined]
        raise KeepsItself


@guard("印章在用", early=True)
async def seal_is_in_use(step: Step, by: Actor, at: datetime) -> None:
    await step.thing.know("seal")
    if step.thing.seal.state != "in_use":
        raise SealAsleep(now=step.thing.seal.state.label)


@guard("文书待用印")
async def notice_waits_for_a_seal(step: Step, by: Actor, at: datetime) -> None:
    await step.thing.know("notice")
    if step.thing.notice.state != "drafted":
        raise AlreadySealed(now=step.thing.notice.state.label)


@guard("审批人不是申请人", early=True)
async def not_the_applicant(step: Step, by: Actor, at: datetime) -> None:
    if by.id == step.thing.applicant_id:
        raise TwoPeople(move="审批")


@guard("用印人保管这枚印章", early=True)
async def keeps_this_seal(step: Step, by: Actor, at: datetime) -> None:
    await step.thing.know("seal")
    if by.id not in step.thing.seal.custodians:
        raise NotInCustody


@guard("用印人不是申请人和审批人", early=True)
async def two_people(step: Step, by: Actor, at: datetime) -> None:
    if by.id in (step.thing.applicant_id, step.thing.approver_id):
        raise TwoPeople(move="用印")


@guard("用印人未参与受理和决定", early=True)
async def took_no_part(step: Step, by: Actor, at: datetime) -> None:
    """AC05: whoever accepted or decided the matter doesn't seal it. The matter's own module says who that was."""
    await step.thing.know("notice")
    kind, no = kinds.kind_of(step.thing.notice.about)
    if kind.took_part and by.id in await kind.took_part(await kind.load(no)):
        raise OwnWork(thing=kind.model.label, move="用印")


@guard("用印的就是所见的文书和印章")
async def binds_what_was_seen(step: Step, by: Actor, at: datetime) -> None:
    await step.thing.know("notice", "seal")
    seen = (step.facts.content_hash, step.facts.seal_version)  # type: ignore[attr-defined]
    if seen != (step.thing.notice.content_hash, step.thing.seal.version):
        raise StaleVersion(thing=step.thing.label, move="用印")


async def seal_the_notice(request: Any, facts: Any, by: Actor, at: datetime) -> Sequence[Step]:
    await request.know("notice")
    return [Step(request.notice, "seal", Pressed(imprint=request.ref))]
