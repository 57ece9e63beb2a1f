"""Requests between the hall and a gateway carry an HMAC over time, nonce and canonical body (RFC 2104, RFC 8785)."""

import hashlib
import hmac
import secrets as entropy
from collections.abc import Mapping
from datetime import datetime, timedelta

import rfc8785

WINDOW = timedelta(seconds=300)
TIME, NONCE, SIGNATURE = "X-Sunhall-Time", "X-Sunhall-Nonce", "X-Sunhall-Signature"


def signed_request(secret: str, sent: Mapping[str, str], *, at: datetime) -> dict[str, str]:
    """The three headers that prove who asks and that nobody has changed or kept it."""
    time, nonce = str(int(at.timestamp())), entropy.token_hex(16)
    return {TIME: time, NONCE: nonce, SIGNATURE: _signature(secret, time, nonce, sent)}


def proves(secret: str, headers: Mapping[str, str], sent: Mapping[str, str], *, at: datetime) -> bool:
    """Whether the headers sign this body within ±300 s; whether the nonce is new is the caller's to remember."""
    time, nonce = headers.get(TIME, ""), headers.get(NONCE, "")
    if not secret or not (time.isdecimal() and time.isascii() and len(time) < 12) or not 16 <= len(nonce) <= 64:
        return False
    near = abs(int(time) - int(at.timestamp())) <= WINDOW.total_seconds()
    given = headers.get(SIGNATURE, "").encode("utf-8", "replace")
    return near and hmac.compare_digest(_signature(secret, time, nonce, sent).encode(), given)


def _signature(secret: str, time: str, nonce: str, sent: Mapping[str, str]) -> str:
    said = b"\n".join((time.encode(), nonce.encode(), rfc8785.dumps(dict(sent))))
    return hmac.new(secret.encode(), said, hashlib.sha256).hexdigest()
