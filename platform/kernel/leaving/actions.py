"""Say that somebody leaves, and hand over what stands in their name: one act that may be interrupted and repeated."""

from datetime import datetime

from kernel.database import transaction
from kernel.edge import security
from kernel.errors import FormRejected, NotAllowed, NotFound
from kernel.inbox.models import Message
from kernel.leaving import queries
from kernel.leaving.forms import Leave
from kernel.leaving.models import Leaving
from kernel.people import queries as people
from kernel.people import sessions
from kernel.people.models import Account, AccountKind
from kernel.people.permissions import P
from kernel.permissions import Actor


async def mark(facts: Leave, *, by: Actor, at: datetime) -> Leaving:
    """Said again, it names another successor. Raises FormRejected at the field that is wrong."""
    by.must(P.ACCOUNT_DISABLE, "/")
    account, successor = await _staff(facts.username, "username"), await _staff(facts.successor, "successor")
    if account.id == by.id:
        raise NotAllowed(permission="给自己办离岗")
    if successor.id == account.id or await queries.leaving(successor.id):
        raise FormRejected({"successor": "接任人须是另一位在岗的工作人员，请换一个。"})
    if await queries.is_apart(successor.id) and not await queries.is_apart(account.id):
        raise FormRejected({"successor": "系统管理员、安全管理员、审计员不能接任业务岗位，请换一个。"})
    async with transaction():
        said = {"successor_id": successor.id, "said_by": by.id, "said_at": at, "handed_at": None}
        leaving, _ = await Leaving.update_or_create(account_id=account.id, defaults=said)
        await security.log("leaving", actor_id=by.id, at=at, account=account.id, successor=successor.id)
    return leaving


async def hand_over(username: str, *, by: Actor, at: datetime) -> int:
    """Each thing by itself, journaled or logged; cut off anywhere, the next call goes on with what is left.

    Returns how many passed. Raises FormRejected where the successor lacks what a thing needs."""
    by.must(P.ACCOUNT_DISABLE, "/")
    account = await people.by_username(username)
    leaving = await queries.leaving(account.id) if account else None
    if account is None or leaving is None:
        raise NotFound(what="该离岗登记")
    successor = await people.account(leaving.successor_id)
    if not successor.active:
        raise FormRejected({"successor": f"接任人{successor.name}的帐号已停用，请重新登记接任人。"})
    passed = 0
    for holding, held in await queries.open_items(account.id, at):
        async with transaction():
            await holding.hand_over(held, to=successor, by=by, at=at)
            await security.log(
                "handed_over", actor_id=by.id, at=at, subject=held.ref, account=account.id, to=successor.id
            )
        passed += 1
    async with transaction():
        await Leaving.filter(id=leaving.id, handed_at=None).update(handed_at=at)
        title = f"您接任{account.name}的工作：移交 {passed} 项，请核对委托、AB 岗和待办"
        told = {"title": title, "url": "/me/delegations", "at": at}
        key = f"leaving:{leaving.id}:{successor.id}"
        if passed or not await Message.filter(account_id=successor.id, key=key).exists():
            await Message.update_or_create(account_id=successor.id, key=key, defaults=told)
    sessions.forget()
    return passed


async def _staff(username: str, field: str) -> Account:
    account = await people.by_username(username)
    if account is None or not account.active or account.kind is not AccountKind.STAFF:
        raise FormRejected({field: f"没有用户名为“{username}”的在用工作人员帐号，请核对。"})
    return account
