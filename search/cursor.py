"""Where a reader is in the answers: positions in both indexes, sealed to that reader and that question."""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from dataclasses import dataclass
from hashlib import sha256

from kernel import secrets
from kernel.errors import Malformed

MAC_BYTES = 16
CURSOR_MAX = 1_000
PAGES_MAX = 50


@dataclass(frozen=True, slots=True)
class Place:
    """How far each index has been read: (public, restricted) at the begin of every page so far, this one last."""

    trail: tuple[tuple[int, int], ...] = ((0, 0),)

    @property
    def page(self) -> int:
        return len(self.trail)

    @property
    def starts(self) -> tuple[int, int]:
        return self.trail[-1]

    def then(self, public: int, restricted: int) -> "Place | None":
        return Place((*self.trail, (public, restricted))) if self.page < PAGES_MAX else None

    def before(self) -> "Place | None":
        return Place(self.trail[:-1]) if self.page > 1 else None


def sealed(place: Place, bound_to: tuple[object, ...]) -> str:
    positions = json.dumps([number for pair in place.trail for number in pair], separators=(",", ":")).encode()
    return urlsafe_b64encode(_mac(positions, bound_to) + positions).decode().rstrip("=")


def opened(cursor: str, bound_to: tuple[object, ...]) -> Place:
    """Raises Malformed for what we didn't give out, or gave to someone else or for another question."""
    try:
        raw = urlsafe_b64decode(cursor[:CURSOR_MAX].encode("ascii") + b"=" * (-len(cursor[:CURSOR_MAX]) % 4))
    except (UnicodeEncodeError, Error, ValueError) as wrong:
        raise Malformed(what="翻页位置无效，请重新检索") from wrong
    mac, positions = raw[:MAC_BYTES], raw[MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(positions, bound_to)):
        raise Malformed(what="翻页位置无效，请重新检索")
    numbers = json.loads(positions)
    return Place(tuple(zip(numbers[::2], numbers[1::2], strict=True)))


def _mac(positions: bytes, bound_to: tuple[object, ...]) -> bytes:
    question = sha256(repr(bound_to).encode()).digest()
    return hmac.digest(secrets.derive("search cursor"), question + positions, "sha256")[:MAC_BYTES]
