"""ID tokens of an OpenID provider: signed by one of its published keys, for us, now, for this very sign-in."""

import hmac
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import jwt

SKEW_S, AGE_MAX_S = 60, 600
KEY_TYPES = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}  # public keys only: no secret, no `none`


class BadToken(Exception):  # noqa: N818 (the caller says to the person what it means)
    """Why it isn't believed, for the log."""


class UnknownKey(BadToken):
    """Perhaps the provider has changed its keys: read them anew and try once more."""


def checked(
    token: str, keys: Collection[Mapping[str, Any]], *, issuer: str, audience: str, algorithms: Collection[str],
    nonce: str, at: datetime,
) -> dict[str, Any]:  # fmt: skip
    """Its claims. Raises BadToken for a foreign issuer, audience, nonce or algorithm, a wrong signature or time."""
    try:
        header = jwt.get_unverified_header(token)
        algorithm = str(header.get("alg"))
        if algorithm not in algorithms or algorithm not in KEY_TYPES:
            raise BadToken(f"algorithm {algorithm}")
        claims = jwt.decode(
            token, _key(keys, header, algorithm).key, algorithms=[algorithm], audience=audience, issuer=issuer,
            options={"require": ["iss", "sub", "aud", "exp", "iat"], "verify_exp": False, "verify_iat": False},
        )  # fmt: skip
    except jwt.PyJWTError as wrong:
        raise BadToken(type(wrong).__name__) from wrong
    now = at.timestamp()
    if not now - AGE_MAX_S <= float(claims["iat"]) <= now + SKEW_S or float(claims["exp"]) < now - SKEW_S:
        raise BadToken("time")
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if (several or "azp" in claims) and claims.get("azp") != audience:
        raise BadToken("azp")
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise BadToken("nonce")
    return dict(claims)


def _key(keys: Collection[Mapping[str, Any]], header: Mapping[str, Any], algorithm: str) -> jwt.PyJWK:
    fitting = [
        key
        for key in keys
        if key.get("kty") == KEY_TYPES[algorithm] and key.get("use", "sig") == "sig"
        and ("kid" not in header or key.get("kid") == header["kid"])
    ]  # fmt: skip
    if len(fitting) != 1:
        raise UnknownKey(f"{len(fitting)} keys for {header.get('kid')}")
    return jwt.PyJWK({**fitting[0]}, algorithm=algorithm)
