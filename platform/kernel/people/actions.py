"""The verbs of people: sign in, change a password, open and close accounts, grant."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from kernel import kinds
from kernel.edge import rates, security
from kernel.errors import FormRejected, NotAllowed, NotFound, Refusal
from kernel.inbox import actions as inbox
from kernel.leaving.models import Leaving
from kernel.people import factor, granting, lockouts, passwords, queries, sessions
from kernel.people.forms import NewAccount, SetClearance
from kernel.people.models import Account, AccountKind, Grant, RolePermission, Session
from kernel.people.permissions import APART, P
from kernel.permissions import SYSTEM, Actor

if TYPE_CHECKING:
    from kernel.module import Module

FIRST_LIFE = timedelta(hours=24)
HELD_SHOWN = 20


class WrongPassword(Refusal):
    """One sentence for an unknown name, a wrong password and a closed account alike."""

    status, code, text = 401, "signed_out", "用户名或口令不对，请核对后重新输入。"


class StillHolds(Refusal):
    code, text = (
        "still_holds",
        "{name}名下还有 {count} 项没有移交：{what}。请先在“离岗移交”中登记接任人并移交，再停用。",
    )


@dataclass(frozen=True, slots=True)
class From:
    """Where a sign-in comes from."""

    address: str
    agent: str
    kind: str  # web or api
    request_id: str = ""


async def sign_in(username: str, password: str, *, come: From, at: datetime, code: str = "") -> tuple[str, Account]:
    """A new token. Raises WrongPassword, or TooMany after too many of them; FormRejected at a wrong `code`.

    Staff without a code get a session that opens the second step and nothing else; a program has to send it."""
    account = await _knows_password(username, password, come, at)
    needs = await _still_needed(account, code, come, at)
    if account.password_hash and passwords.too_old(account.password_at or account.created_at, at):
        account.must_change = True
        await account.save(update_fields=["must_change"])
    await _log("sign_in", account.id, come, at)
    agent, kind = come.agent, come.kind
    return await sessions.begin(account, kind=kind, address=come.address, agent=agent, at=at, needs=needs), account


async def prove_again(actor: Actor, password: str, code: str, *, come: From, at: datetime, session_id: int) -> str:
    """A grave act wants to know again who is there (step-up, ASVS 7.5.3). The session's new token."""
    account = await _knows_password(actor.username, password, come, at)
    if await _still_needed(account, code, come, at):
        raise FormRejected({"code": "请填写动态码。"})
    await _log("step_up", account.id, come, at)
    return await sessions.proved(session_id, at=at)


async def _still_needed(account: Account, code: str, come: From, at: datetime) -> str:
    if not factor.wanted(account):
        return ""
    if not await factor.confirmed(account.id):
        return "enrol"
    if code:
        await factor.prove(account, code, at=at)
        return ""
    if come.kind == "api":
        raise FormRejected({"code": "请填写动态码。"})
    return "factor"


async def _knows_password(username: str, password: str, come: From, at: datetime) -> Account:
    await lockouts.check(username, at=at)
    await rates.check(rates.SIGN_IN_ADDRESS, come.address, at=at)
    account = await queries.by_sign_in(username)
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
    return account


async def change_password(actor: Actor, old: str, new: str, *, at: datetime, session_id: int) -> str:
    """The other sessions end, this one goes on under the token that it gives. Raises FormRejected at what is wrong."""
    account = await Account.get(id=actor.id)
    if not await passwords.fits(old, account.password_hash):
        raise FormRejected({"old": "现在的口令不对，请重新输入。"})
    staff = account.kind is AccountKind.STAFF
    passwords.must_be_good(
        new, staff=staff, names=(account.username, account.name, *await queries.names_of_unit(account.org_id))
    )
    hashed = await passwords.hashed(new)
    await Account.filter(id=account.id).update(
        password_hash=hashed, must_change=False, first_until=None, password_at=at
    )
    await sessions.end_all(account.id, at=at, but=session_id)
    await security.log("password_changed", actor_id=actor.id, at=at)
    return await sessions.renewed(session_id)


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


async def keep_look(look: str, *, by: Actor) -> None:
    """How pages look to this person from now on, on every device; seen at once here, elsewhere within five seconds."""
    await Account.filter(id=by.id).update(look=look)
    sessions.forget()


async def disable(username: str, *, by: Actor, at: datetime) -> None:
    """Raises StillHolds, with the list, while something stands in that person's name (离岗移交)."""
    by.must(P.ACCOUNT_DISABLE, "/")
    account = await _existing(username)
    if account.id == by.id:
        raise NotAllowed(permission="停用自己的帐号")
    held = [f"{one.label} {item.title}" for one in kinds.holdings() for item in await one.held(account.id, at)]
    if held:
        raise StillHolds(name=account.name, count=len(held), what="；".join(held[:HELD_SHOWN]))
    await Account.filter(id=account.id).update(active=False)
    await sessions.end_all(account.id, at=at)
    await security.log("account_disabled", actor_id=by.id, at=at, account=account.id)


async def enable(username: str, *, by: Actor, at: datetime) -> None:
    by.must(P.ACCOUNT_DISABLE, "/")
    account = await _existing(username)
    await Account.filter(id=account.id).update(active=True)
    await Leaving.filter(account_id=account.id).delete()
    await security.log("account_enabled", actor_id=by.id, at=at, account=account.id)


async def unlock(username: str, *, by: Actor, at: datetime) -> None:
    """Whoever was shut out by wrong passwords may try again at once."""
    by.must(P.ACCOUNT_DISABLE, "/")
    account = await _existing(username)
    await lockouts.forgive(username)
    await security.log("account_unlocked", actor_id=by.id, at=at, account=account.id)


async def end_session(session_id: int, *, by: Actor, at: datetime) -> Account:
    """Somebody else's session, by the security administrator; its owner is told in the inbox. Raises NotFound."""
    by.must(P.SESSION_END, "/")
    session = await Session.filter(id=session_id, ended_at=None, ends_at__gt=at).select_related("account").first()
    if session is None:
        raise NotFound(what="这次登录")
    await sessions.end(session.id, at=at)
    if session.account_id != by.id:
        title = f"安全管理员结束了您的一次登录（{session.address or '本机'}）。不明白原因请联系他，并更换口令。"
        await inbox.notice(session.account_id, title=title, url="/me/sessions", at=at)
    await security.log("session_ended", actor_id=by.id, at=at, account=session.account_id, session=session.id)
    return session.account


async def set_clearance(facts: SetClearance, *, by: Actor, at: datetime) -> None:
    """What label of things an officer may see at all, before any role; nobody sets their own. Holds at once."""
    by.must(P.ACCOUNT_GRANT, "/")
    account = await _existing(facts.username)
    if account.id == by.id:
        raise NotAllowed(permission="给自己定密级")
    if account.kind is not AccountKind.STAFF:
        raise FormRejected({"clearance": "只有工作人员的帐号有密级。"})
    await Account.filter(id=account.id).update(clearance=facts.clearance)
    sessions.forget()
    was, now = account.clearance.value, facts.clearance.value
    await security.log("clearance_set", actor_id=by.id, at=at, account=account.id, was=was, now=now)


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
        await granting.give(account, role, "/", by=SYSTEM, at=at)
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
