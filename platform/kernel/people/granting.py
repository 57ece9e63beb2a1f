"""Granting (授权). What belongs to the administrators takes two persons; the three stay three (三员分立).

One security administrator asks, a second one confirms. A new hall has only one: there whoever holds the machine's shell
is the second person (`sunhall user grant`), until there are two. Nobody can wait for ever, and nobody alone can make
another administrator: not the one who asks, not the one it is for."""

from datetime import datetime, timedelta

from tortoise.connection import get_connection

from kernel import module
from kernel.database import transaction
from kernel.edge import security
from kernel.errors import FormRejected, NotAllowed, NotFound, Refusal
from kernel.people import queries, sessions
from kernel.people.forms import NewGrant
from kernel.people.models import Account, Grant, HeldApart, PendingGrant, RolePermission
from kernel.people.permissions import APART, ROLES, P
from kernel.permissions import SYSTEM, Actor

WAITS, APART_FOR = timedelta(days=7), timedelta(days=30)
SHARED = frozenset({P.WARRANT_ASK.value, P.WARRANT_STOP.value})  # officers ask in an emergency, a chief may end it
OF_ADMINISTRATORS = frozenset(permission.value for role in APART for permission in ROLES[role]) - SHARED
TWO = 2


class Apart(NotAllowed):
    text = "系统管理员、安全管理员、审计员须由三个人担任，{name}已是其中之一，或三十天内担任过。"


class LastKeeper(Refusal):
    code, text = "last_keeper", "这是最后一位安全管理员，收回后没有人能授权。请先让另一位担任，再来收回。"


class OwnRequest(NotAllowed):
    text = "这项授权是您提出的，或者是给您的，须由另一位安全管理员复核。"


class AskFirst(Refusal):
    code, text = "ask_first", "“{role}”要由安全管理员先在“授权”页面提出，再用本命令复核。"


class TwoKeepers(Refusal):
    code, text = "two_keepers", "已有两位以上的安全管理员，请由另一位在“授权”页面复核。"


async def privileged(role: str) -> bool:
    """Whether it holds what belongs to the three administrators, in the table as it stands now, or a module says so."""
    if any(role in one.privileged for one in module.installed()):
        return True
    return await RolePermission.filter(role=role, permission__in=[*OF_ADMINISTRATORS]).exists()


async def grant(facts: NewGrant, *, by: Actor, at: datetime) -> Grant | PendingGrant:
    """At once, or, with a privileged role, waiting for a second security administrator. Nobody grants to themselves.

    Raises Apart where it would make one person two of the three administrators, now or within thirty days."""
    by.must(P.ACCOUNT_GRANT, "/")
    account = await _existing(facts.username)
    if account.id == by.id:
        raise NotAllowed(permission="给自己授权")
    if not await privileged(facts.role):
        return await give(account, facts.role, facts.scope, by=by, at=at)
    async with transaction():
        await _must_be_apart(account, facts.role, at)
        await PendingGrant.filter(asked_at__lte=at - WAITS).delete()
        asked, new = await PendingGrant.get_or_create(
            {"asked_by": by.id, "asked_at": at}, account=account, role=facts.role, scope=_scope(facts.role, facts.scope)
        )
        if new:
            await security.log("grant_asked", actor_id=by.id, at=at, account=account.id, role=facts.role)
    return asked


async def confirm(pending_id: int, *, by: Actor, at: datetime) -> Grant:
    """The second person's yes. Raises OwnRequest for who asked and for who gets it."""
    by.must(P.ACCOUNT_GRANT, "/")
    async with transaction():
        asked = await _waiting(pending_id, at)
        if by.id in {asked.asked_by, asked.account_id}:
            raise OwnRequest(permission="")
        return await _confirmed(asked, by=by, at=at)


async def withdraw(pending_id: int, *, by: Actor, at: datetime) -> None:
    by.must(P.ACCOUNT_GRANT, "/")
    async with transaction():
        asked = await _waiting(pending_id, at)
        await asked.delete()
        await security.log("grant_withdrawn", actor_id=by.id, at=at, account=asked.account_id, role=asked.role)


