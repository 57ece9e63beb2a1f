"""What `sunhall verify` proves about files: every row has its bytes; with --full, they are the bytes that were sent."""

from kernel.files import store
from kernel.files.models import File
from kernel.module import Progress

BATCH = 500


async def kept(full: bool, progress: Progress) -> tuple[int, list[str]]:
    """Missing and damaged ones, each named by its number and hash."""
    total, checked, last, found = await File.all().count(), 0, 0, list[str]()
    while rows := await File.filter(id__gt=last).order_by("id").limit(BATCH):
        for file in rows:
            for sha256 in filter(None, (file.sha256, file.shown_sha256)):
                if full:
                    wrong = await store.check(sha256)
                else:
                    wrong = "" if await store.exists(sha256) else str(store.Missing(sha256=sha256))
                found += [f"{file.ref}：{wrong}"] if wrong else []
        last, checked = rows[-1].id, checked + len(rows)
        progress(checked, total)
    return checked, found
