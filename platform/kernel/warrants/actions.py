"""Asking, deciding, ending, and each use; every one of them is told to auditor and chief."""

from collections.abc import Collection
from datetime import datetime

from kernel import kinds, numbering, views
from kernel.database import transaction
from kernel.edge import security
from kernel.errors import FormRejected
from kernel.forms import Form
from kernel.inbox.models import Message
from kernel.kinds import Held, Holding
from kernel.lifecycle import Nothing, move
from kernel.people import queries as people
from kernel.people.models import Account
from kernel.people.permissions import P
from kernel.permissions import Actor
from kernel.settings import settings
from kernel.warrants import queries
from kernel.warrants.forms import Ask, Asked, Why
from kernel.warrants.models import Warrant
from kernel.warrants.rules import Over
from kernel.warrants.states import Ground


async def ask(facts: Ask, *, by: Actor, at: datetime) -> Warrant:
    """Raises FormRejected where it would be too much: an emergency is about one thing."""
    if facts.kind not in dict(queries.readable()):
        raise FormRejected({"kind": "请从列出的选项中选择事项种类。"})
    refs = [f"{facts.kind}:{no}" for no in facts.numbers.split()]
    if len(refs) > 1 and not by.may_anywhere(P.SECURITY_READ):
        raise FormRejected({"numbers": "紧急授权一次只能申请一件，请只填一个编号。"})
    warrant = Warrant(no=await numbering.draw(Warrant.prefix, at), region_path=settings().region_path)
    asked = Asked(subjects=" ".join(refs), reason=facts.reason)
    async with transaction():
        await move(warrant, "ask", asked, by=by, at=at, version=0)
        await _tell(warrant, "ask", by, at, await people.holders(P.WARRANT_CONFIRM, warrant.region_path))
    return warrant


async def confirm(warrant: Warrant, facts: Nothing, *, by: Actor, at: datetime, version: int) -> Warrant:
    """The first of the two: a security administrator."""
    return await _decide(warrant, "confirm", facts, by, at, version)


async def approve(warrant: Warrant, facts: Nothing, *, by: Actor, at: datetime, version: int) -> Warrant:
    """The second: a chief. From here on it runs, sixty minutes at most."""
    return await _decide(warrant, "approve", facts, by, at, version)


async def refuse(warrant: Warrant, facts: Why, *, by: Actor, at: datetime, version: int) -> Warrant:
    return await _decide(warrant, "refuse", facts, by, at, version)


async def revoke(warrant: Warrant, facts: Why, *, by: Actor, at: datetime, version: int) -> Warrant:
    return await _decide(warrant, "revoke", facts, by, at, version)


async def give_back(warrant: Warrant, facts: Nothing, *, by: Actor, at: datetime, version: int) -> Warrant:
    return await _decide(warrant, "give_back", facts, by, at, version)


async def withdraw(warrant: Warrant, facts: Nothing, *, by: Actor, at: datetime, version: int) -> Warrant:
    return await _decide(warrant, "withdraw", facts, by, at, version)


async def lapse(warrant: Warrant, facts: Nothing, *, by: Actor, at: datetime, version: int) -> Warrant:
    """Its asker leaves."""
    return await _decide(warrant, "lapse", facts, by, at, version)


async def held(account_id: int, at: datetime) -> list[Held]:
    return [Held(one.ref, f"{one.no}：{one.reason}", "终止") for one in await queries.held_by(account_id, at)]


async def end_held(held: Held, *, to: Account, by: Actor, at: datetime) -> None:
    """A warrant was given to one person; whoever takes over asks for their own."""
    warrant = await Warrant.get(no=held.ref.partition(":")[2])
    await lapse(warrant, Nothing(), by=by, at=at, version=warrant.version)


async def use(ref: str, *, by: Actor, at: datetime) -> Warrant | None:
    """One look at a thing's content by a warrant: on record before it is shown. None: there never was a warrant.

    Raises Over when there was one, Degraded when the look can't be recorded."""
    had = await queries.had_for(by, ref)
    warrant = next((one for one in had if one.runs(at)), None)
    if warrant is None:
        if had:
            await security.log("warrant_over", actor_id=by.id, at=at, warrant=had[0].no, subject=ref)
            raise Over(no=had[0].no)
        return None
    async with transaction():
        await views.record(ref, "content", purpose=f"调阅令 {warrant.no}：{warrant.reason}", by=by, at=at)
        await security.log("warrant_used", actor_id=by.id, at=at, warrant=warrant.no, subject=ref)
        no = ref.partition(":")[2]
        await _send(f"{by.name}凭调阅令 {warrant.no} 查看了 {no}", await queries.told(warrant.region_path), at)
    return warrant


async def _decide(warrant: Warrant, name: str, facts: Form, by: Actor, at: datetime, version: int) -> Warrant:
    async with transaction():
        await move(warrant, name, facts, by=by, at=at, version=version)
        await _tell(warrant, name, by, at, [warrant.asked_by])
    return warrant


async def _tell(warrant: Warrant, name: str, by: Actor, at: datetime, also: Collection[int]) -> None:
    """Numbers and codes only: neither log nor title says anything of the things themselves."""
    detail = {"warrant": warrant.no, "subjects": warrant.subjects[:400]}
    await security.log(f"warrant_{name}", actor_id=by.id, at=at, **detail)
    title = f"{Ground(warrant.ground).label} {warrant.no}：{by.name}{warrant.moves[name].label}"
    await _send(title, {*await queries.told(warrant.region_path), *also} - {by.id}, at)


async def _send(title: str, ids: Collection[int], at: datetime) -> None:
    await Message.bulk_create([Message(account_id=one, title=title[:160], url="/warrants", at=at) for one in ids])


VERBS = kinds.verbs(confirm, approve, refuse, revoke, give_back, withdraw, lapse)
HOLDING = Holding(label="调阅令", held=held, hand_over=end_held)
