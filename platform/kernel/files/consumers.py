"""What happens to a file once it is kept: it is looked through for viruses, and a picture is made anew for others."""

from collections.abc import AsyncIterator

from kernel.database import transaction
from kernel.edge import security
from kernel.files import actions, photos, scanning, store
from kernel.files.models import File, Scanned
from kernel.files.recognise import PICTURES
from kernel.models import Event
from kernel.outbox import Consumer
from kernel.permissions import SYSTEM


async def look_through(event: Event) -> None:
    """Twice is once. A scanner that is away, or a file that it doesn't take, is tried again and then parked."""
    file = await File.get_or_none(no=event.subject.partition(":")[2])
    if file is None or file.scanned is Scanned.QUARANTINED:
        return
    if scanning.present() and file.scanned is Scanned.NOT_SCANNED:
        verdict = await scanning.scan(file.sha256)
        seen = Scanned.CLEAN if verdict.clean else Scanned.QUARANTINED
        await File.filter(id=file.id, scanned=Scanned.NOT_SCANNED).update(scanned=seen)
        if not verdict.clean:
            await security.log(
                "file_quarantined", actor_id=SYSTEM.id, at=event.at, file=file.no, found=verdict.found[:80]
            )
            return
    if file.type in PICTURES and not file.shown_sha256:
        await _show(file)


async def _show(file: File) -> None:
    """A picture without the place where it was taken; one that can't be made anew stays its sender's."""
    try:
        made = await photos.published(store.opened(file.sha256))
    except photos.NotPublished:
        return
    kept = await store.put(_once(made))
    async with transaction():
        await actions.lock()
        if await store.exists(kept.sha256):
            await File.filter(id=file.id).update(shown_sha256=kept.sha256, shown_size=kept.size)


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


LOOK = Consumer(name="kernel.files.look", topics=("file.added",), handle=look_through, outside=True)
