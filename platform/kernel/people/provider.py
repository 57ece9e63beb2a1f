"""Signing in through the city's own identity provider (OpenID Connect: code with PKCE, state, nonce).

An account is found by (issuer, subject) and by nothing else: its owner has linked the two while signed in.
The second step stays, unless the provider's `amr` says that it has asked for one and a setting believes it."""

import base64
import hashlib
import secrets as entropy
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote_plus, urlencode

from tortoise.exceptions import IntegrityError

from kernel import outgoing
from kernel.database import transaction
from kernel.edge import security
from kernel.errors import NotAllowed, NotFound, Refusal
from kernel.people import factor, sessions
from kernel.people.actions import From
from kernel.people.models import Account, ExternalIdentity, ProviderAsk
from kernel.permissions import Actor
from kernel.secrets import idtokens
from kernel.settings import settings

ASK_LIFE, REMEMBERED_S, ANEW_S = timedelta(minutes=10), 600, 60


class NotBelieved(Refusal):
    status, code, text = 401, "signed_out", "统一身份认证没有成功，请回到登录页再试一次。"


class NotLinked(Refusal):
    status, code, text = 403, "not_linked", "这个统一身份还没有连接帐号：请先用用户名和口令登录，在“我的登录”里连接。"


class LinkedElsewhere(NotAllowed):
    text = "这个统一身份已经连接了另一个帐号，请先在那个帐号里断开。"


@dataclass(frozen=True, slots=True)
class Told:
    """What the provider says of itself."""

    authorize: str
    token: str
    keys: tuple[dict[str, Any], ...]
    read_at: float


_told: dict[str, Told] = {}


def offered() -> bool:
    return bool(settings().oidc_issuer and settings().oidc_client_id)


async def begin(back: str, *, wanted: str, account_id: int | None, at: datetime) -> tuple[str, str]:
    """(the provider's address, the state that this browser must bring back). Raises NotLetOut, NoAnswer, NotFound."""
    if not offered():
        raise NotFound(what="该页面")
    told = await _provider()
    outgoing.let_out(told.authorize)
    state, nonce, verifier = (entropy.token_urlsafe(32) for _ in range(3))
    await ProviderAsk.filter(until__lte=at).delete()
    await ProviderAsk.create(
        state_hash=_hash(state), nonce=nonce, verifier=verifier, next=wanted, account_id=account_id, until=at + ASK_LIFE
    )
    asked = {
        "response_type": "code", "client_id": settings().oidc_client_id, "redirect_uri": back, "scope": "openid",
        "state": state, "nonce": nonce, "code_challenge": _challenge(verifier), "code_challenge_method": "S256",
    }  # fmt: skip
    return f"{told.authorize}{'&' if '?' in told.authorize else '?'}{urlencode(asked)}", state


async def claims_of(
    code: str, state: str, brought: str, *, back: str, at: datetime
) -> tuple[dict[str, Any], ProviderAsk]:
    """Whom the provider has seen, for which question of ours: each state counts once, in the browser that began it."""
    asked = await ProviderAsk.get_or_none(state_hash=_hash(state), until__gt=at)
    if not entropy.compare_digest(state.encode(), brought.encode()) or asked is None:
        raise await _refused("state", at)
    if not await ProviderAsk.filter(id=asked.id).delete():  # of two at once with one state, one gets on
        raise await _refused("state", at)
    told = await _provider()
    sent = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": asked.verifier,
    }  # fmt: skip
    answer = await outgoing.post_form(told.token, sent, headers={"Authorization": _as_client()})
    try:
        token = str(answer.json()["id_token"]) if answer.status == 200 else ""
    except (ValueError, KeyError, TypeError):
        token = ""
    try:
        return await _checked(token, told, asked.nonce, at), asked
    except idtokens.BadToken as wrong:
        raise await _refused(str(wrong)[:60], at) from wrong


async def sign_in(claims: dict[str, Any], *, come: From, at: datetime) -> tuple[str, Account]:
    """A new token for the account that is linked. Raises NotLinked."""
    known = ExternalIdentity.filter(issuer=settings().oidc_issuer, subject=str(claims["sub"]))
    found = await known.select_related("account").first()
    if found is None or not found.account.active:
        raise NotLinked
    account, needs = found.account, ""
    if factor.wanted(account) and not set(settings().oidc_second_factor) & set(_list(claims.get("amr"))):
        needs = "factor" if await factor.confirmed(account.id) else "enrol"
    await security.log(
        "sign_in", actor_id=account.id, at=at, address=come.address, request_id=come.request_id, way="oidc"
    )
    token = await sessions.begin(account, kind="web", address=come.address, agent=come.agent, at=at, needs=needs)
    return token, account


async def link(actor: Actor, claims: dict[str, Any], *, at: datetime) -> None:
    """From now on that identity signs in to this account. Raises LinkedElsewhere."""
    issuer, subject = settings().oidc_issuer, str(claims["sub"])
    try:
        async with transaction():
            found = await ExternalIdentity.get_or_none(issuer=issuer, subject=subject)
            if found is not None and found.account_id != actor.id:
                raise LinkedElsewhere(permission="")
            if found is None:
                await ExternalIdentity.filter(account_id=actor.id, issuer=issuer).delete()
                await ExternalIdentity.create(account_id=actor.id, issuer=issuer, subject=subject, linked_at=at)
                await security.log("identity_linked", actor_id=actor.id, at=at)
    except IntegrityError as taken:
        raise LinkedElsewhere(permission="") from taken


async def unlink(actor: Actor, *, at: datetime) -> None:
    if await ExternalIdentity.filter(account_id=actor.id).delete():
        await security.log("identity_unlinked", actor_id=actor.id, at=at)


async def linked(account_id: int) -> bool:
    return await ExternalIdentity.filter(account_id=account_id, issuer=settings().oidc_issuer).exists()


async def _checked(token: str, told: Told, nonce: str, at: datetime) -> dict[str, Any]:
    for last in (False, True):
        try:
            return idtokens.checked(
                token, told.keys, issuer=settings().oidc_issuer, at=at, nonce=nonce,
                audience=settings().oidc_audience or settings().oidc_client_id, algorithms=settings().oidc_algorithms,
            )  # fmt: skip
        except idtokens.UnknownKey:
            if last or time.monotonic() - told.read_at < ANEW_S:
                raise
            told = await _provider(anew=True)
    raise AssertionError("the second round returns or raises")


async def _provider(*, anew: bool = False) -> Told:
    """Discovery and keys, remembered for ten minutes. Raises NotBelieved when it speaks for somebody else."""
    issuer = settings().oidc_issuer
    told = _told.get(issuer)
    if told is None or anew or time.monotonic() - told.read_at > REMEMBERED_S:
        try:
            said = (await outgoing.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")).json()
            if said["issuer"] != issuer:
                raise NotBelieved
            keys = (await outgoing.get(str(said["jwks_uri"]))).json()["keys"]
            endpoints = str(said["authorization_endpoint"]), str(said["token_endpoint"])
        except (ValueError, KeyError, TypeError) as wrong:
            raise NotBelieved from wrong
        told = _told[issuer] = Told(*endpoints, tuple(keys), time.monotonic())
    return told


async def _refused(why: str, at: datetime) -> NotBelieved:
    await security.log("oidc_refused", actor_id=-1, at=at, why=why)
    return NotBelieved()


def _as_client() -> str:
    file = settings().oidc_secret_file
    secret = file.read_text(encoding="utf-8").strip() if file else ""
    pair = f"{quote_plus(settings().oidc_client_id)}:{quote_plus(secret)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _hash(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()


def _list(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []
