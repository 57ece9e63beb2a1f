"""The verbs of citizens: register, come in by a code, recover, change the telephone; and a clerk's at the window."""

import secrets as entropy
from datetime import datetime

from tortoise.exceptions import IntegrityError

from kernel.citizens import queries, realname
from kernel.citizens.forms import ByCode, ByNumber, LostPhone, NewPhone, Recovering, Registering, Seen
from kernel.citizens.levels import Level
from kernel.citizens.models import Profile
from kernel.database import transaction
from kernel.edge import rates, security
from kernel.errors import Degraded, FormRejected
from kernel.inbox.models import Message
from kernel.messages import codes, contacts, leaving
from kernel.messages.models import Channel
from kernel.people import lockouts, passwords, sessions
from kernel.people.actions import From
from kernel.people.models import Account, AccountKind
from kernel.people.permissions import P
from kernel.people.queries import phone_index
from kernel.permissions import Actor
from kernel.secrets.masking import mask_name

WRONG_CODE = "验证码不对或已过期，请核对最新一条短信，或重新获取。"
UNASKED = {True: "registered", False: "no_account"}  # codes of these purposes open nothing
TAKEN = "这个身份证号已核验在另一个帐号上，请先注销那个帐号，或带身份证到窗口办理。"
NAME_BYTES = 6


async def ask_code(phone: str, *, purpose: str, bound_to: str, come: From, at: datetime) -> None:
    """Every number gets an SMS, and the page says the same: whether it is registered only its owner learns.

    `purpose`: register, sign_in or recover. Raises TooMany."""
    known = await queries.profile_by_phone(phone)
    told = purpose if (purpose == "register") is (known is None) else UNASKED[purpose == "register"]
    await codes.send_code(phone, purpose=told, bound_to=bound_to, address=come.address, at=at)


async def register(facts: Registering, *, bound_to: str, come: From, at: datetime) -> str:
    """A new account of level one, signed in: its token. Raises FormRejected at the field that is wrong."""
    password = facts.new.get_secret_value()
    passwords.must_be_good(password, staff=False, names=(facts.name, facts.phone))
    hashed = await passwords.hashed(password)
    await codes.check_code(facts.phone, facts.code, purpose="register", bound_to=bound_to, at=at)
    try:
        async with transaction():
            account = await open_account(facts.name, facts.phone, hashed=hashed, at=at)
    except IntegrityError:  # the same number in two windows: the second code is as good as none
        raise FormRejected({"code": WRONG_CODE}) from None
    await security.log("registered", actor_id=account.id, at=at, address=come.address)
    return await sessions.begin(account, kind=come.kind, address=come.address, agent=come.agent, at=at)


async def open_account(name: str, phone: str, *, hashed: str, at: datetime, username: str = "") -> Account:
    """Account and profile; the caller has the transaction. What the account shows to others is the masked name."""
    account = await Account.create(
        username=username or f"c-{entropy.token_hex(NAME_BYTES)}", name=mask_name(name), kind=AccountKind.CITIZEN,
        created_at=at, password_hash=hashed,
    )  # fmt: skip
    await give_profile(account, name, phone, level=Level.PHONE, at=at)
    return account


async def give_profile(account: Account, name: str, phone: str, *, level: Level, at: datetime) -> Profile:
    profile = Profile(account_id=account.id, phone_index=phone_index(phone), level=int(level), level_at=at)
    profile.name, profile.phone = queries.sealed(profile, "name", name), queries.sealed(profile, "phone", phone)
    await profile.save(force_create=True)
    await contacts.set_phone(account.id, phone, at=at)
    return profile


async def sign_in_by_code(facts: ByCode, *, bound_to: str, come: From, at: datetime) -> str:
    """A citizen's session by telephone alone; staff have no profile, so it is never enough for them (AU09)."""
    account = await _proven(facts.phone, facts.code, purpose="sign_in", bound_to=bound_to, at=at)
    await security.log("sign_in", actor_id=account.id, at=at, address=come.address, way="code")
    return await sessions.begin(account, kind=come.kind, address=come.address, agent=come.agent, at=at)


