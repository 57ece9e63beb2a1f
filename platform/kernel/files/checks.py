"""What `sunhall doctor` looks at: the place of files and the scanner, by using them as the hall will."""

import asyncio
import os
import re
import secrets as entropy
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore

from kernel.errors import Refusal
from kernel.files import keeping, scanning, store
from kernel.module import Check
from kernel.settings import settings

Found = tuple[str, str] | None  # problem, what mends it
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"  # whole, scanners would find us
SIGNATURES_DAYS_MAX = 7
SIGNED_AT = re.compile(r"ClamAV [^/]+/\d+/(?P<at>.+)")
REASON = re.compile(r"<Code>(\w+)</Code>")


async def place_of_files() -> Found:
    """Written, read, removed; whether what was removed is gone."""
    try:
        if isinstance(store.store(), LocalStore):
            return await asyncio.to_thread(_folder)
    except Refusal:
        return "对象存储的密钥文件读不出", "核对 SUNHALL_FILES_KEY_ID_FILE 和 SUNHALL_FILES_SECRET_FILE，以及文件的权限"
    return await _bucket()


async def _bucket() -> Found:
    name, sent = f"{store.SPOOL}/doctor-{entropy.token_hex(8)}", entropy.token_bytes(32)
    try:
        put = await obstore.put_async(store.store(), name, sent, mode="create")
        try:
            read = bytes(await (await obstore.get_async(store.store(), name)).bytes_async())
            twice = await _taken_twice(name)
        finally:
            await obstore.delete_async(store.store(), name)
    except (BaseError, OSError) as wrong:
        told = REASON.search(str(wrong))
        why = told[1] if told else type(wrong).__name__
        return f"对象存储不能读写（{why}）", "核对 SUNHALL_FILES_URL、两个密钥文件和桶的权限（列、读、写、删）"
    if twice or read != sent:
        return "对象存储不支持“不存在才写”（If-None-Match），或读出的与写入的不一致", "换用别的对象存储，或改用文件夹"
    if put["version"] is not None:
        return "桶开着版本控制，删去的附件会以旧版本留下", "暂停版本控制，并删去旧版本；备份由 sunhall backup 做"
    return None


async def _taken_twice(name: str) -> bool:
    try:
        await obstore.put_async(store.store(), name, b"", mode="create")
    except obstore.exceptions.AlreadyExistsError:
        return False
    return True


def _folder() -> Found:
    folder = store.spool().parent
    if folder.stat().st_mode & 0o077:
        return f"{folder} 对其他用户开放", f"chmod 700 {folder}"
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return f"{folder} 不能写", f"chown -R $(id -un) {folder}"
    return None


async def scanner() -> Found:
    """It answers, knows what every scanner must know, is not out of date and looks through as large a file as we take.

    clamd calls clean what is longer than its MaxFileSize, without a word: only a sample that long shows it."""
    if not scanning.present():
        return None
    try:
        version = await scanning.asked("VERSION")
        if (await scanning.look_through(_sample(len(EICAR)))).clean:
            return "查毒服务连测试样本（EICAR）也没有认出", "用 freshclam 更新病毒库，再重启 clamd"
        if not await _knows_a_long_one():
            most = settings().upload_bytes_max
            return (
                "查毒服务的上限小于附件的上限，较大的附件没有查毒",
                f"clamd.conf 里把 StreamMaxLength、MaxFileSize、MaxScanSize 设为 {most} 以上，AlertExceedsMax 设为 yes",
            )
    except Refusal as away:
        return str(away), "启动 clamd，或核对 SUNHALL_SCANNER_URL"
    return _out_of_date(version, datetime.now(UTC))


async def _knows_a_long_one() -> bool:
    try:
        return not (await scanning.look_through(_sample(settings().upload_bytes_max))).clean
    except scanning.NotScanned:
        return False


async def _sample(size: int) -> AsyncIterator[bytes]:
    """EICAR's, filled up with zeros."""
    yield EICAR
    block = bytes(2**20)
    for start in range(len(EICAR), size, len(block)):
        yield block[: size - start]


def _out_of_date(version: str, at: datetime) -> Found:
    """`ClamAV 1.4.6/27830/Tue Nov 24 09:26:31 2026`; a scanner with signatures of its own says no date."""
    told = SIGNED_AT.match(version)
    if told is None:
        return None
    signed_at = datetime.strptime(told["at"], "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    days = (at - signed_at).days
    return (f"病毒库已有 {days} 天没有更新", "启动 clamav-freshclam") if days > SIGNATURES_DAYS_MAX else None


async def without_a_row() -> Found:
    """More than the nightly job has left: it runs at 03:40, so what is older than two days should be gone.

    Lists the whole store."""
    try:
        lost = await keeping.orphans(datetime.now(UTC) - 2 * keeping.GRACE)
    except Refusal:
        return None  # the place of files says so itself
    return (f"有 {len(lost)} 个文件的内容没有记录", "核对夜间清理任务（/admin/running）") if lost else None


CHECKS = (Check("附件", place_of_files), Check("查毒", scanner), Check("附件的记录", without_a_row, nightly=True))
