"""Sealed files (备份封装): streams of any length, for who holds the key and in the order in which they were written.

A file begins with a header: one line of JSON that says how its own random key is wrapped, either under the ring's
lasting key or for the public X25519 key of somebody who isn't on this machine (HPKE, RFC 9180). Then pieces follow,
each AES-256-GCM with its number as nonce and a mark on the last: nothing can be cut off, doubled or put elsewhere."""

import base64
import io
import json
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from kernel.errors import Refusal
from kernel.secrets import keys

__all__ = ["InvalidTag", "Opener", "Records", "Unopenable", "Writer", "new_pair", "pieces"]
PIECE_BYTES = 1 << 20
LENGTH = struct.Struct(">I")
SEALED_PIECE = LENGTH.size + PIECE_BYTES + 16
NUMBER = struct.Struct(">3xBQ")  # the nonce: the mark of the last piece, the number of the piece
HPKE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
INFO = b"sunhall backup"
HEAD_MAX = 4096
BACKUP, FILES = "backup", "files"  # purposes: what is sealed for one opens as nothing else


class Unopenable(Refusal):
    status, code, text = 503, "unopenable", "{file} 打不开：{why}。"


class Writer(io.RawIOBase):
    """Whatever is written comes out sealed; `close` writes the last piece, without it the file is no file."""

    def __init__(self, out: BinaryIO, recipient: Path | None = None, *, purpose: str = BACKUP) -> None:
        head, self.aead = _wrapped(recipient, purpose)
        self.out, self.number, self.pending, self.head = out, 0, bytearray(), head
        out.write(head + b"\n")

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.pending += data
        while len(self.pending) > PIECE_BYTES:
            self._piece(bytes(self.pending[:PIECE_BYTES]), last=False)
            del self.pending[:PIECE_BYTES]
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._piece(bytes(self.pending), last=True)
            self.out.flush()
            os.fsync(self.out.fileno())
        super().close()

    def _piece(self, data: bytes, *, last: bool) -> None:
        sealed = self.aead.encrypt(NUMBER.pack(last, self.number), data, self.head)
        self.out.write(LENGTH.pack(len(sealed)) + sealed)
        self.number += 1


def pieces(file: BinaryIO, private: Path | None = None, *, purpose: str = BACKUP) -> Iterator[bytes]:
    """What was written, piece by piece. Raises Unopenable for another key, for anything changed or missing."""
    head, aead = _unwrapped(file, private, purpose)
    number, last = 0, False
    while not last:
        sealed = _exactly(file, _length(file), file)
        here = file.tell()
        last = not file.read(1)
        file.seek(here)
        try:
            yield aead.decrypt(NUMBER.pack(last, number), sealed, head)
        except InvalidTag:
            raise Unopenable(file=_name(file), why=f"第 {number + 1} 块不完整或被改动") from None
        number += 1


