"""What a ticket's own policy says of a step: the column by urgency and type, the row by step."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NotRequired, TypedDict

from hotline.policies import queries
from hotline.policies.longer import LongerBy
from kernel.clocks.limits import Limit, Span, parse_span

COLUMNS = {"consult": "consult", "suggest": "suggest", "praise": "suggest"}  # every other type is a demand
IN_DAYS = {"wd", "d"}


@dataclass(frozen=True, slots=True)
class Caps:
    """How often and how long time may be given: working days an extension, days a statutory pause or until it is too
    late to reopen."""

    extensions_max: int
    extension_days_max: int
    pause_days_max: int
    reopen_days: int


class Longer(TypedDict):
    """A longer limit of the handling that was asked for, or holds: why, by which law, in whose words of `policy`;
    `days`: working days, where the policy doesn't know that law."""

    basis: str
    policy: str
    law: NotRequired[str | None]
    days: NotRequired[int | None]


async def in_force(at: datetime) -> str:
    """The version that a ticket registered now, or an agency's share dispatched now, is pinned to."""
    return await queries.in_force(at)


async def limit(
    policy: str,
    step: str,
    *,
    type: str,  # noqa: A002
    urgency: str,
    longer: Longer | None = None,
) -> Limit | None:
    """None: this policy doesn't time that step. `total` is the chain of dispatch, handle, review and visit."""
    instead = await longer_span(longer, type=type, urgency=urgency) if longer else None
    return told(await queries.document(policy), policy, step, column_of(type, urgency), instead)


async def longer_span(longer: Longer, *, type: str, urgency: str) -> Span | None:  # noqa: A002
    """What stands instead of the handling's limit. None: that policy has nothing for this class or law, as a hard
    case has when it is corrected to an urgent one."""
    if days := longer.get("days"):
        return days, "wd"
    return span_of(await queries.document(longer["policy"]), longer["basis"], column_of(type, urgency))


async def caps(policy: str, *, type: str, urgency: str) -> Caps:  # noqa: A002
    of, column = (await queries.document(policy))["caps"], column_of(type, urgency)
    return Caps(*(of[name][column] for name in ("extensions", "extension_days", "pause_days", "reopen_days")))


def column_of(type: str, urgency: str) -> str:  # noqa: A002
    return urgency if urgency in {"critical", "urgent"} else COLUMNS.get(type, "demand")


def span_of(document: Mapping[str, Any], basis: str, column: str) -> Span | None:
    """A hard case goes by class, a law doesn't."""
    found = document.get("longer", {}).get(basis, {}).get(column if basis == LongerBy.COMPLEX else "limit")
    return parse_span(found) if found else None


def told(document: Mapping[str, Any], policy: str, step: str, column: str, instead: Span | None = None) -> Limit | None:
    """The pure part: one step of one column of one document; `instead` of what it says of the handling."""
    steps = document["order"] if step == "total" else [step]
    rows = {one: document["steps"].get(one, {}) for one in steps}
    budget = tuple(
        instead if instead and one == "handle" else parse_span(row[column])
        for one, row in rows.items()
        if column in row
    )
    if not budget:
        return None
    ladder = () if step == "total" else tuple(document.get("ladder", {}).get(column, ()))  # that clock is nobody's own
    fix_min = parse_span(document["fix_min"][budget[-1][1]])
    return Limit(budget, policy, warn=_warn(document, column, budget), fix_min=fix_min, ladder=ladder)


def _warn(document: Mapping[str, Any], column: str, budget: tuple[Span, ...]) -> str:
    """A warning in working days fits a limit in days of more than one; anything shorter warns half-way."""
    asked: str = document["warn"].get(column, "")
    amount, unit = budget[-1]
    if parse_span(asked)[1] == "wd" and (unit not in IN_DAYS or (amount <= 1 and len(budget) == 1)):
        return "50 %"
    if parse_span(asked)[1] == "wh" and unit in {"min", "h"}:
        return "50 %"
    return asked
