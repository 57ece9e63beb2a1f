"""How long files are kept that nothing needs, and what the spool holds (spec: security 4.5)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from tortoise.expressions import Q

from kernel.database import transaction
from kernel.files import actions, parts, store
from kernel.files.actions import LIFE
from kernel.files.models import File, Upload
from kernel.upkeep.kept import Kept

GRACE, ROWS = timedelta(days=1), 2_000


async def clear_unattached(before: datetime, limit: int) -> int:
    """Row first, then the bytes if no other row names them; what no row names at all is `clear_orphans`' business."""
    left = await File.filter(attachments__id=None, uploaded_at__lt=before).order_by("id").limit(limit)
    for file in left:
        async with transaction():
            await actions.lock()
            if await file.attachments.all().exists():
                continue
            await Upload.filter(file_id=file.id).delete()
            await file.delete()
            for sha256 in filter(None, (file.sha256, file.shown_sha256)):
                if not await File.filter(Q(sha256=sha256) | Q(shown_sha256=sha256)).exists():
                    await store.remove(store.name_of(sha256))
    return len(left)


async def clear_uploads(before: datetime, limit: int) -> int:
    """Unfinished ones, and the spool: parts without an upload, and what a killed process was writing."""
    old = await Upload.filter(began_at__lt=before).order_by("id").limit(limit)
    for upload in old:
        await asyncio.to_thread(parts.forget, upload.no)
    await Upload.filter(id__in=[upload.id for upload in old]).delete()
    stale = [no for no, touched in await asyncio.to_thread(parts.all_nos) if touched < before.timestamp()]
    for no in stale:
        await asyncio.to_thread(parts.forget, no)
    return len(old) + await store.sweep_spool(before)


async def orphans(before: datetime) -> list[str]:
    """Names of bytes older than that which no row names: a crash left them between bytes and row."""
    named = {name async for name in _named()}
    return [name async for name in store.older(before) if name not in named]


async def clear_orphans(before: datetime, limit: int) -> int:
    """Under the lock that `keep` writes its row under, the rows are asked once more: what was put again since has one.

    Parts of an upload lie in the spool and are no orphans; a backup copies what its rows name."""
    lost = (await orphans(before))[:limit]
    if not lost:
        return 0
    async with transaction():
        await actions.lock()
        named, gone = {name async for name in _named()}, 0
        for name in lost:
            if name not in named:
                await store.remove(name)
                gone += 1
    return gone


async def _named() -> AsyncIterator[str]:
    last = 0
    while rows := await File.filter(id__gt=last).order_by("id").limit(ROWS):
        last = rows[-1].id
        for file in rows:
            for sha256 in filter(None, (file.sha256, file.shown_sha256)):
                yield store.name_of(sha256)


KEPT = (
    Kept(
        name="unattached", label="没有用上的附件", tables=("kernel_file",), basis="业务需要", period=LIFE,
        then="连同内容一起删除", at_least=timedelta(hours=24), clear=clear_unattached,
    ),
    Kept(
        name="uploads", label="没有传完的文件", tables=("kernel_upload",), basis="业务需要", period=LIFE,
        then="已收到的部分删除", at_least=timedelta(hours=1), clear=clear_uploads,
    ),
    Kept(
        name="orphans", label="没有记录的文件内容（中断留下）", tables=(), basis="业务需要", period=GRACE,
        then="删除", at_least=GRACE, clear=clear_orphans,
    ),
)  # fmt: skip
