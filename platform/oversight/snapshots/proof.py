"""What `sunhall verify` proves of reports: every edition is there, says what was signed, and the journal agrees."""

import hmac
from collections.abc import Callable

from oversight.snapshots import actions, queries
from oversight.snapshots.models import Report, Snapshot

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


def problems(row: Snapshot) -> list[str]:
    """What an edition contradicts itself in: whoever changed it couldn't sign it."""
    found = [] if actions.digest(row.body.encode()) == row.sha256 else ["内容与指纹不符"]
    signed = hmac.compare_digest(actions.signature(row.report, row.edition, row.sha256), row.signature)
    return found if signed else [*found, "签名不符"]


async def _differences(report: Report) -> list[str]:
    found, rows = [], [*reversed(await queries.editions(report))]
    for row in rows:
        found += [f"报表 {row.report} 第 {row.edition} 版的{problem}" for problem in problems(row)]
    if [row.edition for row in rows] != [*range(1, report.edition + 1)] or rows[-1].sha256 != report.sha256:
        found.append(f"报表 {report.no} 的版次与日志不符")
    return found
