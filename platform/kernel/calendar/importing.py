"""`sunhall import calendar 2027.json`: one year, one document; and the table of days back."""

from collections.abc import AsyncIterator
from typing import Any

from kernel.calendar import actions, queries
from kernel.errors import FormRejected
from kernel.importing.running import Asked, Exporter, Importer, Outcome, Report, Result, Row
from kernel.people.permissions import P

REPORTED_MAX = 10_000


async def take(row: Row, asked: Asked) -> Outcome:
    raise FormRejected({"": "工作日历按年整份导入，请用 JSON 文件（year、papers、days）。"})


async def whole(document: Any, asked: Asked) -> Report:
    """Each shifted deadline is a warned row, so that somebody looks at it."""
    if not isinstance(document, dict):
        raise FormRejected({"year": '一个文件是一年的安排：{"year": 2027, "papers": […], "days": […]}。'})
    report, before = Report(), {(one.local, one.year): one.revision for one in reversed(await queries.notices())}
    shifts = await actions.import_year(document, by=asked.by, at=asked.at)
    [newest, *_] = await queries.notices()
    if newest.revision == max(before.values(), default=0):
        result = Result.UNCHANGED
    else:
        result = Result.UPDATED if (newest.local, newest.year) in before else Result.CREATED
    report.add(1, Outcome(result))
    for number, shift in enumerate(shifts[:REPORTED_MAX], start=1):
        report.warned += 1
        report.rows.append({"line": number, "result": "warned", "reason": f"期限变更：{shift}"})
    return report


async def rows() -> AsyncIterator[tuple[object, ...]]:
    calendar = await queries.current()
    for day, (works, label) in sorted(calendar.days.items()):
        yield day.isoformat(), label, "上班" if works else "休息"


CALENDAR = Importer(
    kind="calendar",
    label="工作日历",
    headings={},
    needed=(),
    permission=P.CALENDAR_IMPORT,
    take=take,
    whole=whole,
)
CALENDAR_OUT = Exporter(kind="calendar", label="工作日历", columns=("日期", "名称", "安排"), rows=rows)
