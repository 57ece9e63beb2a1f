"""The verbs: delegate and revoke, set and end a post, say that somebody is away and that they are back."""

from datetime import date, datetime, timedelta

from kernel.citytime import day_of, midnight
from kernel.database import transaction
from kernel.edge import security
from kernel.errors import FormRejected, NotFound
from kernel.inbox.models import Message
from kernel.officers.forms import Delegate, Leave, SetPost
from kernel.officers.models import Absence, Delegation, Post
from kernel.people import sessions
from kernel.people.models import Account, AccountKind, Grant
from kernel.people.permissions import APART, P
from kernel.permissions import Actor
from kernel.settings import settings


async def delegate(facts: Delegate, *, by: Actor, at: datetime) -> Delegation:
    """Lend one role that is one's own by a grant. Raises FormRejected at the field that is wrong."""
    held = await Grant.get_or_none(id=facts.grant, account_id=by.id)
    if held is None:
        raise FormRejected({"grant": "只能委托自己被授予的角色；代行来的角色不能再委托。"})
    if held.role in APART:
        raise FormRejected({"grant": "系统管理员、安全管理员、审计员的角色不能委托。"})
    starts_at, ends_at = _days(facts.starts, facts.ends, settings().delegation_days_max, at)
    taker = await _officer(facts.taker, "taker")
    if taker.id == by.id:
        raise FormRejected({"taker": "不能委托给自己，请填另一位工作人员的用户名。"})
    if not _same_tree(by.home, taker.org.path if taker.org else ""):
        raise FormRejected({"taker": "只能委托给本单位或上下级单位的工作人员。"})
    async with transaction():
        given = await Delegation.create(
            giver_id=by.id, taker_id=taker.id, role=held.role, scope=held.scope, reason=facts.reason,
            starts_at=starts_at, ends_at=ends_at, given_at=at,
        )  # fmt: skip
        title = f"{by.name}委托您代行职责，自{facts.starts:%m月%d日}至{facts.ends:%m月%d日}"
        await Message.create(account_id=taker.id, title=title, url="/me/delegations", at=at)
        await security.log("delegated", actor_id=by.id, at=at, to=taker.id, role=held.role, until=f"{facts.ends}")
    sessions.forget()
    return given


async def revoke(delegation_id: int, *, by: Actor, at: datetime) -> None:
    """Only whoever gave it; it ends at once. Once ended, it stays as it ended."""
    given = await Delegation.get_or_none(id=delegation_id, giver_id=by.id)
    if given is None:
        raise NotFound(what="该委托")
    async with transaction():
        if await Delegation.filter(id=given.id, revoked_at=None, ends_at__gt=at).update(revoked_at=at):
            await Message.create(account_id=given.taker_id, title=f"{by.name}收回了委托", url="/me/delegations", at=at)
            await security.log("delegation_revoked", actor_id=by.id, at=at, delegation=given.id)
    sessions.forget()


async def set_post(facts: SetPost, *, by: Actor, at: datetime) -> Post:
    """The head names A and B among their own people; the role is one that A holds."""
    a, b = await _mine(facts.a, "a", by), await _mine(facts.b, "b", by)
    if a.id == b.id:
        raise FormRejected({"b": "A 岗和 B 岗须是两个人。"})
    held = await Grant.filter(account_id=a.id, role=facts.role).order_by("id").first()
    if held is None or facts.role in APART:
        raise FormRejected({"role": f"{a.name}没有可由 B 岗代行的“{facts.role}”角色，请填 A 岗本人的业务角色。"})
    async with transaction():
        post = await Post.create(
            name=facts.name, a_id=a.id, b_id=b.id, role=held.role, scope=held.scope, set_by=by.id, set_at=at
        )
        await security.log("post_set", actor_id=by.id, at=at, post=post.id, a=a.id, b=b.id, role=held.role)
    sessions.forget()
    return post


async def end_post(post_id: int, *, by: Actor, at: datetime) -> None:
    """By the head of A's unit."""
    post = await Post.get_or_none(id=post_id, ended_at=None)
    holder = await Account.get(id=post.a_id).select_related("org") if post else None
    if post is None or holder is None or holder.org is None or not by.may(P.POST_MANAGE, holder.org.path):
        raise NotFound(what="该 AB 岗")
    await Post.filter(id=post.id).update(ended_at=at)
    sessions.forget()
    await security.log("post_ended", actor_id=by.id, at=at, post=post.id)


async def leave(facts: Leave, *, by: Actor, at: datetime) -> Absence:
    """One's own leave, or by the word of the head."""
    account = await _officer(facts.username, "username")
    if account.id != by.id:
        account = await _mine(facts.username, "username", by)
    starts_at, ends_at = _days(facts.starts, facts.ends, settings().delegation_days_max, at)
    async with transaction():
        away = await Absence.create(
            account_id=account.id, reason=facts.reason, starts_at=starts_at, ends_at=ends_at, said_by=by.id
        )
        await security.log("absent", actor_id=by.id, at=at, account=account.id, until=f"{facts.ends}")
    sessions.forget()
    return away


async def back(absence_id: int, *, by: Actor, at: datetime) -> None:
    """Back before the date: B acts no longer."""
    away = await Absence.get_or_none(id=absence_id, ended_at=None)
    account = await Account.get(id=away.account_id).select_related("org") if away else None
    theirs = account is not None and account.org is not None and by.may(P.POST_MANAGE, account.org.path)
    if away is None or account is None or not (account.id == by.id or theirs):
        raise NotFound(what="该不在岗登记")
    await Absence.filter(id=away.id).update(ended_at=at)
    sessions.forget()
    await security.log("back", actor_id=by.id, at=at, account=account.id)


def _days(starts: date, ends: date, most: int, at: datetime) -> tuple[datetime, datetime]:
    """From the first instant of the one day to the last of the other, in the city."""
    if ends < starts:
        raise FormRejected({"ends": "止日不能早于起日。"})
    if ends < day_of(at):
        raise FormRejected({"ends": "止日已经过去，请填今天或以后的日期。"})
    if (ends - starts).days >= most:
        raise FormRejected({"ends": f"最长 {most} 天，请缩短期限；到期后可以再办。"})
    return midnight(starts), midnight(ends + timedelta(days=1))


async def _officer(username: str, field: str) -> Account:
    """Somebody of staff who may hold business: none of the three administrators (三员分立)."""
    account = await Account.get_or_none(username=username, active=True, kind=AccountKind.STAFF).select_related("org")
    if account is None:
        raise FormRejected({field: f"没有用户名为“{username}”的在用工作人员帐号，请核对。"})
    if await Grant.filter(account_id=account.id, role__in=[*APART]).exists():
        raise FormRejected({field: "系统管理员、安全管理员、审计员不能代行业务职责。"})
    return account


async def _mine(username: str, field: str, by: Actor) -> Account:
    account = await _officer(username, field)
    if account.org is None or not by.may(P.POST_MANAGE, account.org.path):
        raise FormRejected({field: f"“{username}”不是您管理的单位的人员。"})
    return account


def _same_tree(mine: str, theirs: str) -> bool:
    return bool(theirs) and (theirs.startswith(mine) or mine.startswith(theirs))
