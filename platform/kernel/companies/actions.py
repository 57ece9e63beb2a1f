"""The verbs of companies. Whoever acts for one is named beside it in every journal entry."""

import base64
import hashlib
import secrets as entropy
from datetime import datetime, timedelta

from tortoise.exceptions import IntegrityError

from kernel import secrets
from kernel.citizens import queries as citizens
from kernel.citizens.levels import Level, must_be_verified
from kernel.companies import queries
from kernel.companies.forms import Claim, Invite, NewCompany
from kernel.companies.models import Company, Invitation, Member, Part
from kernel.database import transaction
from kernel.edge import rates, security
from kernel.errors import FormRejected, NotFound, Refusal
from kernel.inbox.models import Message
from kernel.messages import leaving
from kernel.messages.models import Channel
from kernel.people import sessions
from kernel.people.models import Account, AccountKind
from kernel.people.permissions import P
from kernel.people.queries import phone_index
from kernel.permissions import Actor
from kernel.settings import settings

INVITED_FOR, CODE_BYTES = timedelta(days=7), 10
BY_SMS = "有企业邀请您做经办人，请向负责人索取邀请码，登录后在“我的企业”填写，七天内有效。不认识的请忽略。"


class AlreadyThere(Refusal):
    code, text = (
        "already_there",
        ("这家企业已经登记。您是经办人，请让负责人邀请您；企业被他人登记的，请带营业执照和身份证到窗口认领。"),
    )


class OwnerStays(Refusal):
    code, text = "owner_stays", "负责人不能移出或退出，请先把负责人移交给另一位经办人。"


async def register(facts: NewCompany, *, by: Actor, at: datetime) -> Company:
    """Its registrant becomes its owner. Raises NotVerified, or AlreadyThere with the way to a window."""
    must_be_verified(by, Level.NUMBER)
    if await queries.by_uscc(facts.uscc):
        raise AlreadyThere
    try:
        async with transaction():
            company = await open_company(facts, at=at)
            await Member.create(company=company, account_id=by.id, part=Part.OWNER, since=at)
    except IntegrityError:  # two at once
        raise AlreadyThere from None
    await security.log("company_registered", actor_id=by.id, at=at, company=company.id)
    return company


async def open_company(facts: NewCompany, *, at: datetime, account: Account | None = None) -> Company:
    if account is None:
        username = f"q-{facts.uscc.lower()}"
        account = await Account.create(username=username, name=facts.name, kind=AccountKind.COMPANY, created_at=at)
    return await Company.create(uscc=facts.uscc, account=account, created_at=at)


async def invite(company_id: int, facts: Invite, *, by: Actor, at: datetime) -> str:
    """The invitation's code, shown once to the owner; it serves only who holds that telephone number.

    The number is told by SMS (where one can be sent) that there is an invitation, not whose. Raises TooMany."""
    company = await queries.owned(by, company_id)
    await rates.hit(rates.SMS_PHONE, facts.phone, at=at)
    code = base64.b32encode(entropy.token_bytes(CODE_BYTES)).decode()
    row = Invitation(
        company=company, phone_index=phone_index(facts.phone), code_hash=_hash(code), until=at + INVITED_FOR
    )
    row.phone = secrets.seal(facts.phone, **row.sealed["phone"](row))
    async with transaction():
        await row.save(force_create=True)
        if settings().sms_url or not settings().public_url.startswith("https://"):
            key, until = f"invitation:{row.code_hash}", at + INVITED_FOR
            await leaving.queue(
                Channel.SMS, to=facts.phone, content=BY_SMS, template="company_invited", key=key, at=at, until=until
            )
    guest = await citizens.profile_by_phone(facts.phone)
    if guest is not None:
        title = f"{company.account.name}邀请您做经办人，请向负责人索取邀请码"
        await Message.create(account_id=guest.account_id, event_id=None, title=title, url="/me/companies/join", at=at)
    await security.log("company_invited", actor_id=by.id, at=at, company=company.id)
    return "-".join(code[n : n + 4] for n in range(0, 16, 4))


