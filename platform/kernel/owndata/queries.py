"""Reads of one's own data, from every module that holds some."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kernel import journal, views
from kernel.errors import NotFound
from kernel.models import Entry, View
from kernel.module import PersonalData, installed
from kernel.owndata.erasures import Erased
from kernel.owndata.forms import Right
from kernel.owndata.models import OwnRequest
from kernel.owndata.states import RequestState
from kernel.people.models import Account
from kernel.people.permissions import P
from kernel.permissions import Actor

ERASED = "（已删除）"
VIEWS_MAX = 500


@dataclass(frozen=True, slots=True)
class Held:
    line: PersonalData
    rows: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody looked: when, which agency, at what, at which step, why. Never who."""

    at: datetime
    agency: str
    subject: str
    step: str
    purpose: str


def register() -> Iterator[PersonalData]:
    """处理活动记录: every line of every module."""
    return (line for module in installed() for line in module.personal)


async def held(owner: int) -> list[Held]:
    return [Held(line, await line.read(owner)) for line in register() if line.read]


def visible_to(actor: Actor, nos: Any = None) -> Any:
    if actor.may_anywhere(P.OWN_REQUEST_ANSWER):
        return OwnRequest.all()
    return OwnRequest.filter(owner_id=actor.owner if actor.id > 0 else 0)


async def erased_since(line: Erased) -> bool:
    """Whether the database knows of that erasure, or of a later one of the same account that did as much."""
    as_much = {Right.CLOSE} if line.right is Right.CLOSE else {Right.ERASE, Right.CLOSE}
    since = OwnRequest.filter(asked_at__gte=datetime.fromisoformat(line.at), right__in=list(as_much))
    return await since.filter(owner_id=line.account, state=RequestState.DONE).exists()


async def one(actor: Actor, no: str) -> OwnRequest:
    found = await visible_to(actor).filter(no=no).first()
    if found is None:
        raise NotFound(what="这件请求")
    request: OwnRequest = found
    return request


async def mine(owner: int) -> list[OwnRequest]:
    return await OwnRequest.filter(owner_id=owner).order_by("-id")


async def waiting() -> list[OwnRequest]:
    return await OwnRequest.filter(state=RequestState.OPEN).order_by("id")


async def said(request: OwnRequest) -> tuple[str, str]:
    """(what was asked, what was answered); erased texts are gone for good."""
    texts = await journal.sealed_texts(request.ref)
    return texts.get((1, "text"), ""), texts.get((2, "text"), "")


async def subjects_of(owner: int) -> list[str]:
    return [ref for module in installed() if module.subjects_of for ref in await module.subjects_of(owner)]


async def looks(subjects: list[str]) -> list[Look]:
    """谁看过我的信息. A clerk is named by their agency; an outsider's own look isn't told."""
    found = await View.filter(subject__in=subjects).order_by("-id").limit(VIEWS_MAX)
    accounts = await Account.filter(id__in=[view.actor_id for view in found], org_id__isnull=False).select_related(
        "org"
    )
    agencies = {account.id: account.org.name for account in accounts if account.org}
    steps, purposes = await _steps(found), await views.purposes(found)
    return [
        Look(one.at, agencies.get(one.actor_id, "本大厅"), one.subject, steps[one.id], purposes.get(one.id, ERASED))
        for one in found
    ]


async def _steps(looks: list[View]) -> dict[int, str]:
    """How the thing stood when it was looked at, as its journal says."""
    from kernel import kinds

    entries = await Entry.filter(subject__in={view.subject for view in looks}).order_by("subject", "seq")
    found = {}
    for view in looks:
        states = [
            entry.facts.get("_state", "") for entry in entries if entry.subject == view.subject and entry.at <= view.at
        ]
        kind = next((one for one in kinds.every() if one.model.kind == view.subject.partition(":")[0]), None)
        enum = kind.model._meta.fields_map["state"].enum_type if kind else None  # type: ignore[attr-defined]
        found[view.id] = enum(states[-1]).label if enum and states else ""
    return found