async def at_machine(username: str, role: str, scope: str, *, at: datetime) -> Grant:
    """By whoever holds the machine's shell. A privileged role: as the second person, and only while there is one
    security administrator; alone only while there is none at all. Raises AskFirst, TwoKeepers."""
    account = await _existing(username)
    async with transaction():
        if not await privileged(role):
            return await give(account, role, scope, by=SYSTEM, at=at)
        keepers = await queries.keepers()
        if len(keepers) >= TWO:
            raise TwoKeepers
        asked = await PendingGrant.get_or_none(
            account=account, role=role, scope=_scope(role, scope), asked_at__gt=at - WAITS
        )
        if asked is not None:
            return await _confirmed(asked, by=SYSTEM, at=at)
        if keepers:
            raise AskFirst(role=role)
        return await give(account, role, scope, by=SYSTEM, at=at)


async def give(account: Account, role: str, scope: str, *, by: Actor, at: datetime) -> Grant:
    """The grant itself; whoever calls has the right to it. Raises Apart, or FormRejected at an unknown role."""
    if role == "system" or not await RolePermission.filter(role=role).exists():  # that one is the machine's own
        raise FormRejected({"role": f"没有“{role}”这个角色。"})
    async with transaction():
        await _must_be_apart(account, role, at)
        granted, new = await Grant.get_or_create(
            {"apart": True if role in APART else None}, account=account, role=role, scope=_scope(role, scope)
        )
        if new:
            await security.log("granted", actor_id=by.id, at=at, account=account.id, role=role, scope=granted.scope)
    sessions.forget()
    return granted


async def revoke(grant_id: int, *, by: Actor, at: datetime) -> Account:
    """One person is enough to take something away; from whom. Raises LastKeeper where nobody could grant any more."""
    by.must(P.ACCOUNT_GRANT, "/")
    async with transaction():
        held = await Grant.get_or_none(id=grant_id).select_related("account")
        if held is None:
            raise NotFound(what="该授权")
        if held.role == "security_admin" and await queries.keepers() == [held.account_id]:
            raise LastKeeper
        await held.delete()
        if held.role in APART:
            await HeldApart.create(account_id=held.account_id, role=held.role, until=at)
        await security.log("revoked", actor_id=by.id, at=at, account=held.account_id, role=held.role, scope=held.scope)
    sessions.forget()
    return held.account


async def _confirmed(asked: PendingGrant, *, by: Actor, at: datetime) -> Grant:
    account = await Account.get(id=asked.account_id)
    granted = await give(account, asked.role, asked.scope, by=by, at=at)
    await asked.delete()
    await security.log(
        "grant_confirmed", actor_id=by.id, at=at, account=account.id, role=asked.role, asked=asked.asked_by
    )
    return granted


async def _waiting(pending_id: int, at: datetime) -> PendingGrant:
    asked = await PendingGrant.get_or_none(id=pending_id, asked_at__gt=at - WAITS)
    if asked is None:
        raise NotFound(what="该待复核的授权")
    return asked


async def _must_be_apart(account: Account, role: str, at: datetime) -> None:
    """Under a lock of the account's row, so that of two grants at once the second sees the first."""
    mine = Account.filter(id=account.id)
    if get_connection("default").capabilities.support_for_update:
        await mine.select_for_update().get()
    held = {str(one) for one in await Grant.filter(account=account).values_list("role", flat=True)}
    before = HeldApart.filter(account=account, until__gt=at - APART_FOR)
    apart = (held & APART) | {str(one) for one in await before.values_list("role", flat=True)}
    if role in APART and apart - {role}:
        raise Apart(name=account.name)
    if (role in APART and held - APART) or (role not in APART and held & APART):
        raise NotAllowed(permission="管理员兼任业务岗位")


def _scope(role: str, scope: str) -> str:
    """An administrator is one of the whole house; one such grant a person is a constraint of the table."""
    return "/" if role in APART else scope


async def _existing(username: str) -> Account:
    account = await queries.by_username(username)
    if account is None:
        raise NotFound(what=f"帐号“{username}”")
    return account
