"""The verbs of a policy document."""

from datetime import datetime
from typing import Unpack

from approvals.disclosure.forms import Brought, Reason, Repeal, Revise, Written
from approvals.disclosure.models import Policy
from kernel import numbering
from kernel.kinds import verbs
from kernel.lifecycle import Nothing, Way, move
from kernel.permissions import Actor


async def draw_number(at: datetime) -> str:
    """Outside of every transaction: a number is never given twice, not even after a rollback."""
    return await numbering.draw(Policy.prefix, at)


async def draft(facts: Written, *, region: str, by: Actor, at: datetime, no: str = "") -> Policy:
    policy = Policy(no=no or await draw_number(at), region_path=region)
    return await move(policy, "draft", facts, by=by, at=at, version=0)


async def edit(policy: Policy, facts: Written, **way: Unpack[Way]) -> Policy:
    return await move(policy, "edit", facts, **way)


async def submit(policy: Policy, facts: Nothing, **way: Unpack[Way]) -> Policy:
    return await move(policy, "submit", facts, **way)


async def send_back(policy: Policy, facts: Reason, **way: Unpack[Way]) -> Policy:
    return await move(policy, "send_back", facts, **way)


async def publish(policy: Policy, facts: Nothing, **way: Unpack[Way]) -> Policy:
    return await move(policy, "publish", facts, **way)


async def revise(policy: Policy, facts: Revise, **way: Unpack[Way]) -> Policy:
    """The text of before stays in the journal."""
    return await move(policy, "revise", facts, **way)


async def repeal(policy: Policy, facts: Repeal, **way: Unpack[Way]) -> Policy:
    """It stays readable, marked as repealed."""
    return await move(policy, "repeal", facts, **way)


async def withdraw(policy: Policy, facts: Reason, **way: Unpack[Way]) -> Policy:
    return await move(policy, "withdraw", facts, **way)


async def bring(facts: Brought, *, no: str, region: str, by: Actor, at: datetime) -> Policy:
    return await move(Policy(no=no, region_path=region), "bring", facts, by=by, at=at, version=0)


async def bring_again(policy: Policy, facts: Brought, **way: Unpack[Way]) -> Policy:
    return await move(policy, "bring_again", facts, **way)


VERBS = verbs(edit, submit, send_back, publish, revise, repeal, withdraw, bring_again)
