"""What `sunhall verify` proves of reports: every edition is there, says what was signed, and the journal agrees."""

import hmac
from collections.abc import Callable

from oversight.snapshots import actions, queries
from oversight.snapshots.models import Report

BATCH = 200


async def snapshots(full: bool, progress: Callable[[int, int], None]) -> tuple[int, list[str]]:
    """Hash and signature are computed again; the newest edition is the one whose hash stands in the report's chain."""
    found: list[str] = []
    checked, last, total = 0, 0, await queries.count()
    while batch := await queries.following(last, BATCH):
        last, checked = batch[-1].id, checked + len(batch)
        for report in batch:
            found += await _differences(report)
        progress(checked, total)
    return checked, found + [f"快照 {no} 没有对应的报表" for no in await queries.without_a_report()]


async def _differences(report: Report) -> list[str]:
    found, rows = [], [*reversed(await queries.editions(report))]
    for row in rows:
        place = f"报表 {row.report} 第 {row.edition} 版"
        if actions.digest(row.body.encode()) != row.sha256:
            found.append(f"{place}的内容与指纹不符")
        if not hmac.compare_digest(actions.signature(row.report, row.edition, row.sha256), row.signature):
            found.append(f"{place}的签名不符")
    if [row.edition for row in rows] != [*range(1, report.edition + 1)] or rows[-1].sha256 != report.sha256:
        found.append(f"报表 {report.no} 的版次与日志不符")
    return found