async def join(code: str, *, by: Actor, at: datetime) -> Company:
    """Once, within seven days, by the number that was invited. One sentence for whatever is wrong."""
    plain = "".join(sign for sign in code.upper() if sign.isalnum())
    profile = await citizens.profile_of(by.id)
    found = await queries.invitation(_hash(plain), profile.phone_index or "") if profile else None
    async with transaction():
        unused = Invitation.filter(id=found.id if found else 0, used_at=None, until__gt=at)
        if found is None or not await unused.update(used_at=at):
            raise FormRejected({"code": "邀请码不对、已用过或已过期，或邀请的不是您的手机号。请向负责人核对。"})
        await _let_in(found.company_id, by.id, Part.USER, at)
    await security.log("company_joined", actor_id=by.id, at=at, company=found.company_id)
    return found.company


async def remove(company_id: int, member_id: int, *, by: Actor, at: datetime) -> None:
    """By the owner; a user may leave by themselves. Their sessions act for it no longer."""
    mine = await queries.membership(by, company_id)
    gone = next((one for one in await queries.members(company_id) if one.id == member_id), None)
    if gone is None or (mine.part is not Part.OWNER and gone.account_id != by.id):
        raise NotFound(what="这位经办人")
    if gone.part is Part.OWNER:
        raise OwnerStays
    await Member.filter(id=gone.id).update(ended_at=at)
    await sessions.leave_company(gone.account_id, company_id)
    await security.log("company_left", actor_id=by.id, at=at, company=company_id, account=gone.account_id)


async def hand_over(company_id: int, member_id: int, *, by: Actor, at: datetime) -> None:
    """Another user becomes the owner, the owner becomes a user. The new one must be as verified as a registrant."""
    company = await queries.owned(by, company_id)
    heir = next((one for one in await queries.members(company_id) if one.id == member_id), None)
    profile = await citizens.profile_of(heir.account_id) if heir else None
    if heir is None or heir.account_id == by.id:
        raise NotFound(what="这位经办人")
    if profile is None or profile.level < int(Level.NUMBER):
        raise FormRejected({"member": "对方还没有实名核验，请对方先到窗口核验身份。"})
    async with transaction():
        await Member.filter(company=company, account_id=by.id).update(part=Part.USER)
        await Member.filter(id=heir.id).update(part=Part.OWNER)
    await security.log("company_handed_over", actor_id=by.id, at=at, company=company.id, account=heir.account_id)


async def act_for(company_id: int, *, by: Actor, session_id: int) -> None:
    """0: for oneself. The session says for whom, and nothing else changes."""
    if company_id:
        await queries.membership(by, company_id)
    await sessions.act_for(session_id, company_id or None)


async def claim(facts: Claim, *, by: Actor, proved_at: datetime, at: datetime) -> Company:
    """At a window: who proves with the licence that the company is theirs becomes its owner, whoever was it before."""
    by.must(P.COMPANY_CLAIM, by.home)
    company, profile = await queries.by_uscc(facts.uscc), await citizens.profile_by_phone(facts.phone)
    if company is None:
        raise FormRejected({"uscc": "这家企业还没有登记，本人登录后可以直接登记。"})
    if profile is None or profile.level < int(Level.NUMBER) or profile.account_id == by.id:
        raise FormRejected({"phone": "申请人须先注册并当面核验身份。"})
    before = await queries.owner_of(company.id)
    async with transaction():
        if before is not None:
            await Member.filter(id=before.id).update(ended_at=at)
        await _let_in(company.id, profile.account_id, Part.OWNER, at)
    if before is not None and before.account_id != profile.account_id:
        await sessions.leave_company(before.account_id, company.id)
    await security.log(
        "company_claimed", actor_id=by.id, at=at, company=company.id, account=profile.account_id,
        proved_at=proved_at.isoformat(),
    )  # fmt: skip
    return company


async def _let_in(company_id: int, account_id: int, part: Part, at: datetime) -> None:
    row, new = await Member.get_or_create(
        company_id=company_id, account_id=account_id, defaults={"part": part, "since": at}
    )
    if not new and (row.ended_at is not None or part is Part.OWNER):
        await Member.filter(id=row.id).update(part=part, since=at, ended_at=None)


def _hash(code: str) -> str:
    return hashlib.sha256(f"invitation:{code}".encode()).hexdigest()
