"""The key ring (密钥环): master keys with ids in one file that only its owner may read, never in a backup."""

import base64
import json
import os
import secrets as entropy
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kernel.errors import Refusal
from kernel.settings import settings

KEY_BYTES = 32
DERIVED_MAX = 4096


class KeyFileUnfit(Refusal):
    status, code, text = 503, "key_file", "{problem}"


@dataclass(frozen=True, slots=True)
class KeyRing:
    """`current` seals; every key of `keys` (id → 32 bytes) still opens what it sealed."""

    current: int
    keys: dict[int, bytes]


def key_file() -> Path:
    return settings().secret_file or settings().home / "keys.json"


@cache
def ring() -> KeyRing:
    """From SUNHALL_SECRET, else from the key file. Raises KeyFileUnfit with what mends it."""
    if given := settings().secret:
        master = given.get_secret_value().encode()
        return KeyRing(1, {1: HKDF(SHA256(), length=KEY_BYTES, salt=None, info=b"sunhall master").derive(master)})
    return load(key_file())


def load(path: Path) -> KeyRing:
    try:
        found = path.stat()
    except FileNotFoundError:
        raise KeyFileUnfit(problem=f"没有密钥文件 {path}，请先运行 sunhall init。") from None
    if found.st_mode & 0o077:
        raise KeyFileUnfit(problem=f"密钥文件 {path} 的权限过宽，请运行 chmod 600 {path}。")
    if found.st_uid != os.geteuid():
        raise KeyFileUnfit(problem=f"密钥文件 {path} 不属于运行本系统的用户，请用 chown 改正。")
    written = json.loads(path.read_bytes())
    keys = {int(number): base64.b64decode(key) for number, key in written["keys"].items()}
    return KeyRing(int(written["current"]), keys)


def create(path: Path) -> None:
    """A new ring with one key, mode 0600; an existing file is never touched."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        key = base64.b64encode(entropy.token_bytes(KEY_BYTES)).decode()
        file.write(json.dumps({"current": 1, "keys": {"1": key}}).encode())
        file.flush()
        os.fsync(file.fileno())


def derive(label: str) -> bytes:
    """A key of its own for each purpose (csrf, cursor, …), 32 bytes; it changes with the current master key."""
    return derived(ring().current, f"purpose:{label}")


def derived(key_id: int, info: str) -> bytes:
    return _derived(ring().keys[key_id], info)


@lru_cache(maxsize=DERIVED_MAX)
def _derived(master: bytes, info: str) -> bytes:
    return HKDF(SHA256(), length=KEY_BYTES, salt=None, info=info.encode()).derive(master)
