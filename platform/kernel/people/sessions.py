"""Sessions (会话): made in one place, found by the hash of their token, ended by idleness, age or a person's word."""

import hashlib
import secrets as entropy
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from starlette.requests import HTTPConnection
from tortoise.backends.base.client import BaseDBAsyncClient

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
SEEN_EVERY = timedelta(minutes=1)
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


_known: WeakKeyDictionary[BaseDBAsyncClient, OrderedDict[str, SignedInAs]] = WeakKeyDictionary()


async def begin(account: Account, *, kind: str, address: str, agent: str, at: datetime) -> str:
    """The token of a new session, shown to its owner and to nobody else. A fourth of staff ends the oldest."""
    token = entropy.token_urlsafe(TOKEN_BYTES)
    if account.kind is AccountKind.STAFF and kind == "web":
        running = Session.filter(account_id=account.id, kind="web", ended_at=None, ends_at__gt=at).order_by("-id")
        for old in (await running)[STAFF_SESSIONS_MAX - 1 :]:
            await end(old.id, at=at)
    await Session.create(
        token_hash=_hash(token), account=account, kind=kind, csrf_secret=entropy.token_bytes(TOKEN_BYTES),
        created_at=at, seen_at=at, ends_at=at + AGE.get(account.kind, AGE[AccountKind.CITIZEN]),
        address=address, agent=agent[:200],
    )  # fmt: skip
    return token


async def find(connection: HTTPConnection, at: datetime) -> SignedInAs | None:
    """Who is behind a cookie or a bearer token; None when it is unknown, ended, idle or too old."""
    token = _token(connection)
    if not token:
        return None
    hashed = _hash(token)
    known = _known.setdefault(home(), OrderedDict())
    session = known.get(hashed)
    if session is None or time.monotonic() - session.read_at > REMEMBERED_S:
        session = await _read(hashed, at)
        _remember(known, hashed, session)
    if session is None or not _alive(session, at):
        return None
    if at - session.seen_at > SEEN_EVERY:
        await Session.filter(id=session.id).update(seen_at=at)
    return session


async def of_token(token: str, at: datetime) -> SignedInAs | None:
    """The session that was begun a moment ago."""
    return await _read(_hash(token), at)


async def end(session_id: int, *, at: datetime) -> None:
    await Session.filter(id=session_id, ended_at=None).update(ended_at=at)
    forget()


async def end_all(account_id: int, *, at: datetime, but: int = 0) -> int:
    ended = await Session.filter(account_id=account_id, ended_at=None).exclude(id=but).update(ended_at=at)
    forget()
    return ended


def forget() -> None:
    """Here at once; other processes learn it within five seconds."""
    _known.clear()


async def running(account_id: int, at: datetime) -> list[Session]:
    return await Session.filter(account_id=account_id, ended_at=None, ends_at__gt=at).order_by("-seen_at")


def cookie_name() -> str:
    return LAN_COOKIE if settings().insecure_lan else COOKIE


def _token(connection: HTTPConnection) -> str:
    header = connection.headers.get("authorization", "")
    if header:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > 200:
            raise Malformed(what="Authorization 须为 Bearer 令牌")
        return token
    return connection.cookies.get(cookie_name(), "")[:200]


async def _read(hashed: str, at: datetime) -> SignedInAs | None:
    row = await Session.filter(token_hash=hashed, ended_at=None, ends_at__gt=at).select_related("account").first()
    if row is None or not row.account.active:
        return None
    actor = await queries.actor_of(row.account)
    return SignedInAs(
        row.id, row.csrf_secret, row.kind, actor, row.seen_at, row.ends_at, row.account.must_change, time.monotonic()
    )


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
