"""Reads: who may see a file, what hangs on a thing, how much somebody has sent today."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta

from tortoise.functions import Sum

from kernel.errors import NotFound, TooMany
from kernel.files import scanning
from kernel.files.models import Attachment, File, Scanned, Upload
from kernel.files.slots import Slot
from kernel.kinds import kind_of
from kernel.permissions import Actor
from kernel.settings import settings

DAY = timedelta(days=1)


class OverQuota(TooMany):
    text = "您一天内上传的文件已达 {mib} MiB 的上限，请明天再传，或把材料交到窗口。"

    def __init__(self, *, mib: str) -> None:
        super(TooMany, self).__init__(mib=mib)
        self.headers = {"Retry-After": "3600"}


async def visible(actor: Actor, file: File) -> bool:
    """Iff one thing that it hangs on is; while it hangs on nothing, to who uploaded it."""
    if not _safe(actor, file):
        return False
    refs = [str(ref) for ref in await Attachment.filter(file_id=file.id).values_list("ref", flat=True)]
    for ref in refs:
        kind, no = kind_of(ref)
        if await kind.visible_to(actor).filter(no=no).exists():
            return True
    return not refs and not actor.anonymous and file.uploader_id == actor.id


def _safe(actor: Actor, file: File) -> bool:
    """Quarantined: for nobody. While a scanner has not looked yet: for who sent it alone (FI05)."""
    if file.scanned == Scanned.QUARANTINED:
        return False
    mine = not actor.anonymous and file.uploader_id == actor.id
    return mine or file.scanned == Scanned.CLEAN or not scanning.present()


async def one(actor: Actor, no: str) -> File:
    """Foreign is as if it didn't exist. Raises NotFound."""
    file = await by_no(no)
    if file is None or not await visible(actor, file):
        raise NotFound(what="这个文件")
    return file


async def signed(no: str, actor: Actor) -> File | None:
    """By a link that a page has signed for this reader: what is safe to read."""
    file = await by_no(no)
    return file if file is not None and _safe(actor, file) else None


async def by_no(no: str) -> File | None:
    return await File.get_or_none(no=no)


async def of(refs: Collection[str]) -> dict[str, list[File]]:
    """ref → its files, oldest first; of things that the caller has already found visible."""
    found: dict[str, list[File]] = defaultdict(list)
    for row in await Attachment.filter(ref__in=list(refs)).order_by("id").select_related("file"):
        found[row.ref].append(row.file)
    return found


async def own_unattached(no: str, slot: Slot, actor: Actor, bound: str) -> File | None:
    """What this person sent and nothing has yet; without an account the form's key proves it."""
    file = await File.get_or_none(no=no, uploader_id=actor.id)
    if file is None or (actor.anonymous and file.bound != (bound or None)) or file.type not in slot.types:
        return None
    return None if await file.attachments.all().exists() else file


async def own_upload(no: str, actor: Actor, bound: str, at: datetime) -> Upload:
    """Raises NotFound, also for another's and for one that has expired."""
    upload = await Upload.get_or_none(no=no, uploader_id=actor.id, bound=bound, expires_at__gt=at)
    if upload is None or (actor.anonymous and not bound):
        raise NotFound(what="这次上传，它可能已过期，请重新开始")
    return upload


async def check_quota(quota: str, size: int, at: datetime) -> None:
    """Bytes of the last 24 hours, and those that are still announced (FI02). Raises OverQuota."""
    most = settings().upload_day_bytes_max
    if await sent_since(quota, at - DAY) + size > most:
        raise OverQuota(mib=f"{most // 2**20}")


async def sent_since(quota: str, since: datetime) -> int:
    whole = File.filter(quota=quota, uploaded_at__gt=since).annotate(sent=Sum("size"))
    arriving = Upload.filter(quota=quota, began_at__gt=since, file_id=None).annotate(sent=Sum("size"))
    sums = [*await whole.values_list("sent", flat=True), *await arriving.values_list("sent", flat=True)]
    return sum(int(str(one or 0)) for one in sums)
