"""The verbs over one's own data. Each has a number, stands in the journal and is answered."""

from datetime import datetime
from typing import Unpack

from kernel import numbering
from kernel.companies import queries as companies
from kernel.companies.models import Part
from kernel.database import transaction
from kernel.edge import security
from kernel.errors import FormRejected, Refusal
from kernel.journal import Sealed
from kernel.kinds import verbs
from kernel.lifecycle import Way, move
from kernel.module import Left, installed
from kernel.owndata import erasures, queries
from kernel.owndata.forms import Answer, Ask, Right
from kernel.owndata.models import OwnRequest
from kernel.people import lockouts, passwords, sessions
from kernel.people.models import Account
from kernel.permissions import SYSTEM, Actor
from kernel.settings import settings


class StillOpen(Refusal):
    code, text = "still_open", "您还有 {count} 件事项在办，请等办结或撤回后再注销。"


class StillOwner(Refusal):
    code, text = "still_owner", "您还是“{name}”的负责人，请先在“我的企业”移交负责人，再注销。"


class ForACompany(Refusal):
    code, text = "for_a_company", "您正在代企业办事。个人信息的请求请先换回本人。"


async def ask(facts: Ask, *, by: Actor, at: datetime) -> OwnRequest:
    """A request that a person answers."""
    request = OwnRequest(no=await numbering.draw(OwnRequest.prefix, at), region_path=settings().region_path)
    return await move(request, "ask", facts, by=by, at=at, version=0)


async def answer(request: OwnRequest, facts: Answer, **way: Unpack[Way]) -> OwnRequest:
    return await move(request, "answer", facts, **way)


async def erase(*, by: Actor, at: datetime) -> OwnRequest:
    """What need not be kept is gone at once, in one transaction; the answer says what stays, why and until when."""
    _alone(by)
    return await _erase(Right.ERASE, by, at, closing=False)


async def close_account(password: str, *, by: Actor, at: datetime) -> OwnRequest:
    """The account ends with all that need not be kept. Raises StillOpen, StillOwner, FormRejected at the password."""
    _alone(by)
    account = await Account.get(id=by.id)
    await lockouts.check(account.username, at=at)
    if not await passwords.fits(password, account.password_hash):
        await lockouts.failed(account.username, at=at)
        raise FormRejected({"password": "口令不对，请重新输入。"})
    open_ones = [await module.open_affairs(by.id) for module in installed() if module.open_affairs]
    if sum(open_ones):
        raise StillOpen(count=sum(open_ones))
    for member in await companies.of_person(by.id):
        if member.part is Part.OWNER:
            raise StillOwner(name=member.company.account.name)
    request = await _erase(Right.CLOSE, by, at, closing=True)
    await sessions.end_all(by.id, at=at)
    await security.log("account_closed", actor_id=by.id, at=at, request=request.no)
    return request


async def _erase(right: Right, by: Actor, at: datetime, *, closing: bool) -> OwnRequest:
    request = OwnRequest(no=await numbering.draw(OwnRequest.prefix, at), region_path=settings().region_path)
    opened = (await Account.get(id=by.id)).created_at
    async with transaction():
        request = await move(request, "ask", Ask(right=right), by=by, at=at, version=0)
        gone, kept = 0, list[Left]()
        for line in queries.register():
            if line.erase:
                count, stays = await line.erase(by.id, closing, at)
                gone, kept = gone + count, kept + stays
        facts = Answer(granted=True, text=Sealed(_told(gone, kept, closing=closing)))
        request = await move(request, "answer", facts, by=SYSTEM, at=at, version=request.version)
        erasures.note(by.id, opened, right, at=at)
        return request


async def replay(*, at: datetime) -> int:
    """After a restore: what was erased since that backup is erased again, under a new number; how many those were.

    A second time it finds nothing to do. Of a file that was still open in the backup its desk disposes anew."""
    done = 0
    for line in erasures.listed():
        account = await Account.get_or_none(id=line.account)
        if account is None or account.created_at.isoformat() != line.opened or await queries.erased_since(line):
            continue
        by = Actor(id=account.id, name=account.name, kind=account.kind.value)
        await _erase(line.right, by, at, closing=line.right is Right.CLOSE)
        if line.right is Right.CLOSE:
            await sessions.end_all(account.id, at=at)
        await security.log("erasure_replayed", actor_id=SYSTEM.id, at=at, account=account.id)
        done += 1
    return done


def _told(gone: int, kept: list[Left], *, closing: bool) -> str:
    lines = [f"已删除 {gone} 项" + ("，帐号已注销。" if closing else "。")]
    for one in kept:
        until = f"，保留到 {one.until:%Y-%m-%d}" if one.until else ""
        lines.append(f"{one.what}：{one.reason}{until}。")
    return "\n".join(lines)[:4_000]


def _alone(by: Actor) -> None:
    if by.on_behalf:
        raise ForACompany


VERBS = verbs(answer)