async def recover(facts: Recovering, *, bound_to: str, come: From, at: datetime) -> str:
    """A new password by telephone code: every session ends, the inbox says so. Gives the new session's token."""
    new = facts.new.get_secret_value()
    passwords.must_be_good(new, staff=False, names=(facts.phone,))
    hashed = await passwords.hashed(new)
    account = await _proven(facts.phone, facts.code, purpose="recover", bound_to=bound_to, at=at)
    async with transaction():
        await Account.filter(id=account.id).update(password_hash=hashed, must_change=False, first_until=None)
        await _tell(account.id, "您的口令已通过手机验证码重设。不是您本人操作的，请立即更换口令", at)
    await sessions.end_all(account.id, at=at)
    await lockouts.forgive(facts.phone)
    await lockouts.forgive(account.username)
    await security.log("password_recovered", actor_id=account.id, at=at, address=come.address)
    return await sessions.begin(account, kind=come.kind, address=come.address, agent=come.agent, at=at)


async def ask_new_phone(phone: str, *, bound_to: str, come: From, at: datetime) -> None:
    """The code goes to the new number; one that is somebody else's gets a sentence instead."""
    purpose = "registered" if await queries.profile_by_phone(phone) else "change_phone"
    await codes.send_code(phone, purpose=purpose, bound_to=bound_to, address=come.address, at=at)


async def change_phone(facts: NewPhone, *, by: Actor, bound_to: str, session_id: int, at: datetime) -> None:
    """Code to the new number and the password. The other sessions end."""
    account = await Account.get(id=by.id)
    await lockouts.check(account.username, at=at)
    if not await passwords.fits(facts.password.get_secret_value(), account.password_hash):
        await lockouts.failed(account.username, at=at)
        raise FormRejected({"password": "口令不对，请重新输入。"})
    await codes.check_code(facts.phone, facts.code, purpose="change_phone", bound_to=bound_to, at=at)
    await _put_phone(by.id, facts.phone, "code", at=at)
    await sessions.end_all(by.id, at=at, but=session_id)
    await security.log("phone_changed", actor_id=by.id, at=at)


async def verify_in_person(facts: Seen, *, by: Actor, proved_at: datetime, at: datetime) -> None:
    """Level three, by a clerk who has the document in hand; who, whom, what was looked at and when the clerk last
    proved to be there (`proved_at`) is in the security log."""
    by.must(P.CITIZEN_VERIFY, by.home)
    profile = await queries.profile_by_phone(facts.phone)
    if profile is None:
        raise FormRejected({"phone": "这个手机号还没有注册，请先请本人注册。"})
    if profile.account_id == by.id:
        raise FormRejected({"phone": "不能核验自己。"})
    index = queries.id_index(facts.id_number)
    other = await queries.profile_by_id(facts.id_number)
    if other is not None and other.id != profile.id:
        raise FormRejected({"id_number": "这个身份证号已核验在另一个帐号上，请先注销那个帐号，或为它换绑手机号。"})
    profile.name = queries.sealed(profile, "name", facts.name)
    profile.id_number = queries.sealed(profile, "id_number", facts.id_number)
    profile.id_index, profile.level, profile.level_at = index, int(Level.IN_PERSON), at
    async with transaction():
        await profile.save()
        await Account.filter(id=profile.account_id).update(name=mask_name(facts.name))
        await _tell(profile.account_id, "窗口已当面核验您的身份，实名等级为三级", at)
    sessions.forget()
    await security.log(
        "citizen_verified", actor_id=by.id, at=at, account=profile.account_id, document=facts.document.value,
        proved_at=proved_at.isoformat(),
    )  # fmt: skip


