"""Rates (限速): sliding windows, counted in the database so that every process counts alike."""

import hashlib
import hmac
import ipaddress
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import HTTPConnection
from tortoise.expressions import F

from kernel import secrets
from kernel.edge.models import RateCount
from kernel.errors import TooMany
from kernel.settings import settings

TRUSTED_FACTOR = 10
KEPT_S, HERE_MAX = 2 * 86_400, 20_000


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `limit` times within any `window_s` seconds."""

    name: str
    window_s: int
    limit: int


SIGN_IN_ADDRESS = Rate("sign_in_address", 900, 50)
SECOND_FACTOR = Rate("second_factor", 900, 5)
TRACK_NUMBER = Rate("track_number", 3_600, 10)
TRACK_ADDRESS = Rate("track_address", 3_600, 60)
REVEAL_VIEWER = Rate("reveal_viewer", 86_400, 100)
EXPORT_PERSON = Rate("export_person", 3_600, 5)
TICKET_PERSON = Rate("ticket_person", 3_600, 10)
TICKET_ADDRESS = Rate("ticket_address", 3_600, 100)
SERVICE_CLIENT = Rate("service_client", 3_600, 600)
SMS_PHONE = Rate("sms_phone", 3_600, 5)
SMS_ADDRESS = Rate("sms_address", 3_600, 30)
EMAIL_PROOF = Rate("email_proof", 3_600, 5)
REAL_NAME = Rate("real_name", 86_400, 5)
# What only reads is counted in each process: a write a request would cost more, and fail with a full disk.
SEARCH_ADDRESS = Rate("search_address", 60, 120)
API_TOKEN = Rate("api_token", 60, 600)
ANONYMOUS_ADDRESS = Rate("anonymous_address", 60, 1_200)
RATES = (
    SIGN_IN_ADDRESS, TRACK_NUMBER, TRACK_ADDRESS, REVEAL_VIEWER, TICKET_PERSON, TICKET_ADDRESS,
    EXPORT_PERSON, SECOND_FACTOR, SERVICE_CLIENT,
    SMS_PHONE, SMS_ADDRESS, EMAIL_PROOF, REAL_NAME,
)  # fmt: skip


_here: OrderedDict[tuple[str, str], dict[int, int]] = OrderedDict()


async def hit(rate: Rate, who: str, *, at: datetime, factor: int = 1) -> int:
    """Count once more; how many they are now. Raises TooMany with the seconds after which it opens again.

    The database counts and compares in one statement: of many at once no more than the limit get through."""
    here, before, into = await _seen(rate, who, at)
    room = rate.limit * factor - before * (rate.window_s - into) // rate.window_s
    row = {"rate": rate.name, "who": _key(rate, who), "bucket": int(at.timestamp()) // rate.window_s}
    if not here:
        await RateCount.bulk_create([RateCount(**row, count=0)], ignore_conflicts=True)
    if not await RateCount.filter(**row, count__lt=room).update(count=F("count") + 1):
        raise _too_many(rate, rate.limit * factor, *await _seen(rate, who, at))
    return rate.limit * factor - room + here + 1


async def check(rate: Rate, who: str, *, at: datetime, factor: int = 1) -> int:
    """Look without counting. The last window weighs by the part of it that the sliding one still covers."""
    here, before, into = await _seen(rate, who, at)
    seen = here + before * (rate.window_s - into) // rate.window_s
    if seen >= rate.limit * factor:
        raise _too_many(rate, rate.limit * factor, here, before, into)
    return seen


async def give_back(rate: Rate, who: str, *, at: datetime) -> None:
    """What was counted before it was known to be right counts no more."""
    bucket = int(at.timestamp()) // rate.window_s
    mine = RateCount.filter(rate=rate.name, who=_key(rate, who), bucket=bucket, count__gt=0)
    await mine.update(count=F("count") - 1)


def hit_here(rate: Rate, who: str, *, at: datetime, factor: int = 1) -> None:
    """Count in this process only, and forget what is old. Raises TooMany."""
    bucket, into = divmod(int(at.timestamp()), rate.window_s)
    counts = _here.setdefault((rate.name, who), {})
    for old in [one for one in counts if one < bucket - 1]:
        del counts[old]
    seen = counts.get(bucket, 0) + counts.get(bucket - 1, 0) * (rate.window_s - into) // rate.window_s
    if seen >= rate.limit * factor:
        raise TooMany(retry_after_s=rate.window_s - into)
    counts[bucket] = counts.get(bucket, 0) + 1
    _here.move_to_end((rate.name, who))
    if len(_here) > HERE_MAX:
        _here.popitem(last=False)


async def clear(rate: Rate, who: str) -> None:
    """Forget: a sign-in that succeeded ends the row of failures."""
    await RateCount.filter(rate=rate.name, who=_key(rate, who)).delete()


async def forget(*, at: datetime) -> int:
    """Retention: two days."""
    gone = 0
    for rate in RATES:
        gone += await RateCount.filter(
            rate=rate.name, bucket__lt=int(at.timestamp() - KEPT_S) // rate.window_s
        ).delete()
    return gone


def address_of(request: HTTPConnection) -> str:
    """The client's network: IPv6 by its /64, because one house has all of that."""
    host = request.client.host if request.client else "127.0.0.1"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else str(address)


def factor_of(request: HTTPConnection) -> int:
    """A hall of desks shares one address: trusted networks have ten times the room."""
    try:
        address = ipaddress.ip_address(request.client.host if request.client else "")
    except ValueError:
        return 1
    return TRUSTED_FACTOR if any(address in ipaddress.ip_network(one) for one in settings().trusted_networks) else 1


async def _seen(rate: Rate, who: str, at: datetime) -> tuple[int, int, int]:
    """How many in this window, how many in the one before, how many seconds of this one are over."""
    bucket, into = divmod(int(at.timestamp()), rate.window_s)
    rows = RateCount.filter(rate=rate.name, who=_key(rate, who), bucket__in=[bucket - 1, bucket])
    counts = {int(str(number)): int(str(count)) for number, count in await rows.values_list("bucket", "count")}
    return counts.get(bucket, 0), counts.get(bucket - 1, 0), into


def _too_many(rate: Rate, limit: int, here: int, before: int, into: int) -> TooMany:
    wait = rate.window_s - into
    if here < limit and before:
        wait = rate.window_s * (here + before - limit + 1) // before
    return TooMany(retry_after_s=max(1, min(wait, rate.window_s)))


def _key(rate: Rate, who: str) -> str:
    return hmac.new(secrets.derive("rates"), f"{rate.name}:{who}".encode(), hashlib.sha256).hexdigest()[:32]
