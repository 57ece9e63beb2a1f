"""Sessions (会话): made in one place, found by the hash of their token, ended by idleness, age or a person's word."""

import hashlib
import secrets as entropy
import time
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar
from weakref import WeakKeyDictionary

from starlette.requests import HTTPConnection
from starlette.responses import Response
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import OperationalError
from tortoise.expressions import Q

from kernel.clockguard import measuring
from kernel.clockguard.measuring import guard
from kernel.database import home
from kernel.errors import Malformed
from kernel.people import queries
from kernel.people.models import Account, AccountKind, Session
from kernel.permissions import Actor
from kernel.settings import settings

TOKEN_BYTES = 32
IDLE = {AccountKind.STAFF: timedelta(minutes=30), AccountKind.CITIZEN: timedelta(minutes=60)}
AGE = {AccountKind.STAFF: timedelta(hours=10), AccountKind.CITIZEN: timedelta(hours=24)}
STAFF_SESSIONS_MAX = 3
REMEMBERED_S, REMEMBERED_MAX = 5.0, 5_000
FRESH = timedelta(minutes=5)
SEEN_EVERY = timedelta(minutes=1)
R = TypeVar("R", bound=Response)
COOKIE, LAN_COOKIE = "__Host-sunhall", "sunhall_lan"


@dataclass(frozen=True, slots=True)
class SignedInAs:
    """A session as the process remembers it for at most five seconds."""

    id: int
    csrf_secret: bytes
    kind: str
    actor: Actor
    seen_at: datetime
    ends_at: datetime
    must_change: bool
    read_at: float
    needs: str = ""  # factor, enrol: nothing else is open until then
    proved_at: datetime | None = None
    look: str = ""

    def fresh(self, at: datetime) -> bool:
        """Whether a grave act may follow without proving anew who is there."""
        return self.proved_at is not None and at - self.proved_at <= FRESH


_known: WeakKeyDictionary[BaseDBAsyncClient, OrderedDict[str, SignedInAs]] = WeakKeyDictionary()


async def begin(account: Account, *, kind: str, address: str, agent: str, at: datetime, needs: str = "") -> str:
    """The token of a new session, shown to its owner and to nobody else. A fourth of staff ends the oldest."""
    at = guard.latest(at, measuring.passing())  # by a clock put back it would be idle before it began
    token = entropy.token_urlsafe(TOKEN_BYTES)
    if account.kind is AccountKind.STAFF and kind == "web":
        running = Session.filter(account_id=account.id, kind="web", ended_at=None, ends_at__gt=at).order_by("-id")
        for old in (await running)[STAFF_SESSIONS_MAX - 1 :]:
            await end(old.id, at=at)
    await Session.create(
        token_hash=_hash(token), account=account, kind=kind, csrf_secret=entropy.token_bytes(TOKEN_BYTES),
        created_at=at, seen_at=at, proved_at=at, ends_at=at + AGE.get(account.kind, AGE[AccountKind.CITIZEN]),
        needs=needs, address=address, agent=agent[:200],
    )  # fmt: skip
    return token


async def find(connection: HTTPConnection, at: datetime) -> SignedInAs | None:
    """Who is behind a cookie or a bearer token; None when it is unknown, ended, idle or too old."""
    token = _token(connection)
    return await _found(token, at) if token else None


async def look_again(connection: HTTPConnection, at: datetime) -> SignedInAs | None:
    """The same, straight from the database; it counts as no sign of life, so an answer that goes on keeps nobody in."""
    token, at = _token(connection), guard.latest(at, measuring.passing())
    session = await _read(_hash(token), at) if token else None
    return session if session is not None and _alive(session, at) else None


async def by_key(token: str, at: datetime) -> SignedInAs | None:
    """Who is behind a token that came as a parameter (`api_key`): none whose sign-in isn't whole."""
    session = await _found(token, at)
    return None if session is None or session.needs or session.must_change else session


async def _found(token: str, at: datetime) -> SignedInAs | None:
    at = guard.latest(at, measuring.passing())
    hashed = _hash(token)
    known = _known.setdefault(home(), OrderedDict())
    session = known.get(hashed)
    if session is None or time.monotonic() - session.read_at > REMEMBERED_S:
        session = await _read(hashed, at)
        _remember(known, hashed, session)
    if session is None:
        return None
    if not _alive(session, at):
        with suppress(OperationalError):  # a disk that is full stops nobody from reading
            await end(session.id, at=at)  # for good: whatever the clock says next
        return None
    if at - session.seen_at > SEEN_EVERY:
        await Session.filter(id=session.id).update(seen_at=at)
    return session


