"""Field encryption (字段加密): under a key of the thing itself, with suite and key id in front of every ciphertext.

Suite 1 is AES-256-GCM with HKDF-SHA-256; suite 2 is SM4-GCM with HKDF-SM3 (GB/T 32907, GB/T 32905), chosen by
`SUNHALL_CIPHER=sm`. Each opens what the other sealed before."""

import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypedDict

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kernel.secrets import keys
from kernel.settings import settings

HEADER = struct.Struct(">BI")  # suite, key id
NONCE_BYTES, TAG_BYTES = 12, 16
START = HEADER.size + NONCE_BYTES


class Place(TypedDict):
    """`subject` names the key, `place` is bound as associated data: a ciphertext that was moved doesn't open."""

    subject: str
    place: str


class Aead(Protocol):
    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...
    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...


class Sm4Gcm:
    """The same two calls as AESGCM, over the block cipher SM4 (GB/T 32907-2016) in GCM (RFC 8998)."""

    def __init__(self, key: bytes) -> None:
        self.cipher = algorithms.SM4(key)

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        work = Cipher(self.cipher, modes.GCM(nonce)).encryptor()
        work.authenticate_additional_data(associated_data or b"")
        return work.update(data) + work.finalize() + work.tag

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        if len(data) < TAG_BYTES:
            raise InvalidTag
        work = Cipher(self.cipher, modes.GCM(nonce, data[-TAG_BYTES:])).decryptor()
        work.authenticate_additional_data(associated_data or b"")
        return work.update(data[:-TAG_BYTES]) + work.finalize()


@dataclass(frozen=True, slots=True)
class Suite:
    number: int
    profile: str
    key_bytes: int
    aead: Callable[[bytes], Aead]


SUITES = {suite.number: suite for suite in (Suite(1, "aes", 32, AESGCM), Suite(2, "sm", 16, Sm4Gcm))}
CHOSEN = {suite.profile: suite for suite in SUITES.values()}


def seal(text: str, *, subject: str, place: str) -> bytes:
    """Header ‖ 96-bit nonce ‖ ciphertext and tag."""
    ring, suite, nonce = keys.ring(), CHOSEN[settings().cipher], os.urandom(NONCE_BYTES)
    header = HEADER.pack(suite.number, ring.current)
    return (
        header
        + nonce
        + _aead(suite, ring.keys[ring.current], subject).encrypt(nonce, text.encode(), header + place.encode())
    )


def unseal(sealed: bytes, *, subject: str, place: str) -> str:
    """Raises InvalidTag when the ciphertext was changed or moved, ValueError for an unknown suite or key."""
    header, nonce, body = sealed[: HEADER.size], sealed[HEADER.size : START], sealed[START:]
    number, key_id = HEADER.unpack(header)
    ring = keys.ring()
    if key_id not in ring.keys:
        ring = keys.ring(anew=True)  # another process may have begun a new one this very second
    if number not in SUITES or key_id not in ring.keys:
        raise ValueError(f"suite {number}, key {key_id}: unknown")
    return _aead(SUITES[number], ring.keys[key_id], subject).decrypt(nonce, body, header + place.encode()).decode()


def key_of(sealed: bytes) -> int:
    """Id of the key that sealed it."""
    return int(HEADER.unpack(sealed[: HEADER.size])[1])


def newest(sealed: bytes) -> bool:
    """Whether it is under the current key and the chosen suite."""
    return sealed[: HEADER.size] == HEADER.pack(CHOSEN[settings().cipher].number, keys.ring().current)


def _aead(suite: Suite, master: bytes, subject: str) -> Aead:
    return suite.aead(keys.derived(master, f"field:{subject}", suite.profile, suite.key_bytes))