async def verify_by_number(facts: ByNumber, *, by: Actor, at: datetime) -> None:
    """Level two, by the city's real-name service: its yes and the time are kept, the number sealed, nothing else.

    Five questions a day. Raises FormRejected at the field, TooMany, or Degraded when no answer is to be had."""
    profile = await queries.profile_of(by.id)
    if profile is None or profile.level != int(Level.PHONE):
        raise FormRejected({"id_number": "这个帐号不能在线核验：没有用手机号注册，或已经核验过。"})
    await rates.hit(rates.REAL_NAME, str(by.id), at=at)
    said = await realname.ask(facts.name, facts.id_number) if realname.offered() else realname.Said.UNAVAILABLE
    await security.log("real_name_asked", actor_id=by.id, at=at, said=said.value)
    if said is realname.Said.UNAVAILABLE:
        await rates.give_back(rates.REAL_NAME, str(by.id), at=at)
        raise Degraded(what="实名核验")
    if said is realname.Said.NO_MATCH:
        raise FormRejected({"id_number": "姓名和身份证号不一致，请对照身份证核对；确认无误的，请带身份证到窗口核验。"})
    profile.name = queries.sealed(profile, "name", facts.name)
    profile.id_number = queries.sealed(profile, "id_number", facts.id_number)
    profile.id_index, profile.level, profile.level_at = queries.id_index(facts.id_number), int(Level.NUMBER), at
    try:
        async with transaction():
            await profile.save(update_fields=["name", "id_number", "id_index", "level", "level_at"])
            await Account.filter(id=by.id).update(name=mask_name(facts.name))
            await _tell(by.id, "您的姓名和身份证号已核验，实名等级为二级", at)
    except IntegrityError:
        raise FormRejected({"id_number": TAKEN}) from None
    sessions.forget()
    await security.log("citizen_verified", actor_id=by.id, at=at, account=by.id, document="real_name_service")


async def replace_lost_phone(facts: LostPhone, *, by: Actor, proved_at: datetime, at: datetime) -> None:
    """For who has lost the number: by name and identity number, both looked at by a clerk. Every session ends."""
    by.must(P.CITIZEN_VERIFY, by.home)
    profile = await queries.profile_by_id(facts.id_number)
    if profile is None or queries.clear(profile, "name") != facts.name or profile.account_id == by.id:
        raise FormRejected({"id_number": "没有用这个姓名和身份证号核验过的帐号。"})
    await _put_phone(profile.account_id, facts.phone, "window", at=at)
    await sessions.end_all(profile.account_id, at=at)
    await security.log(
        "phone_replaced", actor_id=by.id, at=at, account=profile.account_id, document=facts.document.value,
        proved_at=proved_at.isoformat(),
    )  # fmt: skip


async def correct_name(name: str, *, by: Actor, at: datetime) -> None:
    """One's own name, until it has been verified: from then on a window corrects it."""
    profile = await Profile.get(account_id=by.id)
    if profile.level > int(Level.PHONE):
        raise FormRejected({"name": "姓名已经核验，更正请在下面提出申请，或带身份证到窗口办理。"})
    profile.name = queries.sealed(profile, "name", name)
    async with transaction():
        await profile.save(update_fields=["name"])
        await Account.filter(id=by.id).update(name=mask_name(name))
    sessions.forget()
    await security.log("name_corrected", actor_id=by.id, at=at)


async def _proven(phone: str, code: str, *, purpose: str, bound_to: str, at: datetime) -> Account:
    await codes.check_code(phone, code, purpose=purpose, bound_to=bound_to, at=at)
    profile = await queries.profile_by_phone(phone)
    if profile is None or not profile.account.active or profile.account.kind is not AccountKind.CITIZEN:
        raise FormRejected({"code": WRONG_CODE})
    return profile.account


async def _put_phone(account_id: int, phone: str, how: str, *, at: datetime) -> None:
    profile = await Profile.get(account_id=account_id)
    old = queries.clear(profile, "phone")
    profile.phone, profile.phone_index = queries.sealed(profile, "phone", phone), phone_index(phone)
    said = {"code": "您的手机号已更换", "window": "窗口已为您换绑手机号"}[how]
    try:
        async with transaction():
            await profile.save(update_fields=["phone", "phone_index"])
            await contacts.set_phone(account_id, phone, at=at)
            if old:
                await leaving.queue(
                    Channel.SMS, to=old, content=f"{said}，这个号码不再能登录。不是您本人办理的，请拨 12345。",
                    template="phone_changed", key=entropy.token_hex(16), at=at,
                )  # fmt: skip
            await _tell(account_id, f"{said}。不是您本人办理的，请拨 12345", at)
    except IntegrityError:
        raise FormRejected({"phone": "这个手机号已绑定另一个帐号，请换一个。"}) from None


async def _tell(account_id: int, title: str, at: datetime) -> None:
    await Message.create(account_id=account_id, event_id=None, title=title, url="/me/security", at=at)
