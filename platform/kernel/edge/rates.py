"""Rates (限速): sliding windows, counted in the database so that every process counts alike."""

import hashlib
import hmac
import ipaddress
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import HTTPConnection
from tortoise.exceptions import IntegrityError
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
TRACK_NUMBER = Rate("track_number", 3_600, 10)
TRACK_ADDRESS = Rate("track_address", 3_600, 60)
REVEAL_VIEWER = Rate("reveal_viewer", 86_400, 100)
TICKET_PERSON = Rate("ticket_person", 3_600, 10)
TICKET_ADDRESS = Rate("ticket_address", 3_600, 100)
# What only reads is counted in each process: a write a request would cost more, and fail with a full disk.
SEARCH_ADDRESS = Rate("search_address", 60, 120)
API_TOKEN = Rate("api_token", 60, 600)
ANONYMOUS_ADDRESS = Rate("anonymous_address", 60, 1_200)
RATES = (
    SIGN_IN_ADDRESS, TRACK_NUMBER, TRACK_ADDRESS, REVEAL_VIEWER, TICKET_PERSON, TICKET_ADDRESS,
)  # fmt: skip


_here: OrderedDict[tuple[str, str], dict[int, int]] = OrderedDict()


async def hit(rate: Rate, who: str, *, at: datetime, factor: int = 1) -> None:
    """Count once more. Raises TooMany with the seconds after which it opens again."""
    await check(rate, who, at=at, factor=factor)
    await _count(rate, _key(rate, who), int(at.timestamp()) // rate.window_s)


async def check(rate: Rate, who: str, *, at: datetime, factor: int = 1) -> None:
    """Look without counting. The last window weighs by the part of it that the sliding one still covers."""
    key, now = _key(rate, who), int(at.timestamp())
    bucket, into = now // rate.window_s, now % rate.window_s
    rows = await RateCount.filter(rate=rate.name, who=key, bucket__in=[bucket - 1, bucket]).values_list(
        "bucket", "count"
    )
    counts = {int(str(number)): int(str(count)) for number, count in rows}
    here, before = counts.get(bucket, 0), counts.get(bucket - 1, 0)
    limit = rate.limit * factor
    if here + before * (rate.window_s - into) // rate.window_s >= limit:
        wait = (
            rate.window_s - into
            if here >= limit or not before
            else rate.window_s * (here + before - limit + 1) // before
        )
        raise TooMany(retry_after_s=max(1, min(wait, rate.window_s)))


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


async def _count(rate: Rate, key: str, bucket: int) -> None:
    row = RateCount.filter(rate=rate.name, who=key, bucket=bucket)
    if await row.update(count=F("count") + 1):
        return
    try:
        await RateCount.create(rate=rate.name, who=key, bucket=bucket, count=1)
    except IntegrityError:  # two came at once
        await row.update(count=F("count") + 1)


def _key(rate: Rate, who: str) -> str:
    return hmac.new(secrets.derive("rates"), f"{rate.name}:{who}".encode(), hashlib.sha256).hexdigest()[:32]
