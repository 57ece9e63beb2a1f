"""What a notice is written down as: one line a day, or a span of days; and what its moves must be told."""

import json
import re
from datetime import date, timedelta
from typing import Annotated, Any

from pydantic import Field

from kernel.calendar.actions import DOCUMENT_MAX, LABEL_MAX, YEARS, Notice, checked
from kernel.errors import FormRejected
from kernel.forms import Form

DAY = r"(\d{4}-\d{1,2}-\d{1,2})"
LINE = re.compile(rf"{DAY}(?:\s*(?:至|到|~|～|—+)\s*{DAY})?\s+(休|班|停)\s*(.{{0,{LABEL_MAX}}})")
TEXT_MAX, SPAN_DAYS_MAX = 8_000, 60
USUAL = {"休": "放假", "班": "调休上班", "停": "本地停工"}
SHOWN = "“2027-01-01 休 元旦”“2027-02-06 班 春节”或“2027-02-05 至 2027-02-11 休 春节”"
Days = tuple[tuple[str, bool, str], ...]


class Typed(Form):
    """As the page sends it."""

    year: Annotated[int, Field(title="年份", ge=YEARS.start, le=YEARS.stop - 1)]
    local: Annotated[bool, Field(title="来源")] = False
    document: Annotated[str, Field(title="文件", min_length=4, max_length=DOCUMENT_MAX)]
    days: Annotated[str, Field(title="安排", max_length=TEXT_MAX)] = ""

    def notice(self) -> Notice:
        """Raises FormRejected, by line."""
        text = self.days.strip()
        told = _from_file(text, self.year) if text.startswith("{") else _from_lines(text)
        data = {"year": self.year, "local": self.local, "papers": [self.document], "days": told}
        return checked(data)


class Proposed(Form):
    """`days`: date, whether it is worked on, name."""

    year: Annotated[int, Field(title="年份")]
    local: Annotated[bool, Field(title="本地安排")]
    document: Annotated[str, Field(title="文件", min_length=4, max_length=DOCUMENT_MAX)]
    days: Annotated[Days, Field(title="安排")]


class Reason(Form):
    reason: Annotated[str, Field(title="理由", min_length=4, max_length=300)]


def proposed(notice: Notice) -> Proposed:
    days = tuple((day.isoformat(), works, label) for day, (works, label) in sorted(notice.days.items()))
    return Proposed(year=notice.year, local=notice.local, document=notice.document, days=days)


def lines(days: dict[date, tuple[bool, str]], *, local: bool) -> str:
    """The same days as they may be typed, spans drawn together."""
    told, run = list[str](), list[date]()
    for day in sorted(days):
        if run and (day - run[-1] != timedelta(days=1) or days[day] != days[run[-1]]):
            told.append(_line(run, days[run[0]], local))
            run = []
        run.append(day)
    return "\n".join([*told, _line(run, days[run[0]], local)] if run else told)


def _line(run: list[date], told: tuple[bool, str], local: bool) -> str:
    works, label = told
    span = f"{run[0]} 至 {run[-1]}" if len(run) > 1 else f"{run[0]}"
    return f"{span} {'班' if works else '停' if local else '休'} {label}".strip()


def _from_lines(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        fits = LINE.fullmatch(line.strip())
        if fits is None:
            raise FormRejected({"days": f"第 {number} 行“{line.strip()[:30]}”看不懂，请写成{SHOWN}。"})
        first, last, sort, name = fits.groups()
        label = name.strip() or USUAL[sort]
        found += [{"date": str(day), "name": label, "isOffDay": sort != "班"} for day in _span(first, last, number)]
    if twice := {one["date"] for one in found if sum(two["date"] == one["date"] for two in found) > 1}:
        raise FormRejected({"days": f"{min(twice)} 写了不止一次，请只留一行。"})
    return found


def _span(first: str, last: str | None, number: int) -> list[date]:
    try:
        begins, ends = _date(first), _date(last or first)
    except ValueError as wrong:
        raise FormRejected({"days": f"第 {number} 行的日期不存在，请改正。"}) from wrong
    if not timedelta() <= ends - begins <= timedelta(days=SPAN_DAYS_MAX):
        raise FormRejected({"days": f"第 {number} 行的起止日期不对，结束不能早于开始，一段最多 {SPAN_DAYS_MAX} 天。"})
    return [begins + timedelta(days=n) for n in range((ends - begins).days + 1)]


def _date(text: str) -> date:
    year, month, day = (int(part) for part in text.split("-"))
    return date(year, month, day)


def _from_file(text: str, year: int) -> list[dict[str, Any]]:
    """The published file of a year, pasted whole."""
    try:
        told = json.loads(text)
    except ValueError as wrong:
        raise FormRejected({"days": "粘贴的 JSON 不完整，请整份复制后再粘贴。"}) from wrong
    if told.get("year") != year or not isinstance(told.get("days"), list):
        raise FormRejected({"days": f"粘贴的文件不是 {year} 年的安排，请核对年份。"})
    return list(told["days"])
