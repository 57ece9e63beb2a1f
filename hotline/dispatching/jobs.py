"""What happens to dispatch rules by itself: each is measured every night, and a proven one is followed."""

from datetime import UTC, datetime
from typing import Any

from hotline.dispatching import actions, proving, queries
from hotline.tickets import actions as tickets
from hotline.tickets import queries as of_tickets
from hotline.tickets.forms import Dispatch
from kernel.errors import Refusal
from kernel.lifecycle import Way
from kernel.permissions import SYSTEM
from kernel.settings import settings

BATCH = 100


async def measure(ctx: dict[str, Any], *, at: datetime | None = None) -> int:
    """Every rule that is proposed or in force, on the tickets of the last thirty days."""
    at, done = at or datetime.now(UTC), 0
    for rule in await queries.living():
        answered, right = await proving.measured(rule, at)
        await actions.note_measure(rule, answered, right, at=at)
        done += 1
    return done


async def dispatch(ctx: dict[str, Any], *, at: datetime | None = None) -> int:
    """T10: off unless the city switches it on. The sweep only narrows, the move's own rule looks again."""
    at, done = at or datetime.now(UTC), 0
    for ticket in await of_tickets.to_dispatch(BATCH) if settings().auto_dispatch else []:
        rule = await queries.rule_for(ticket.category, ticket.area_code)
        if rule is None or not rule.proven(at):
            continue
        facts = Dispatch(lead=rule.agency, basis=f"派单规则 {rule.no}：{rule.basis}"[:500])
        try:
            await tickets.dispatch(ticket, facts, **Way(by=SYSTEM, at=at, version=ticket.version))
        except Refusal:  # somebody was faster, or the agency is closed: the dispatcher's to look at
            continue
        done += 1
    return done
