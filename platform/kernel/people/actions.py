"""The verbs of people: sign in, change a password, open and close accounts, grant."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from kernel.database import transaction
from kernel.edge import rates, security
from kernel.errors import FormRejected, NotAllowed, NotFound, Refusal
from kernel.people import lockouts, passwords, queries, sessions
from kernel.people.forms import NewAccount, NewGrant
from kernel.people.models import Account, AccountKind, Grant, RolePermission
from kernel.people.permissions import APART, P
from kernel.permissions import SYSTEM, Actor

if TYPE_CHECKING:
    from kernel.module import Module

FIRST_LIFE = timedelta(hours=24)


class WrongPassword(Refusal):
    """One sentence for an unknown name, a wrong password and a closed account alike."""

    status, code, text = 401, "signed_out", "用户名或口令不对，请核对后重新输入。"


class Apart(NotAllowed):
    text = "系统管理员、安全管理员、审计员须由三个人担任，{name}已是其中之一。"


@dataclass(frozen=True, slots=True)
class From:
    """Where a sign-in comes from."""

    address: str
    agent: str
    kind: str  # web or api
    request_id: str = ""


async def sign_in(username: str, password: str, *, come: From, at: datetime) -> tuple[str, Account]:
    """A new token. Raises WrongPassword, or TooMany after too many of them."""
    await lockouts.check(username, at=at)
    await rates.check(rates.SIGN_IN_ADDRESS, come.address, at=at)
    account = await queries.by_username(username)
    usable = account is not None and account.active and not _expired(account, at)
    known = account.password_hash if account is not None and usable else ""
    if not await passwords.fits(password, known) or account is None:
        await rates.hit(rates.SIGN_IN_ADDRESS, come.address, at=at)
        locked = await lockouts.failed(username, at=at)
        await _log("sign_in_locked" if locked else "sign_in_refused", account.id if account else -1, come, at)
        raise WrongPassword
    await lockouts.forgive(username)
    if passwords.outdated(known):
        await Account.filter(id=account.id).update(password_hash=await passwords.hashed(password))
    await _log("sign_in", account.id, come, at)
    return await sessions.begin(account, kind=come.kind, address=come.address, agent=come.agent, at=at), account


async def change_password(actor: Actor, old: str, new: str, *, at: datetime, session_id: int) -> None:
    """The other sessions end. Raises FormRejected at the field that is wrong."""
    account = await Account.get(id=actor.id)
    if not await passwords.fits(old, account.password_hash):
        raise FormRejected({"old": "现在的口令不对，请重新输入。"})
    staff = account.kind is AccountKind.STAFF
    passwords.must_be_good(new, staff=staff, names=(account.username, account.name, actor.org_name))
    hashed = await passwords.hashed(new)
    await Account.filter(id=account.id).update(password_hash=hashed, must_change=False, first_until=None)
    await sessions.end_all(account.id, at=at, but=session_id)
    await security.log("password_changed", actor_id=actor.id, at=at)


async def create_account(facts: NewAccount, *, by: Actor, at: datetime) -> tuple[Account, str]:
    """A clerk's account and its first password, which is shown once and lives a day."""
    if by is not SYSTEM:  # whoever holds the machine's shell
        by.must(P.ACCOUNT_CREATE, "/")
    org = await queries.active_organisation(facts.org)
    if org is None:
        raise FormRejected({"org": f"没有代码为“{facts.org}”的单位。"})
    if await queries.by_username(facts.username):
        raise FormRejected({"username": "这个用户名已经有人用，请换一个。"})
    password = passwords.first()
    account = await Account.create(
        username=facts.username, name=facts.name, org=org, kind=AccountKind.STAFF, created_at=at,
        password_hash=await passwords.hashed(password), must_change=True, first_until=at + FIRST_LIFE,
    )  # fmt: skip
    await security.log("account_created", actor_id=by.id, at=at, account=account.id)
    return account, password


async def reset_password(username: str, *, by: Actor, at: datetime) -> str:
    """A new first password; every session of the account ends. The administrators' own are reset at the machine only:
    else one of the three could become another."""
    account = await _existing(username)
    if by is not SYSTEM and await Grant.filter(account=account, role__in=[*APART]).exists():
        raise NotAllowed(permission="重置管理员的口令（请在服务器上用 sunhall user reset）")
    password = passwords.first()
    await Account.filter(id=account.id).update(
        password_hash=await passwords.hashed(password), must_change=True, first_until=at + FIRST_LIFE
    )
    await sessions.end_all(account.id, at=at)
    await lockouts.forgive(username)
    await security.log("password_reset", actor_id=by.id, at=at, account=account.id)
    return password


