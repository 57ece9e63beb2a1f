"""第二因素: a code of the moment (TOTP, RFC 6238) beside the password, and ten codes on paper for a lost phone.

Staff may do nothing without it (GB/T 22239-2019 8.1.4.1 d). The seed is sealed; a step of 30 s is used once."""

import base64
import hashlib
import hmac
import secrets as entropy
from datetime import datetime

import pyotp

from kernel import secrets
from kernel.database import transaction
from kernel.edge import rates, security
from kernel.errors import FormRejected, NotAllowed, NotFound
from kernel.people.models import Account, AccountKind, Grant, RecoveryCode, SecondFactor, Session
from kernel.people.permissions import APART, P
from kernel.permissions import SYSTEM, Actor
from kernel.settings import settings

STEP_S, AROUND = 30, 1  # a clock may be one step off
CODES, CODE_BYTES = 10, 10  # of 80 bits
WRONG = "动态码不对，或已经用过。请等它变成下一个再输入；手机不在身边可以用恢复码。"


def wanted(account: Account) -> bool:
    """Every clerk; the demo city's excepted."""
    return account.kind is AccountKind.STAFF and not account.exempt


async def confirmed(account_id: int) -> bool:
    return await SecondFactor.filter(account_id=account_id).exists()


def offered(account_id: int, session_secret: bytes) -> str:
    """The seed (base32, 160 bits) that this session may set up: the same however often it is asked, kept nowhere."""
    keyed = hmac.new(secrets.derive("seed"), session_secret + str(account_id).encode(), hashlib.sha256)
    return base64.b32encode(keyed.digest()[:20]).decode()


def address(seed: str, name: str) -> str:
    """What an authenticator app reads from the QR code."""
    return pyotp.TOTP(seed).provisioning_uri(name=name, issuer_name=settings().hall_name)


async def confirm(account_id: int, seed: str, code: str, *, at: datetime) -> list[str]:
    """The first right code: from now on it is wanted. Gives ten recovery codes, to be shown once."""
    await rates.hit(rates.SECOND_FACTOR, str(account_id), at=at)
    step = _step(seed, code, at)
    if step is None:
        raise FormRejected({"code": "动态码不对，请核对手机时间是否准确，输入正在显示的六位数字。"})
    await rates.give_back(rates.SECOND_FACTOR, str(account_id), at=at)
    async with transaction():
        if await SecondFactor.filter(account_id=account_id).exists():
            raise NotAllowed(permission="再次设置动态码（请先停用现在的）")
        sealed = secrets.seal(seed, **_place(account_id))
        await SecondFactor.create(account_id=account_id, seed=sealed, last_step=step, confirmed_at=at)
        codes = await _new_codes(account_id)
        await security.log("second_factor_set", actor_id=account_id, at=at)
    return codes


async def prove(account: Account, code: str, *, at: datetime) -> None:
    """A code of the moment or one on paper, each once; five wrong ones in a quarter of an hour are the limit.

    Counted before it is looked at, and given back when it was right: many at once have no more tries than one by one.
    Raises FormRejected at the field `code`, or TooMany."""
    await rates.hit(rates.SECOND_FACTOR, str(account.id), at=at)
    plain = "".join(code.split()).replace("-", "").lower()
    row = await SecondFactor.filter(account_id=account.id).first()
    if row is not None and (await _used(row, plain, at) or await _spent(account.id, plain, at)):
        await rates.give_back(rates.SECOND_FACTOR, str(account.id), at=at)
        return
    await security.log("second_factor_refused", actor_id=account.id, at=at)
    raise FormRejected({"code": WRONG})


async def renew_codes(actor: Actor, *, at: datetime) -> list[str]:
    """Ten new ones; the old ones are void."""
    async with transaction():
        codes = await _new_codes(actor.id)
        await security.log("recovery_codes_renewed", actor_id=actor.id, at=at)
    return codes


async def remove(username: str, *, by: Actor, at: datetime) -> None:
    """Somebody lost both phone and paper: by the security administrator; one of the three only at the machine, else one
    could become another. Their sessions end with it; the next sign-in sets up anew."""
    if by is not SYSTEM:
        by.must(P.ACCOUNT_DISABLE, "/")
    account = await Account.get_or_none(username=username)
    if account is None:
        raise NotFound(what=f"帐号“{username}”")
    if account.id == by.id:
        raise NotAllowed(permission="停用自己的动态码")
    if by is not SYSTEM and await Grant.filter(account=account, role__in=[*APART]).exists():
        raise NotAllowed(permission="停用管理员的动态码（请在服务器上用 sunhall user reset --second-factor）")
    async with transaction():
        await RecoveryCode.filter(account_id=account.id).delete()
        await SecondFactor.filter(account_id=account.id).delete()
        await Session.filter(account_id=account.id, ended_at=None).update(ended_at=at)
        await security.log("second_factor_removed", actor_id=by.id, at=at, account=account.id)


async def codes_left(account_id: int) -> int:
    return await RecoveryCode.filter(account_id=account_id, used_at=None).count()


async def _used(row: SecondFactor, code: str, at: datetime) -> bool:
    """Right, and the first to use that step: of two at once one wins."""
    step = _step(secrets.unseal(row.seed, **_place(row.account_id)), code, at)
    return step is not None and bool(await SecondFactor.filter(id=row.id, last_step__lt=step).update(last_step=step))


def _step(seed: str, code: str, at: datetime) -> int | None:
    """Which step of thirty seconds that is the code of; a clock may be one off."""
    if len(code) != 6 or not code.isdecimal():
        return None
    totp, now = pyotp.TOTP(seed), int(at.timestamp()) // STEP_S
    steps = range(now - AROUND, now + AROUND + 1)
    return next((step for step in steps if hmac.compare_digest(totp.generate_otp(step), code)), None)


async def _spent(account_id: int, code: str, at: datetime) -> bool:
    unused = RecoveryCode.filter(account_id=account_id, code_hash=_hash(account_id, code), used_at=None)
    if not await unused.update(used_at=at):
        return False
    await security.log("recovery_code_used", actor_id=account_id, at=at)
    return True


async def _new_codes(account_id: int) -> list[str]:
    await RecoveryCode.filter(account_id=account_id).delete()
    codes = [entropy.token_hex(CODE_BYTES) for _ in range(CODES)]
    rows = [RecoveryCode(account_id=account_id, code_hash=_hash(account_id, code)) for code in codes]
    await RecoveryCode.bulk_create(rows)
    return ["-".join(code[first : first + 5] for first in range(0, len(code), 5)) for code in codes]


def _hash(account_id: int, code: str) -> str:
    """Eighty random bits need no slow hash; the key keeps a copy of the table from telling anything."""
    return hmac.new(secrets.derive("recovery"), f"{account_id}:{code}".encode(), hashlib.sha256).hexdigest()


def _place(account_id: int) -> secrets.Place:
    return {"subject": f"account:{account_id}", "place": "second_factor"}
