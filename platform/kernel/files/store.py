"""Where bytes are kept: sealed, under a name that only this hall can make from their SHA-256; in a folder or in S3.

`put` comes first and the row that names the hash after it, so that no row is ever without bytes. Bytes without a row
are orphans; `names` and `remove` are for who sweeps them, `names` and `sealed` for who copies (a backup)."""

import asyncio
import errno
import hashlib
import os
import secrets as entropy
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
from obstore.store import LocalStore, S3Store

from kernel.errors import Degraded, Refusal, TooLarge
from kernel.secrets import blind_index
from kernel.secrets.envelope import FILES, HEAD_MAX, PIECE_BYTES, SEALED_PIECE, Opener, Unopenable, Writer
from kernel.settings import settings

Bytes = AsyncIterator[bytes]
SPOOL = "spool"
ONE_REQUEST_MAX, PART_BYTES, PARTS_AT_ONCE = 8 * 2**20, 8 * 2**20, 2
REQUEST_S, CONNECT_S, RETRIES = 10, 3, 2
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Damaged(Refusal):
    """Rot: what lies there is not what was put there."""

    status, code, text = 503, "file_damaged", "文件 {sha256} 已损坏，不能打开，请联系管理员从备份恢复。"


class Missing(Refusal):
    status, code, text = 503, "file_missing", "文件 {sha256} 不在存储中，请联系管理员从备份恢复。"


class Differs(Refusal):
    """What arrived is not what was announced."""

    status, code, text = 422, "file_differs", "收到的文件与所报的 SHA-256 不一致，请重新上传。"


class NoRoom(Degraded):
    code, text = "no_room", "服务器{what}已满，文件没有保存，请稍后重新上传；急事请拨 12345。"


@dataclass(frozen=True, slots=True)
class Kept:
    """`sha256` in hex, `size` in bytes: of what was sent, not of its sealed form."""

    sha256: str
    size: int


async def put(
    source: Bytes, *, size_max: int | None = None, sha256: str = "", once: Awaitable[object] | None = None
) -> Kept:
    """Keep what `source` gives, `once` that has ended well, too. The same bytes twice are kept once.

    Raises TooLarge above `size_max` bytes (the setting, unless given), Differs if `sha256` was announced and isn't
    theirs, NoRoom, Degraded if S3 is away, what `once` raises. Whatever is raised, nothing is left behind."""
    limit = settings().upload_bytes_max if size_max is None else size_max
    spooled = spool() / f"{entropy.token_hex(16)}.sealed"
    try:
        with room():
            kept = await _sealed_into(spooled, source, limit)
        if sha256 and kept.sha256 != sha256.lower():
            raise Differs
        if once is not None:
            await once
        await _keep(spooled, kept.sha256)
    finally:
        spooled.unlink(missing_ok=True)
    return kept