async def disable(username: str, *, by: Actor, at: datetime) -> None:
    by.must(P.ACCOUNT_DISABLE, "/")
    account = await _existing(username)
    if account.id == by.id:
        raise NotAllowed(permission="停用自己的帐号")
    await Account.filter(id=account.id).update(active=False)
    await sessions.end_all(account.id, at=at)
    await security.log("account_disabled", actor_id=by.id, at=at, account=account.id)


async def enable(username: str, *, by: Actor, at: datetime) -> None:
    by.must(P.ACCOUNT_DISABLE, "/")
    account = await _existing(username)
    await Account.filter(id=account.id).update(active=True)
    await security.log("account_enabled", actor_id=by.id, at=at, account=account.id)


async def unlock(username: str, *, by: Actor, at: datetime) -> None:
    """Whoever was shut out by wrong passwords may try again at once."""
    by.must(P.ACCOUNT_DISABLE, "/")
    account = await _existing(username)
    await lockouts.forgive(username)
    await security.log("account_unlocked", actor_id=by.id, at=at, account=account.id)


async def grant(facts: NewGrant, *, by: Actor, at: datetime) -> Grant:
    """Raises Apart where it would make one person two of the three administrators; nobody grants to themselves."""
    by.must(P.ACCOUNT_GRANT, "/")
    account = await _existing(facts.username)
    if account.id == by.id:
        raise NotAllowed(permission="给自己授权")
    return await give(account, facts.role, facts.scope, by=by, at=at)


async def give(account: Account, role: str, scope: str, *, by: Actor, at: datetime) -> Grant:
    known = await RolePermission.filter(role=role).exists()
    if not known:
        raise FormRejected({"role": f"没有“{role}”这个角色。"})
    async with transaction():
        held = {str(one) for one in await Grant.filter(account=account).values_list("role", flat=True)}
        if role in APART and (held & APART) - {role}:
            raise Apart(name=account.name)
        if (role in APART and held - APART) or (role not in APART and held & APART):
            raise NotAllowed(permission="管理员兼任业务岗位")
        granted, new = await Grant.get_or_create(account=account, role=role, scope=scope)
    sessions.forget()
    if new:
        await security.log("granted", actor_id=by.id, at=at, account=account.id, role=role, scope=scope)
    return granted


async def revoke(grant_id: int, *, by: Actor, at: datetime) -> None:
    by.must(P.ACCOUNT_GRANT, "/")
    held = await Grant.get_or_none(id=grant_id)
    if held is None:
        raise NotFound(what="该授权")
    await held.delete()
    sessions.forget()
    await security.log("revoked", actor_id=by.id, at=at, account=held.account_id, role=held.role, scope=held.scope)


async def seed_roles(modules: Iterable["Module"]) -> None:
    """Roles are a table that a city may change; a role that is new starts as its module declares it."""
    known = {str(role) for role in await RolePermission.all().distinct().values_list("role", flat=True)}
    rows = [
        RolePermission(role=role, permission=permission.value)
        for module in modules
        for role, permissions in module.roles.items()
        if role not in known
        for permission in sorted(permissions)
    ]
    if rows:
        await RolePermission.bulk_create(rows)


async def three_administrators(*, at: datetime) -> list[tuple[str, str]]:
    """系统管理员、安全管理员、审计员 of a new hall: (username, first password), empty when they exist already."""
    made: list[tuple[str, str]] = []
    roles = {"admin": "system_admin", "security": "security_admin", "auditor": "auditor"}
    labels = {"admin": "系统管理员", "security": "安全管理员", "auditor": "审计员"}
    for username, role in roles.items():
        if await queries.by_username(username):
            continue
        password = passwords.first()
        account = await Account.create(
            username=username, name=labels[username], kind=AccountKind.STAFF, created_at=at, must_change=True,
            password_hash=await passwords.hashed(password), first_until=at + FIRST_LIFE,
        )  # fmt: skip
        await give(account, role, "/", by=SYSTEM, at=at)
        made.append((username, password))
    return made


async def _existing(username: str) -> Account:
    account = await queries.by_username(username)
    if account is None:
        raise NotFound(what=f"帐号“{username}”")
    return account


def _expired(account: Account, at: datetime) -> bool:
    return account.first_until is not None and at >= account.first_until


async def _log(kind: str, actor_id: int, come: From, at: datetime) -> None:
    await security.log(kind, actor_id=actor_id, at=at, address=come.address, request_id=come.request_id, way=come.kind)
