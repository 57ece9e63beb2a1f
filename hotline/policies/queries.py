"""Reads of time-limit policies and of what was tried out with them."""

import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from weakref import WeakKeyDictionary

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.queryset import QuerySet

from hotline.permissions import P
from hotline.policies.models import Policy, Replay
from hotline.policies.states import PolicyState
from kernel.citytime import day_of
from kernel.database import home
from kernel.errors import NotFound
from kernel.models import Entry
from kernel.permissions import Actor

CHECKED_EVERY_S = 5.0
LISTED_MAX = 200
NONE = (date.min, datetime.min.replace(tzinfo=UTC), "")
ID_MAX = 2**31 - 1
READERS = (P.POLICY_DRAFT, P.POLICY_PUBLISH, P.POLICY_READ)
_documents: WeakKeyDictionary[BaseDBAsyncClient, dict[str, dict[str, Any]]] = WeakKeyDictionary()
_in_line: WeakKeyDictionary[BaseDBAsyncClient, tuple[float, list[tuple[date, datetime, str]]]] = WeakKeyDictionary()


async def in_force(at: datetime) -> str:
    """The number of the version for who registers or dispatches now; another process's publication is seen within
    five seconds. Of two from the same day on, the one that was published later."""
    found = await begun(at)
    assert found, "a hall has a policy from its first day"
    return found


async def begun(at: datetime) -> str:
    """The same of any day; empty before the first version."""
    day = day_of(at)
    return max(((since, published, no) for since, published, no in await _published() if since <= day), default=NONE)[2]


async def document(no: str) -> dict[str, Any]:
    """What a published version says. It never changes, so it is read once."""
    known = _documents.setdefault(home(), {})
    if no not in known:
        known[no] = (await Policy.get(no=no, state=PolicyState.PUBLISHED)).document
    return known[no]


async def document_if_known(no: str) -> dict[str, Any]:
    """For clocks of whatever policy: empty for one that isn't among these."""
    known = _documents.setdefault(home(), {})
    if no not in known and not await Policy.exists(no=no, state=PolicyState.PUBLISHED):
        return {"order": [], "steps": {}}
    return await document(no)


async def forget() -> None:
    """After a publication in this process has been committed."""
    _in_line.pop(home(), None)
    _documents.pop(home(), None)


def visible_to(actor: Actor) -> QuerySet[Policy]:
    if not any(actor.may_anywhere(one) for one in READERS):
        return Policy.filter(id__in=[])
    return Policy.all()


async def one(actor: Actor, no: str) -> Policy:
    found = await visible_to(actor).filter(no=no).first()
    if found is None:
        raise NotFound(what="这一版时限策略")
    return found


async def numbered(no: str) -> Policy | None:
    return await Policy.get_or_none(no=no)


async def listed(actor: Actor) -> list[Policy]:
    """The newest first."""
    return await visible_to(actor).order_by("-id").limit(LISTED_MAX)


async def published() -> list[Policy]:
    """In the order they come into force."""
    return await Policy.filter(state=PolicyState.PUBLISHED).order_by("effective_from", "published_at")


async def story(policy: Policy) -> list[Entry]:
    return await Entry.filter(subject=policy.ref).order_by("-seq").limit(LISTED_MAX)


async def replays(policy: Policy) -> list[Replay]:
    return await Replay.filter(policy_id=policy.id).order_by("-id").limit(20)


async def replay(policy: Policy, number: int) -> Replay:
    found = await Replay.get_or_none(id=number, policy_id=policy.id) if number <= ID_MAX else None
    if found is None:
        raise NotFound(what="这次试算")
    return found


async def unfinished(at: datetime) -> Sequence[Replay]:
    """That nobody works on: never begun, or its worker is gone."""
    waiting = Replay.filter(finished_at=None).order_by("id").limit(20)
    return [one for one in await waiting if one.claimed_until is None or one.claimed_until < at]


async def claim(replay: Replay, *, worker: str, until: datetime, at: datetime) -> bool:
    """By a conditional update, so that two workers don't both have it."""
    free = Replay.filter(id=replay.id, finished_at=None, claimed_until=replay.claimed_until)
    return bool(await free.update(claimed_by=worker[:80], claimed_until=until))


async def _published() -> list[tuple[date, datetime, str]]:
    owner = home()
    checked_at, known = _in_line.get(owner, (0.0, []))
    if not known or time.monotonic() - checked_at > CHECKED_EVERY_S:
        rows = await Policy.filter(state=PolicyState.PUBLISHED).values_list("effective_from", "published_at", "no")
        known = [(row[0], row[1], row[2]) for row in rows]
        _in_line[owner] = (time.monotonic(), known)
    return known
