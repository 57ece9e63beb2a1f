"""Some policy documents of the demo city, through the real verbs: written by one, published by another."""

import tomllib
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any

from approvals.disclosure import actions
from approvals.disclosure.forms import Repeal, Revise, Written
from approvals.disclosure.models import Policy
from kernel.lifecycle import Nothing, Way
from kernel.permissions import Actor
from kernel.settings import settings

AGE, APART = timedelta(days=30), timedelta(hours=3)


async def build(at: datetime, *, officer: Actor, reviewer: Actor) -> int:
    told = tomllib.loads((files("approvals.demo") / "policies.toml").read_text(encoding="utf-8"))["policy"]
    for number, one in enumerate(told):
        await _one(one, at - AGE + number * timedelta(days=1), officer, reviewer)
    return len(told)


async def _one(one: dict[str, Any], at: datetime, officer: Actor, reviewer: Actor) -> Policy:
    facts = Written.check({name: one[name] for name in Written.model_fields if name in one})
    policy = await actions.draft(facts, region=settings().region_path, by=officer, at=at)
    if one["until"] == "draft":
        return policy
    await actions.submit(policy, Nothing(), **Way(by=officer, at=at + APART, version=policy.version))
    if one["until"] == "submitted":
        return policy
    await actions.publish(policy, Nothing(), **Way(by=reviewer, at=at + 2 * APART, version=policy.version))
    later = Way(by=reviewer, at=at + 3 * APART, version=policy.version)
    if one["until"] == "revised":
        await actions.revise(policy, Revise.check({name: one["revise"][name] for name in Revise.model_fields}), **later)
    if one["until"] == "repealed":
        await actions.repeal(policy, Repeal.check(one["repeal"]), **later)
    return policy
