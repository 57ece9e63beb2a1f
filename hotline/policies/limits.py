"""What a ticket's own policy says of a step: the column by urgency and type, the row by step."""

import tomllib
from datetime import date, datetime
from importlib.resources import files
from typing import Any
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from tortoise.backends.base.client import BaseDBAsyncClient

from hotline.policies.models import Policy
from kernel.clocks.limits import Limit, Span, parse_span
from kernel.database import home

CITY = ZoneInfo("Asia/Shanghai")
COLUMNS = {"consult": "consult", "suggest": "suggest", "praise": "suggest"}  # every other type is a demand
IN_DAYS = {"wd", "d"}
_read: WeakKeyDictionary[BaseDBAsyncClient, dict[str, dict[str, Any]]] = WeakKeyDictionary()


async def seed(at: datetime) -> None:
    """A new hall starts with `default-v1`."""
    document = tomllib.loads((files("hotline.policies") / "default-v1.toml").read_text())
    if not await Policy.exists(version=document["version"]):
        begins = document.pop("effective_from")
        await Policy.create(version=document["version"], effective_from=begins, document=document, taken_in_at=at)
    _read.clear()


async def in_force(at: datetime) -> str:
    """The version that a ticket registered now is pinned to."""
    documents = await _documents()
    day = at.astimezone(CITY).date()
    usable = [version for version, told in documents.items() if date.fromisoformat(told["effective_from"]) <= day]
    assert usable, "a hall has a policy from its first day"
    return max(usable, key=lambda version: (documents[version]["effective_from"], version))


async def limit(policy: str, step: str, *, type: str, urgency: str) -> Limit | None:  # noqa: A002
    """None: this policy doesn't time that step. `total` is the chain of dispatch, handle, review and visit."""
    told = (await _documents())[policy]
    column = urgency if urgency in {"critical", "urgent"} else COLUMNS.get(type, "demand")
    steps = told["order"] if step == "total" else [step]
    budget = tuple(parse_span(told["steps"][one][column]) for one in steps if column in told["steps"].get(one, {}))
    if not budget:
        return None
    return Limit(budget, policy, warn=_warn(told, column, budget), fix_min=parse_span(told["fix_min"][budget[-1][1]]))


def _warn(told: dict[str, Any], column: str, budget: tuple[Span, ...]) -> str:
    """A warning in working days fits a limit in days of more than one; anything shorter warns half-way."""
    asked: str = told["warn"].get(column, "")
    amount, unit = budget[-1]
    if parse_span(asked)[1] == "wd" and (unit not in IN_DAYS or (amount <= 1 and len(budget) == 1)):
        return "50 %"
    if parse_span(asked)[1] == "wh" and unit in {"min", "h"}:
        return "50 %"
    return asked


async def _documents() -> dict[str, dict[str, Any]]:
    owner = home()
    if not _read.get(owner):
        _read[owner] = {
            policy.version: policy.document | {"effective_from": policy.effective_from.isoformat()}
            for policy in await Policy.all()
        }
    return _read[owner]
