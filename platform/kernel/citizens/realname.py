"""The real-name service (docs/adapters/realname.md): whether a name and an identity number belong together, no more."""

import secrets as entropy
from datetime import UTC, datetime
from enum import Enum

from kernel import outgoing
from kernel.errors import Refusal
from kernel.secrets import proves, signed_request
from kernel.settings import settings


class Said(Enum):
    MATCH = "match"
    NO_MATCH = "no_match"
    UNAVAILABLE = "unavailable"


def offered() -> bool:
    return bool(settings().realname_url)


async def ask(name: str, number: str) -> Said:
    """Anything but a signed answer to this very question is `UNAVAILABLE`: nobody is verified by an accident."""
    sent = {"request_id": entropy.token_hex(16), "name": name, "id_number": number}
    try:
        secret = _secret()
        signed = signed_request(secret, sent, at=datetime.now(UTC))
        answer = await outgoing.post_json(settings().realname_url, sent, headers=signed)
        told = {key: str(value) for key, value in answer.json().items()} if answer.status == 200 else {}
    except (Refusal, OSError, ValueError, AttributeError):
        return Said.UNAVAILABLE
    given = {header: answer.headers.get(header.lower(), "") for header in signed}
    if told.get("request_id") != sent["request_id"] or not proves(secret, given, told, at=datetime.now(UTC)):
        return Said.UNAVAILABLE
    return {one.value: one for one in Said}.get(told.get("result", ""), Said.UNAVAILABLE)


def _secret() -> str:
    file = settings().realname_secret_file
    return file.read_text(encoding="utf-8").strip() if file else ""
