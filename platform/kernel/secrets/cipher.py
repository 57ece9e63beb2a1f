"""Field encryption (字段加密): AES-256-GCM under a key of the thing itself, with suite and key id in front."""

import os
import struct

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kernel.secrets import keys

AES_256_GCM = 1
HEADER = struct.Struct(">BI")  # suite, key id
NONCE_BYTES = 12


def seal(text: str, *, subject: str, place: str) -> bytes:
    """Header ‖ 96-bit nonce ‖ ciphertext; `subject` names the key, `place` is bound as associated data."""
    key_id, nonce = keys.ring().current, os.urandom(NONCE_BYTES)
    header = HEADER.pack(AES_256_GCM, key_id)
    key = AESGCM(keys.derived(key_id, f"field:{subject}"))
    return header + nonce + key.encrypt(nonce, text.encode(), header + place.encode())


def unseal(sealed: bytes, *, subject: str, place: str) -> str:
    """Raises InvalidTag when the ciphertext was changed or moved, ValueError for an unknown suite or key."""
    header, nonce, body = sealed[: HEADER.size], sealed[HEADER.size : HEADER.size + NONCE_BYTES], sealed[17:]
    suite, key_id = HEADER.unpack(header)
    if suite != AES_256_GCM or key_id not in keys.ring().keys:
        raise ValueError(f"suite {suite}, key {key_id}: unknown")
    key = AESGCM(keys.derived(key_id, f"field:{subject}"))
    return key.decrypt(nonce, body, header + place.encode()).decode()
