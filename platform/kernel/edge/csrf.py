"""Forms of our own making (CSRF): a token bound to the session, masked anew in every answer."""

import base64
import binascii
import hashlib
import hmac
import secrets as entropy

from kernel import secrets

MASK_BYTES = 32


def token(session_secret: bytes) -> str:
    """Different in every answer, so a compressed page gives nothing away."""
    mask = entropy.token_bytes(MASK_BYTES)
    return base64.urlsafe_b64encode(mask + _xor(mask, _proof(session_secret))).decode()


def check(session_secret: bytes, sent: str) -> bool:
    try:
        raw = base64.urlsafe_b64decode(sent.encode())
    except (binascii.Error, ValueError):
        return False
    if len(raw) != 2 * MASK_BYTES:
        return False
    return hmac.compare_digest(_xor(raw[:MASK_BYTES], raw[MASK_BYTES:]), _proof(session_secret))


def _proof(session_secret: bytes) -> bytes:
    return hmac.new(secrets.derive("csrf"), session_secret, hashlib.sha256).digest()


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
