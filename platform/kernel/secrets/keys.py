"""The key ring (密钥环): master keys with ids in one file that only its owner may read, never in a backup."""

import base64
import json
import os
import secrets as entropy
import threading
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from time import monotonic
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256, SM3, HashAlgorithm
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kernel.errors import Refusal
from kernel.settings import settings

KEY_BYTES = 32
DERIVED_MAX = 4096
RELOAD_S = 1.0  # a process seals under a new key at most so much later
HASHES: dict[str, type[HashAlgorithm]] = {"aes": SHA256, "sm": SM3}


class KeyFileUnfit(Refusal):
    status, code, text = 503, "key_file", "{problem}"


@dataclass(frozen=True, slots=True)
class KeyRing:
    """`current` seals; every key of `keys` (id → 32 bytes) still opens what it sealed.

    `lasting` makes what must stay the same when the others change: blind indexes (under the hash of the `profile` in
    which the ring was made) and the keys of tokens. `retired`: id → since when nothing in the database needs it."""

    current: int
    keys: dict[int, bytes]
    lasting: bytes
    profile: str = "aes"
    retired: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Kept:
    """What this process last read, and when it last looked."""

    ring: KeyRing
    path: Path
    seen: tuple[int, int]
    looked: float


_kept: list[_Kept] = []
_reading = threading.Lock()


def key_file() -> Path:
    return settings().secret_file or settings().home / "keys.json"


def ring(*, anew: bool = False) -> KeyRing:
    """From SUNHALL_SECRET, else from the key file, which is read again soon after it was changed (at once: `anew`).
    Raises KeyFileUnfit with what mends it."""
    if given := settings().secret:
        return _of_secret(given.get_secret_value(), settings().cipher)
    path, now = key_file(), monotonic()
    if _kept and _kept[0].path == path and not anew and now - _kept[0].looked < RELOAD_S:
        return _kept[0].ring
    with _reading:
        seen = _seen(path)
        if not (_kept and _kept[0].path == path and _kept[0].seen == seen):
            _kept[:] = [_Kept(load(path), path, seen, now)]
        _kept[0].looked = now
        return _kept[0].ring


@cache
def _of_secret(master: str, profile: str) -> KeyRing:
    def key(info: bytes) -> bytes:
        return HKDF(SHA256(), length=KEY_BYTES, salt=None, info=info).derive(master.encode())

    return KeyRing(1, {1: key(b"sunhall master")}, key(b"sunhall lasting"), profile)


def _seen(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except FileNotFoundError:
        raise KeyFileUnfit(problem=f"没有密钥文件 {path}，请先运行 sunhall init。") from None
    return found.st_mtime_ns, found.st_ino


def forget() -> None:
    """For a process that changed where the ring lies."""
    _kept.clear()


def load(path: Path) -> KeyRing:
    _seen(path)
    found = path.stat()
    if found.st_mode & 0o077:
        raise KeyFileUnfit(problem=f"密钥文件 {path} 的权限过宽，请运行 chmod 600 {path}。")
    if found.st_uid != os.geteuid():
        raise KeyFileUnfit(problem=f"密钥文件 {path} 不属于运行本系统的用户，请用 chown 改正。")
    written = json.loads(path.read_bytes())
    return KeyRing(
        current=int(written["current"]),
        keys={int(number): base64.b64decode(key) for number, key in written["keys"].items()},
        lasting=base64.b64decode(written["lasting"]),
        profile=written["profile"],
        retired={int(number): since for number, since in written["retired"].items()},
    )


def create(path: Path) -> None:
    """A new ring with one key, mode 0600; an existing file is never touched."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = KeyRing(1, {1: _new()}, _new(), settings().cipher)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    _write(descriptor, made)


def add(path: Path) -> KeyRing:
    """The same ring with a new current key."""
    before = load(path)
    number = max(before.keys) + 1
    return _replace(path, replace(before, current=number, keys=before.keys | {number: _new()}))


def retire(path: Path, *, at: datetime) -> KeyRing:
    """Every key but the current one seals nothing in the database any more; backups made before may still need it."""
    before = load(path)
    since = {number: f"{at:%Y-%m-%d}" for number in before.keys if number != before.current}
    return _replace(path, replace(before, retired=since | before.retired))


def destroy(path: Path, number: int) -> KeyRing:
    """Gone for good, with everything that only it can open."""
    before = load(path)
    assert number in before.retired, "prove first that nothing needs it"
    keys = {one: key for one, key in before.keys.items() if one != number}
    return _replace(path, replace(before, keys=keys, retired={n: d for n, d in before.retired.items() if n != number}))


def _new() -> bytes:
    return entropy.token_bytes(KEY_BYTES)


def _replace(path: Path, ring: KeyRing) -> KeyRing:
    """Whole or not at all: a ring half written would close every sealed text for ever."""
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    _write(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), ring)
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
    return ring


def _write(descriptor: int, ring: KeyRing) -> None:
    def text(key: bytes) -> str:
        return base64.b64encode(key).decode()

    told: dict[str, Any] = {
        "current": ring.current,
        "keys": {str(number): text(key) for number, key in ring.keys.items()},
        "lasting": text(ring.lasting),
        "profile": ring.profile,
        "retired": {str(number): since for number, since in ring.retired.items()},
    }
    with os.fdopen(descriptor, "wb") as file:
        file.write(json.dumps(told).encode())
        file.flush()
        os.fsync(file.fileno())


def derive(label: str) -> bytes:
    """A key of its own for each purpose (csrf, cursor, …), 32 bytes; it stays when the sealing keys are changed."""
    return derived(ring().lasting, f"purpose:{label}")


@lru_cache(maxsize=DERIVED_MAX)
def derived(master: bytes, info: str, profile: str = "aes", length: int = KEY_BYTES) -> bytes:
    return HKDF(HASHES[profile](), length=length, salt=None, info=info.encode()).derive(master)
