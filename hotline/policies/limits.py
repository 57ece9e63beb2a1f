"""What a ticket's own policy says of a step: the column by urgency and type, the row by step."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hotline.policies import queries
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


async def in_force(at: datetime) -> str:
    """The version that a ticket registered now, or an agency's share dispatched now, is pinned to."""
    return await queries.in_force(at)


async def limit(policy: str, step: str, *, type: str, urgency: str) -> Limit | None:  # noqa: A002
    """None: this policy doesn't time that step. `total` is the chain of dispatch, handle, review and visit."""
    return told(await queries.document(policy), policy, step, column_of(type, urgency))


async def caps(policy: str, *, type: str, urgency: str) -> Caps:  # noqa: A002
    of, column = (await queries.document(policy))["caps"], column_of(type, urgency)
    return Caps(*(of[name][column] for name in ("extensions", "extension_days", "pause_days", "reopen_days")))


def column_of(type: str, urgency: str) -> str:  # noqa: A002
    return urgency if urgency in {"critical", "urgent"} else COLUMNS.get(type, "demand")


def told(document: Mapping[str, Any], policy: str, step: str, column: str) -> Limit | None:
    """The pure part: one step of one column of one document."""
    steps = document["order"] if step == "total" else [step]
    rows = document["steps"]
    budget = tuple(parse_span(rows[one][column]) for one in steps if column in rows.get(one, {}))
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