class Opener:
    """Single pieces of a sealed file that lies elsewhere: which piece stands where follows from its header's length."""

    def __init__(self, beginning: bytes, name: str, *, purpose: str) -> None:
        file = io.BytesIO(beginning)
        file.name = name
        self.head, self.aead = _unwrapped(file, None, purpose)
        self.name, self.header_bytes = name, len(self.head) + 1

    def size(self, sealed_size: int) -> int:
        """How much was written, of a file that is `sealed_size` bytes long."""
        body = sealed_size - self.header_bytes
        return body - -(-body // SEALED_PIECE) * (SEALED_PIECE - PIECE_BYTES)

    def place(self, number: int, sealed_size: int) -> tuple[int, int]:
        """(from, to) of a piece, its length before it."""
        start = self.header_bytes + number * SEALED_PIECE
        return start, min(start + SEALED_PIECE, sealed_size)

    def opened(self, number: int, sealed: bytes, *, last: bool) -> bytes:
        """Raises Unopenable."""
        try:
            return self.aead.decrypt(NUMBER.pack(last, number), sealed[LENGTH.size :], self.head)
        except InvalidTag:
            raise Unopenable(file=self.name, why=f"第 {number + 1} 块不完整或被改动") from None


class Records:
    """An open end: single records, each sealed with its number, to be added while the hall works."""

    def __init__(self, head: bytes, aead: AESGCM) -> None:
        self.head, self.aead = head, aead

    @classmethod
    def begin(cls) -> "Records":
        return cls(*_wrapped(None, BACKUP))

    @classmethod
    def of(cls, file: BinaryIO) -> "Records":
        return cls(*_unwrapped(file, None, BACKUP))

    def sealed(self, number: int, data: bytes, clear: bytes) -> bytes:
        """`clear` stays readable beside it and is bound to it. The nonce is random: a number whose record was torn by a
        crash is used again."""
        nonce = os.urandom(NUMBER.size)
        return nonce + self.aead.encrypt(nonce, data, self.head + NUMBER.pack(0, number) + clear)

    def opened(self, number: int, sealed: bytes, clear: bytes) -> bytes:
        """Raises InvalidTag."""
        nonce, body = sealed[: NUMBER.size], sealed[NUMBER.size :]
        return self.aead.decrypt(nonce, body, self.head + NUMBER.pack(0, number) + clear)


def new_pair(private: Path) -> Path:
    """A key pair for backups: the private half is to be kept elsewhere, the public one (`.pub`) goes to the server."""
    key, public = X25519PrivateKey.generate(), private.with_name(private.name + ".pub")
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for path, data, mode in (
        (private, pem, 0o600),
        (public, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), 0o644),
    ):
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(data)
    return public


def _wrapped(recipient: Path | None, purpose: str) -> tuple[bytes, AESGCM]:
    key = os.urandom(keys.KEY_BYTES)
    if recipient is None:
        nonce = os.urandom(12)
        told = {"for": "ring", "key": _text(nonce + AESGCM(keys.derive(purpose)).encrypt(nonce, key, INFO))}
    else:
        public = load_pem_public_key(recipient.read_bytes())
        if not isinstance(public, X25519PublicKey):
            raise Unopenable(file=recipient.name, why="它不是 X25519 公钥")
        told = {"for": "x25519", "key": _text(HPKE.encrypt(key, public, info=INFO))}
    return json.dumps({"sunhall": 1, **told}).encode(), AESGCM(key)


def _unwrapped(file: BinaryIO, private: Path | None, purpose: str) -> tuple[bytes, AESGCM]:
    head = file.readline(HEAD_MAX).rstrip(b"\n")
    try:
        told = json.loads(head)
        wrapped = base64.b64decode(told["key"])
        if told["for"] == "ring":
            key = AESGCM(keys.derive(purpose)).decrypt(wrapped[:12], wrapped[12:], INFO)
        else:
            key = _with(private, wrapped, _name(file))
    except InvalidTag:
        raise Unopenable(file=_name(file), why="它是用另一把密钥封的") from None
    except (ValueError, KeyError):
        raise Unopenable(file=_name(file), why="它不是本系统封装的文件，或开头已损坏") from None
    return head, AESGCM(key)


def _with(private: Path | None, wrapped: bytes, name: str) -> bytes:
    if private is None:
        raise Unopenable(file=name, why="需要备份私钥，请用 --key 指明它的文件")
    key = load_pem_private_key(private.read_bytes(), password=None)
    if not isinstance(key, X25519PrivateKey):
        raise Unopenable(file=private.name, why="它不是 X25519 私钥")
    opened: bytes = HPKE.decrypt(wrapped, key, info=INFO)
    return opened


def _length(file: BinaryIO) -> int:
    length: int = LENGTH.unpack(_exactly(file, LENGTH.size, file))[0]
    if length > PIECE_BYTES + 16:
        raise Unopenable(file=_name(file), why="它已损坏")
    return length


def _exactly(file: BinaryIO, count: int, named: BinaryIO) -> bytes:
    data = file.read(count)
    if len(data) != count:
        raise Unopenable(file=_name(named), why="它不完整")
    return data


def _name(file: BinaryIO) -> str:
    return Path(str(getattr(file, "name", "文件"))).name


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
