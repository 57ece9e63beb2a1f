"""Every read and write of search's own tables, and what of the outbox still waits for it."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from tortoise.expressions import Q
from tortoise.functions import Count, Sum

from kernel import outbox
from kernel.database import transaction
from kernel.models import Delivery
from search.engine import Part, Sums
from search.models import Applied, Comparison, Rebuild

CONSUMER = "search.index"
CHANGED = ("version", "digest_0", "digest_1", "digest_2", "rank", "look_at", "at", "deleted_at")
WRITTEN = ("part", "ref", "bucket", *CHANGED)
PROBLEM_SIGNS_MAX, REFS_MAX, SHOWN = 300, 200, 12
COMPARISON_KEPT = timedelta(days=30)
TOMBSTONE_KEPT = timedelta(days=7)  # longer than a delivery is tried (about nine minutes) or a worker is away


async def applied(refs: Collection[str]) -> dict[tuple[Part, str], Applied]:
    rows = await Applied.filter(ref__in=list(refs))
    return {(Part(row.part), row.ref): row for row in rows}


async def remember(rows: Sequence[Applied]) -> None:
    if rows:
        async with transaction():
            await Applied.bulk_create(rows, on_conflict=("ref", "part"), update_fields=CHANGED)


async def unseen(since: datetime, most: int) -> list[str]:
    """What should be in the index and a building since then hasn't met."""
    refs = Applied.filter(at__lt=since, deleted_at=None).order_by("id").limit(most).values_list("ref", flat=True)
    return [str(ref) for ref in await refs]


async def to_look_at(at: datetime, most: int) -> list[str]:
    """Whose rank may be another one by now."""
    due = Applied.filter(look_at__lte=at, deleted_at=None).order_by("look_at", "id").limit(most)
    return sorted({str(ref) for ref in await due.values_list("ref", flat=True)})


async def living() -> dict[Part, int]:
    return {part: await Applied.filter(part=part.value, deleted_at=None).count() for part in Part}


async def sums() -> dict[Part, dict[int, Sums]]:
    """Of what was written, by bucket: as an engine adds it up."""
    found: dict[Part, dict[int, Sums]] = {part: {} for part in Part}
    added = Applied.filter(deleted_at=None).annotate(
        count=Count("id"), first=Sum("digest_0"), second=Sum("digest_1"), third=Sum("digest_2")
    )
    rows = added.group_by("part", "bucket").values_list("part", "bucket", "count", "first", "second", "third")
    for part, bucket, count, first, second, third in await rows:
        found[Part(part)][int(bucket)] = (int(count), int(first), int(second), int(third))
    return found


async def written(part: Part, bucket: int) -> dict[str, tuple[int, int]]:
    """ref → (version, digest)."""
    rows = Applied.filter(part=part.value, bucket=bucket, deleted_at=None)
    return {row.ref: (row.version, row.digest) for row in await rows}


async def forget_tombstones(at: datetime) -> int:
    return await Applied.filter(deleted_at__lt=at - TOMBSTONE_KEPT).delete()


async def waiting_subjects() -> set[str]:
    """Subjects of events that search has still to take in."""
    open_ones = Delivery.filter(consumer=CONSUMER, done_at=None)
    return {str(subject) for subject in await open_ones.values_list("event__subject", flat=True)}


async def waiting(at: datetime) -> tuple[int, datetime | None]:
    """How many deliveries search has still to take in, and when the oldest of their events was. What is parked waits
    for a person; what is due later (a message that waits for the morning) isn't late."""
    open_ones = Delivery.filter(consumer=CONSUMER, done_at=None, parked_at=None)
    open_ones = open_ones.filter(Q(tries__gt=0) | Q(next_try_at__lte=at))
    oldest = await open_ones.order_by("id").select_related("event").first()
    return await open_ones.count(), oldest.event.at if oldest else None


async def parked() -> int:
    return await outbox.parked().filter(consumer=CONSUMER).count()


async def note_comparison(at: datetime, *, whole: bool, documents: int, refs: list[str], staying: int) -> Comparison:
    return await Comparison.create(
        at=at, whole=whole, documents=documents, drift=len(refs), staying=staying, refs=refs[:REFS_MAX]
    )


async def newest_comparison() -> Comparison | None:
    return await Comparison.all().order_by("-id").first()


async def comparisons() -> list[Comparison]:
    return await Comparison.all().order_by("-id").limit(SHOWN)


async def forget_comparisons(at: datetime) -> int:
    return await Comparison.filter(at__lt=at - COMPARISON_KEPT).delete()


async def rebuilds() -> list[Rebuild]:
    return await Rebuild.all().order_by("-id").limit(SHOWN)


async def ask_for_rebuild(at: datetime, *, back: bool = False, by: int = 0) -> Rebuild:
    return await Rebuild.create(asked_at=at, back=back, asked_by=by)


async def asked_rebuild() -> Rebuild | None:
    return await Rebuild.filter(finished_at=None).order_by("id").first()


async def note_progress(rebuild: Rebuild, done: int) -> None:
    await Rebuild.filter(id=rebuild.id).update(done=done)


async def note_start(rebuild: Rebuild, at: datetime) -> None:
    await Rebuild.filter(id=rebuild.id).update(started_at=at)


async def note_end(at: datetime, *, back: bool, problem: str = "") -> None:
    """One building answers everyone who asked before it began."""
    asked = Rebuild.filter(finished_at=None, asked_at__lte=at, back=back)
    await asked.update(finished_at=at, problem=problem[:PROBLEM_SIGNS_MAX])


async def rebuild_now(rebuild: Rebuild) -> Rebuild:
    return await Rebuild.get(id=rebuild.id)