async def opened(sha256: str, start: int = 0, end: int | None = None) -> Bytes:
    """The bytes from `start` to before `end`, a piece at a time: who reads slowly is waited for.

    Each piece is proven by its seal before it is given; a whole reading proves the hash, too, and keeps the last piece
    back until it holds. Raises Missing, Damaged, Degraded."""
    opener, sealed_size = await _beginning(sha256)
    size = opener.size(sealed_size)
    end = size if end is None else min(end, size)
    count = max(-(-(sealed_size - opener.header_bytes) // (SEALED_PIECE)), 1)
    whole, hashed = (start, end) == (0, size), hashlib.sha256()
    for number in range(start // PIECE_BYTES, min(-(-end // PIECE_BYTES), count) or 1):
        piece = await _piece(sha256, opener, number, sealed_size, last=number == count - 1)
        if whole:
            await asyncio.to_thread(hashed.update, piece)
            if number == count - 1 and hashed.hexdigest() != sha256:
                raise Damaged(sha256=sha256)
        at = number * PIECE_BYTES
        yield piece[max(start - at, 0) : max(end - at, 0)]


async def check(sha256: str) -> str:
    """Read it whole: what is wrong with it as a sentence, empty if nothing."""
    try:
        async for _ in opened(sha256):
            pass
    except (Damaged, Missing) as wrong:
        return str(wrong)
    return ""


async def names() -> AsyncIterator[str]:
    """Every name in the store; half-written ones are not among them."""
    with _reached():
        async for found in obstore.list(store()):
            for one in found:
                if not one["path"].startswith(f"{SPOOL}/"):
                    yield one["path"]


async def older(before: datetime) -> AsyncIterator[str]:
    """Names of what was written before then; a day's grace is for who sweeps."""
    with _reached():
        async for found in obstore.list(store()):
            for one in found:
                if one["last_modified"] < before and not one["path"].startswith(f"{SPOOL}/"):
                    yield one["path"]


async def sealed(name: str) -> Bytes:
    """The sealed form as it lies there: for a copy, which the same key ring opens again."""
    with _reached():
        async for block in (await obstore.get_async(store(), name)).stream():
            yield bytes(block)


async def exists(sha256: str) -> bool:
    try:
        with _reached(sha256):
            await obstore.head_async(store(), name_of(sha256))
    except Missing:
        return False
    return True


async def remove(name: str) -> None:
    with _reached():
        await obstore.delete_async(store(), name)


def name_of(sha256: str) -> str:
    """Keyed, so that who reads the folder or the bucket can't tell that a document they know lies in it."""
    told = blind_index("file", sha256).hex()
    return f"{told[:2]}/{told[2:]}"


def empty_spool(before: float | None = None) -> int:
    """What was being written when a process ended belongs to nobody: all of it at the start of one that is alone,
    later only what was last written before `before` (seconds since 1970). How many went."""
    gone = 0
    for left in spool().glob("*.sealed"):
        with suppress(FileNotFoundError):
            if before is None or left.stat().st_mtime < before:
                left.unlink()
                gone += 1
    return gone


async def sweep_spool(before: datetime) -> int:
    """What has been arriving since `before` belongs to nobody, here and in the bucket; how many went."""
    gone = await asyncio.to_thread(empty_spool, before.timestamp())
    if isinstance(store(), LocalStore):
        return gone
    with _reached():
        left = [one["path"] async for found in obstore.list(store(), SPOOL) for one in found
                if one["last_modified"] < before]  # fmt: skip
        for path in left:
            await obstore.delete_async(store(), path)
    return gone + len(left)


def store() -> LocalStore | S3Store:
    limits = settings()
    return _store(limits.files_url, limits.home, limits.files_key_id_file, limits.files_secret_file)


@cache
def _store(url: str, home: Path, key_id: Path | None, secret: Path | None) -> LocalStore | S3Store:
    if not url.startswith("s3://"):
        return LocalStore(_folder())
    told = urlsplit(url)
    asked = dict(parse_qsl(told.query))
    assert key_id, "kernel.settings wants both"
    assert secret, "kernel.settings wants both"
    try:
        keys = key_id.read_text().strip(), secret.read_text().strip()
    except (OSError, UnicodeDecodeError) as unreadable:  # no file is missing because of it
        raise Degraded(what="文件存储") from unreadable
    with _own_environment():
        return _bucket(told.netloc, asked, *keys)


def _bucket(name: str, asked: Mapping[str, str], key_id: str, secret: str) -> S3Store:
    return S3Store(
        name,
        endpoint=asked["endpoint"],
        region=asked.get("region", "us-east-1"),
        virtual_hosted_style_request=asked.get("style") == "host",
        access_key_id=key_id,
        secret_access_key=secret,
        copy_if_not_exists="multipart",
        client_options={
            "allow_http": asked["endpoint"].startswith("http://"),  # kernel.settings: only on this machine
            "timeout": f"{REQUEST_S}s",
            "connect_timeout": f"{CONNECT_S}s",
        },
        retry_config={"max_retries": RETRIES, "retry_timeout": timedelta(seconds=REQUEST_S)},
    )


@contextmanager
def _own_environment() -> Iterator[None]:
    """The client reads AWS_ variables and lets some win over what it is told (AWS_ENDPOINT_URL_S3 leads elsewhere,
    AWS_SKIP_SIGNATURE asks without a key): whatever else runs for this user has them, our settings have their own."""
    theirs = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("AWS_")}
    try:
        yield
    finally:
        os.environ.update(theirs)


def _folder() -> Path:
    url = settings().files_url
    folder = Path(url.removeprefix("file://")) if url and not url.startswith("s3://") else settings().home / "files"
    return _private(folder)


def spool() -> Path:
    """Of our own, for nobody else to enter: no part of a file ever lies in TMPDIR."""
    return _private(_folder() / SPOOL)


def _private(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


async def _sealed_into(file: Path, source: Bytes, limit: int) -> Kept:
    hashed, size = hashlib.sha256(), 0
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        writer = Writer(out, purpose=FILES)

        def write(block: bytes) -> None:
            hashed.update(block)
            writer.write(block)

        async for block in source:
            size += len(block)
            if size > limit:
                raise TooLarge(mib=f"{limit / 2**20:.4g}")
            await asyncio.to_thread(write, block)
        await asyncio.to_thread(writer.close)  # the last piece, then fsync
    return Kept(hashed.hexdigest(), size)


async def _keep(spooled: Path, sha256: str) -> None:
    """Create-only: who is reading the same bytes goes on reading them. Only what has rotted is replaced."""
    name = name_of(sha256)
    if not await _write(spooled, name, anew=False) and await check(sha256):
        await _write(spooled, name, anew=True)


async def _write(spooled: Path, name: str, *, anew: bool) -> bool:
    """Whether it was written: not if it lies there already, unless `anew`."""
    if isinstance(store(), LocalStore):
        with room():
            return await asyncio.to_thread(_rename, spooled, _folder() / name, anew=anew)
    with _reached():
        try:
            await _send(spooled, name, size=(await asyncio.to_thread(spooled.stat)).st_size, anew=anew)
        except AlreadyExistsError:
            return False
    return True


async def _send(spooled: Path, name: str, *, size: int, anew: bool) -> None:
    """A large one in parts under another name, so that it never lies in memory whole nor must arrive in one request;
    then it is copied to its name within S3, create-only, too."""
    mode: Literal["overwrite", "create"] = "overwrite" if anew else "create"
    if size <= ONE_REQUEST_MAX:
        await obstore.put_async(store(), name, spooled, mode=mode, use_multipart=False)
        return
    arriving = f"{SPOOL}/{spooled.name}"
    try:
        await obstore.put_async(
            store(), arriving, spooled, use_multipart=True, chunk_size=PART_BYTES, max_concurrency=PARTS_AT_ONCE
        )
        await obstore.copy_async(store(), arriving, name, overwrite=anew)
    finally:
        with suppress(BaseError, OSError):  # swept by age
            await obstore.delete_async(store(), arriving)


def put_in_place(spooled: Path, name: str) -> None:
    """Of a backup that comes back: it is right, whatever lies there."""
    _rename(spooled, _folder() / name, anew=True)


def _rename(spooled: Path, kept: Path, *, anew: bool) -> bool:
    new = not kept.parent.exists()
    _private(kept.parent)
    try:
        spooled.replace(kept) if anew else kept.hardlink_to(spooled)
    except FileExistsError:
        return False
    for folder in (kept.parent, *([kept.parent.parent] if new else [])):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    return True


async def _beginning(sha256: str) -> tuple[Opener, int]:
    with _reached(sha256):
        size = (await obstore.head_async(store(), name_of(sha256)))["size"]
        if size == 0:
            raise Damaged(sha256=sha256)
        beginning = bytes(await obstore.get_range_async(store(), name_of(sha256), start=0, end=min(HEAD_MAX, size)))
    try:
        return Opener(beginning, sha256, purpose=FILES), size
    except Unopenable:
        raise Damaged(sha256=sha256) from None


async def _piece(sha256: str, opener: Opener, number: int, sealed_size: int, *, last: bool) -> bytes:
    start, end = opener.place(number, sealed_size)
    with _reached(sha256):
        sealed_piece = bytes(await obstore.get_range_async(store(), name_of(sha256), start=start, end=end))
    try:
        return await asyncio.to_thread(opener.opened, number, sealed_piece, last=last)
    except Unopenable:
        raise Damaged(sha256=sha256) from None


@contextmanager
def room() -> Iterator[None]:
    try:
        yield
    except OSError as full:
        if full.errno not in FULL:
            raise
        raise NoRoom(what="存放文件的磁盘") from full


@contextmanager
def _reached(sha256: str = "") -> Iterator[None]:
    try:
        yield
    except (NotFoundError, FileNotFoundError):
        raise Missing(sha256=sha256) from None
    except (BaseError, OSError) as away:
        raise Degraded(what="文件存储") from away