async def of_token(token: str, at: datetime) -> SignedInAs | None:
    """The session that was begun a moment ago."""
    return await _read(_hash(token), at)


async def proved(session_id: int, *, at: datetime) -> str:
    """Its owner has just proved to be there: the whole session, under a new token (ASVS 7.2.4)."""
    await Session.filter(id=session_id, ended_at=None).update(needs="", proved_at=at)
    return await renewed(session_id)


async def renewed(session_id: int) -> str:
    """The same session under a new token; the old one opens nothing any more."""
    token = entropy.token_urlsafe(TOKEN_BYTES)
    await Session.filter(id=session_id, ended_at=None).update(token_hash=_hash(token))
    forget()
    return token


async def end(session_id: int, *, at: datetime) -> None:
    await Session.filter(id=session_id, ended_at=None).update(ended_at=at)
    forget()


async def end_all(account_id: int, *, at: datetime, but: int = 0) -> int:
    ended = await Session.filter(account_id=account_id, ended_at=None).exclude(id=but).update(ended_at=at)
    forget()
    return ended


async def clear(before: datetime, limit: int) -> int:
    """Retention: what ended before then."""
    over = Session.filter(Q(ended_at__lt=before) | Q(ends_at__lt=before))
    old = await over.limit(limit).values_list("id", flat=True)
    return await Session.filter(id__in=old).delete() if old else 0


async def act_for(session_id: int, company_id: int | None) -> None:
    """From now on this session acts for the company; None: for its owner alone."""
    await Session.filter(id=session_id).update(acting_for=company_id)
    forget()


async def leave_company(account_id: int, company_id: int) -> None:
    """Who is no longer a member acts for it in no session."""
    await Session.filter(account_id=account_id, acting_for=company_id).update(acting_for=None)
    forget()


def forget() -> None:
    """Here at once; other processes learn it within five seconds."""
    _known.clear()


async def running(account_id: int, at: datetime) -> list[Session]:
    return await Session.filter(account_id=account_id, ended_at=None, ends_at__gt=at).order_by("-seen_at")


def cookie_name() -> str:
    return LAN_COOKIE if settings().insecure_lan else COOKIE


def secure() -> bool:
    return cookie_name() == COOKIE


def keep(response: R, token: str) -> R:
    """The token in the browser's cookie (spec: security 4.2)."""
    response.set_cookie(
        cookie_name(), token, path="/", secure=secure(), httponly=True, samesite="lax" if secure() else "strict",
        max_age=None if secure() else 8 * 3600,
    )  # fmt: skip
    return response


def _token(connection: HTTPConnection) -> str:
    header = connection.headers.get("authorization", "")
    if header:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > 200:
            raise Malformed(what="Authorization 须为 Bearer 令牌")
        return token
    return connection.cookies.get(cookie_name(), "")[:200]


async def _read(hashed: str, at: datetime) -> SignedInAs | None:
    row = await Session.filter(token_hash=hashed, ended_at=None).select_related("account").first()
    if row is None or not row.account.active:
        return None
    actor = await queries.actor_of(row.account, at, acting_for=row.acting_for)
    if row.needs:
        actor = replace(actor, powers={}, roles=())
    return SignedInAs(
        row.id, row.csrf_secret, row.kind, actor, row.seen_at, row.ends_at, row.account.must_change, time.monotonic(),
        row.needs, row.proved_at, row.account.look,
    )  # fmt: skip


def _remember(known: OrderedDict[str, SignedInAs], hashed: str, session: SignedInAs | None) -> None:
    known.pop(hashed, None)
    if session is not None:
        known[hashed] = session
        while len(known) > REMEMBERED_MAX:
            known.popitem(last=False)


def _alive(session: SignedInAs, at: datetime) -> bool:
    idle = IDLE.get(AccountKind(session.actor.kind), IDLE[AccountKind.CITIZEN])
    return at < session.ends_at and at - session.seen_at < idle


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
