"""The verbs of a time-limit policy, and asking for a trial of one."""

from datetime import datetime, timedelta
from typing import Unpack

from hotline.policies import queries
from hotline.policies.forms import Begun, Period, Publish, Reason, Shipped, Started, Written
from hotline.policies.models import Policy, Replay
from hotline.policies.presets import PRESETS, document_of, preset
from hotline.policies.states import PolicyState
from hotline.tickets import queries as tickets
from kernel.citytime import midnight
from kernel.database import after_commit, transaction
from kernel.errors import FormRejected
from kernel.kinds import verbs
from kernel.lifecycle import Nothing, Way, move
from kernel.permissions import SYSTEM, Actor
from kernel.settings import settings

DEFAULT = "default-v1"
RESERVED = "new"  # an address of its own


async def seed(at: datetime) -> None:
    """A new hall starts with `default-v1`."""
    if await queries.numbered(DEFAULT) is None:
        policy = Policy(no=DEFAULT, region_path=settings().region_path)
        facts = Shipped(
            title=PRESETS[DEFAULT], document=document_of(DEFAULT), base=DEFAULT,
            effective_from=preset(DEFAULT)["effective_from"],
        )  # fmt: skip
        await move(policy, "ship", facts, by=SYSTEM, at=at, version=0)
    await queries.forget()


async def draft(asked: Started, *, region: str, by: Actor, at: datetime) -> Policy:
    """From a version of this hall or from a preset. Raises FormRejected."""
    if await queries.numbered(asked.no) is not None or asked.no in {*PRESETS, RESERVED}:
        raise FormRejected({"no": f"已有名为“{asked.no}”的版本，请换一个版本名。"})
    base = await queries.numbered(asked.base)
    if base is None and asked.base not in PRESETS:
        raise FormRejected({"base": "请从列出的版本和预设中选择。"})
    document = base.document if base is not None else document_of(asked.base)
    facts = Begun(title=asked.title, document=document, base=asked.base)
    return await move(Policy(no=asked.no, region_path=region), "draft", facts, by=by, at=at, version=0)


async def edit(policy: Policy, facts: Written, **way: Unpack[Way]) -> Policy:
    return await move(policy, "edit", facts, **way)


async def submit(policy: Policy, facts: Nothing, **way: Unpack[Way]) -> Policy:
    return await move(policy, "submit", facts, **way)


async def send_back(policy: Policy, facts: Reason, **way: Unpack[Way]) -> Policy:
    return await move(policy, "send_back", facts, **way)


async def publish(policy: Policy, facts: Publish, **way: Unpack[Way]) -> Policy:
    async with transaction():
        await move(policy, "publish", facts, **way)
        after_commit(queries.forget)
    return policy


async def withdraw(policy: Policy, facts: Reason, **way: Unpack[Way]) -> Policy:
    return await move(policy, "withdraw", facts, **way)


VERBS = verbs(edit, submit, send_back, publish, withdraw)


async def ask_trial(policy: Policy, facts: Period, *, by: Actor, at: datetime) -> Replay:
    """Of days that are over. Raises FormRejected."""
    if policy.state is PolicyState.WDRAWN:
        raise FormRejected({"first": "这一版已经作废，不再试算。"})
    if at < midnight(facts.last + timedelta(days=1)):
        raise FormRejected({"last": "期间须已经过完，请选昨天或更早的日期。"})
    total = await tickets.how_many_registered(facts.first, facts.last)
    return await try_out(policy, facts, total, by=by, at=at)


async def try_out(policy: Policy, facts: Period, total: int, *, by: Actor, at: datetime) -> Replay:
    """The draft as it is now; a job does the work, a piece at a time."""
    assert policy.state is not PolicyState.WDRAWN
    return await Replay.create(
        policy=policy, document=policy.document, starts=facts.first, ends=facts.last, asked_by=by.id, asked_at=at,
        total=total,
    )  # fmt: skip
