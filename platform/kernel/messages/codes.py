"""SMS codes (验证码, AU09): six digits, five minutes, five tries, once; bound to purpose, browser and telephone."""

import hmac
import secrets as entropy
from datetime import datetime, timedelta

from tortoise.connection import get_connection
from tortoise.expressions import F

from kernel.database import home, transaction
from kernel.edge import rates
from kernel.errors import Degraded, FormRejected
from kernel.messages import leaving, queries
from kernel.messages.models import Channel, Code
from kernel.messages.templates import CODE_DIGITS
from kernel.secrets import blind_index
from kernel.settings import settings

LIFE, TRIES_MAX = timedelta(minutes=5), 5


async def send_code(phone: str, *, purpose: str, bound_to: str, address: str, at: datetime) -> None:
    """A new code; the one before it is void. `bound_to` names the browser's session, `address` its network.

    What it says is the message template kernel.code_<purpose>, as the city words it.
    Raises TooMany (five an hour for a phone, thirty for an address), Degraded where no gateway is connected."""
    await rates.hit(rates.SMS_ADDRESS, address, at=at)
    await rates.hit(rates.SMS_PHONE, phone, at=at)
    if settings().public_url.startswith("https://") and not settings().sms_url:
        raise Degraded(what="短信")
    code = f"{entropy.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    bound, used = _bound(phone, purpose, bound_to), await queries.current(f"kernel.code_{purpose}")
    async with transaction():
        await Code.filter(bound=bound).delete()
        await Code.create(bound=bound, code_hash=_keyed(bound, code), until=at + LIFE)
        await leaving.queue(
            Channel.SMS,
            to=phone,
            content=used.sms.format(**used.filled({slot.name: code for slot in used.slots})),
            template=used.code,
            version=used.version,
            key=entropy.token_hex(16),
            at=at,
            until=at + LIFE,
        )


async def check_code(phone: str, code: str, *, purpose: str, bound_to: str, at: datetime) -> None:
    """Use it up. Raises FormRejected at `code`, in one sentence for a wrong, an old, a used and an unknown code.

    Never within a transaction: its rollback would forget the try."""
    assert get_connection("default") is home(), "a try must be counted, whatever the caller does next"
    bound = _bound(phone, purpose, bound_to)
    live = Code.filter(bound=bound, until__gt=at, tries__lt=TRIES_MAX)
    counted = await live.update(tries=F("tries") + 1)
    row = await Code.get_or_none(bound=bound) if counted else None
    fits = row is not None and hmac.compare_digest(row.code_hash, _keyed(bound, code))
    if row is None or not fits or not await Code.filter(id=row.id, code_hash=row.code_hash).delete():
        raise FormRejected({"code": "验证码不对或已过期，请核对最新一条短信，或重新获取。"})


async def forget(*, at: datetime) -> int:
    """Retention: until it can't be used any more."""
    return await Code.filter(until__lte=at).delete()


def _bound(phone: str, purpose: str, bound_to: str) -> str:
    return _keyed(purpose, bound_to, phone)


def _keyed(*parts: str) -> str:
    return blind_index("sms_code", "\0".join(parts)).hex()
