"""The verbs of files: keep, begin, receive a part, complete, attach."""

import asyncio
import secrets as entropy
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tortoise.exceptions import IntegrityError

from kernel import outbox
from kernel.database import transaction
from kernel.errors import Malformed, NotFound, Refusal, TooLarge
from kernel.files import parts, queries, store
from kernel.files.arriving import Arriving
from kernel.files.models import Attachment, File, Upload
from kernel.files.recognise import must_fit, recognise, shown_name
from kernel.files.slots import Slot, slot_of
from kernel.files.store import Differs
from kernel.models import Series
from kernel.permissions import Actor
from kernel.settings import settings

NO_BYTES = 16  # 128 bits that nobody guesses
LIFE = timedelta(hours=48)
LOCK = "files"
TRIES = 3


class NotThere(Refusal):
    """A part that doesn't follow what has arrived."""

    code, text = "wrong_offset", "已收到 {received} 字节，请从第 {received} 字节继续上传。"


class Unfinished(Refusal):
    code, text = "unfinished", "只收到 {received} 字节，共 {size} 字节，请先传完。"


class OtherPart(Refusal):
    code, text = "other_part", "从第 {offset} 字节起已收到别的内容，请重新开始上传。"


class TooManyFiles(Refusal):
    code, text = "too_many_files", "“{label}”最多 {count} 个文件。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sends, whose day it counts for (`quota`), and by which form, if they have no account (`bound`)."""

    actor: Actor
    quota: str
    bound: str = ""


async def keep(
    arrived: Arriving, slot: Slot, sender: Sender, *, at: datetime, sha256: str = "", counted: bool = False
) -> File:
    """Look through it while it is being sealed, store it, then write its row (FI06).

    Raises NotAccepted, Differs, OverQuota, NoRoom, Degraded."""
    if sha256 and sha256.lower() != arrived.sha256:
        raise Differs
    if not counted:
        await queries.check_quota(sender.quota, arrived.size, at)
    await arrived.rewind()
    looking = asyncio.create_task(asyncio.to_thread(recognise, arrived.file, arrived.name, slot.types))
    try:
        return await _stored(arrived, looking, slot, sender, at)
    finally:
        await asyncio.gather(looking, return_exceptions=True)  # it reads the file that is closed now


async def _stored(arrived: Arriving, looking: asyncio.Task[str], slot: Slot, sender: Sender, at: datetime) -> File:
    for _ in range(TRIES):
        kept = await store.put(arrived.blocks(), size_max=arrived.size, sha256=arrived.sha256, once=looking)
        kind = await looking
        async with transaction():
            await lock()
            if await store.exists(kept.sha256):  # else swept between: put it there again
                file = await File.create(
                    no=entropy.token_hex(NO_BYTES), sha256=kept.sha256, size=kept.size, type=kind, slot=slot.name,
                    name=shown_name(arrived.name), uploader_id=sender.actor.id, uploaded_at=at, bound=sender.bound,
                    quota=sender.quota,
                )  # fmt: skip
                await outbox.publish("file.added", file.ref, 1, at)
                return file
    raise store.Missing(sha256=arrived.sha256)


async def lock() -> None:
    """Rows that name bytes are written, and bytes without rows swept, one at a time."""
    if await Series.filter(name=LOCK).select_for_update().first() is None:
        try:
            async with transaction():
                await Series.create(name=LOCK)
        except IntegrityError:
            await Series.filter(name=LOCK).select_for_update().first()


async def begin(*, name: str, size: int, sha256: str, slot: Slot, sender: Sender, at: datetime) -> Upload:
    """Raises TooLarge, OverQuota, NotAccepted for an ending that the slot doesn't take."""
    most = settings().upload_bytes_max
    if size > most:
        raise TooLarge(mib=f"{most / 2**20:.4g}")
    must_fit(shown_name(name), slot.types)
    await queries.check_quota(sender.quota, size, at)
    return await Upload.create(
        no=entropy.token_hex(NO_BYTES), slot=slot.name, name=shown_name(name), size=size, sha256=sha256.lower(),
        uploader_id=sender.actor.id, bound=sender.bound, quota=sender.quota, began_at=at, expires_at=at + LIFE,
    )  # fmt: skip


async def receive(upload: Upload, offset: int, data: bytes) -> int:
    """One part, durable before it counts; the same part again changes nothing. How much is there now.

    Raises NotThere, OtherPart, Malformed beyond the announced size."""
    end = offset + len(data)
    if not data or end > upload.size:
        raise Malformed(what=f"这一段超出了所报的 {upload.size} 字节")
    if end <= upload.received:
        if not await asyncio.to_thread(parts.same, upload.no, offset, data):
            raise OtherPart(offset=offset)
        return int(upload.received)
    if offset != upload.received:
        raise NotThere(received=upload.received)
    with store.room():
        await asyncio.to_thread(parts.write, upload.no, offset, data)
    if not await Upload.filter(id=upload.id, received=offset).update(received=end):
        await upload.refresh_from_db()
        return await receive(upload, offset, data)
    return end


async def complete(upload: Upload, sender: Sender, *, at: datetime) -> File:
    """Its parts as one file; asked again, the same file. Raises Unfinished and what `keep` raises."""
    if upload.file_id is not None:
        return await File.get(id=upload.file_id)
    if upload.received != upload.size:
        raise Unfinished(received=upload.received, size=upload.size)
    arrived = Arriving(upload.name, settings().upload_bytes_max)
    try:
        async for piece in parts.joined(upload.no):
            await arrived.write(piece)
        await arrived.finish()
        if arrived.size != upload.size:  # parts lie elsewhere or are gone: never a shorter file
            raise Unfinished(received=arrived.size, size=upload.size)
        file = await keep(arrived, slot_of(upload.slot), sender, at=at, sha256=upload.sha256, counted=True)
    finally:
        arrived.close()
    if not await Upload.filter(id=upload.id, file_id=None).update(file_id=file.id):
        await upload.refresh_from_db()  # its twin was first; this one hangs on nothing and is swept
        return await File.get(id=upload.file_id)
    await asyncio.to_thread(parts.forget, upload.no)
    return file


async def attach(file: File, ref: str, slot: Slot, *, by: Actor, at: datetime) -> Attachment:
    """In the caller's transaction: the thing and what hangs on it stand or fall together. Twice is once."""
    assert file.type in slot.types, "the form refuses it before"
    return (await Attachment.get_or_create(
        defaults={"slot": slot.name, "by_id": by.id, "at": at}, file_id=file.id, ref=ref
    ))[0]  # fmt: skip


async def attach_sent(nos: Collection[str], ref: str, slot: Slot, sender: Sender, *, at: datetime) -> Sequence[File]:
    """What a person uploaded for this form and nothing else: a stranger's number is not found (AC07)."""
    if len({*nos}) > slot.files_max:
        raise TooManyFiles(label=slot.label, count=slot.files_max)
    files = []
    for no in dict.fromkeys(nos):
        file = await queries.own_unattached(no, slot, sender.actor, sender.bound)
        if file is None:
            raise NotFound(what="这个附件")
        await attach(file, ref, slot, by=sender.actor, at=at)
        files.append(file)
    return files
