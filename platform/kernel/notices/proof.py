"""What `sunhall verify` proves of documents."""

import hashlib
from collections.abc import Callable

import rfc8785

from kernel.notices import actions, queries
from kernel.notices.models import Notice, Wording

BATCH = 500


async def notices(full: bool, progress: Callable[[int, int], None]) -> tuple[int, list[str]]:
    """Numbers without a gap, wordings as they were hashed; `full`: every sealed text gives the public fingerprint."""
    found = [f"模板 {row.code} 第 {row.version} 版被改动" for row in await Wording.all() if _changed(row)]
    expected: dict[tuple[str, int], int] = {}
    checked, last, total = 0, 0, await Notice.all().count()
    while batch := await Notice.filter(id__gt=last).order_by("id").limit(BATCH).prefetch_related("wording"):
        last, checked = batch[-1].id, checked + len(batch)
        for notice in batch:
            expected[notice.series, notice.year] = expected.get((notice.series, notice.year), 0) + 1
            sealed = await queries.filled(notice) if full else None
            if sealed and actions.content_hash(notice, notice.wording, sealed) != notice.content_hash:
                found.append(f"文书 {notice.no} 的内容与指纹不符")
        progress(checked, total)
    for (series, year), count in expected.items():
        newest = await Notice.filter(series=series, year=year).order_by("-number").first()
        if newest is not None and newest.number != count:
            found.append(f"{series}〔{year}〕有 {count} 份文书，号已到 {newest.number}")
    return checked, found


def _changed(row: Wording) -> bool:
    return hashlib.sha256(rfc8785.dumps(row.words)).hexdigest() != row.hash
