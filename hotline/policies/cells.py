"""A policy as a sheet of cells (时限表): each has an address, a rule for what may stand in it, and words for people."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from hotline.policies.longer import LAWS
from kernel.clocks.words import NAMES

CLASSES = {
    "critical": "特急", "urgent": "紧急", "consult": "咨询", "demand": "求助、投诉、举报", "suggest": "建议、表扬",
}  # fmt: skip
UNITS = NAMES | {"s": "秒"}
SAID = {
    "分钟": "min", "分": "min", "小时": "h", "工作小时": "wh", "工作日": "wd", "日": "d", "天": "d", "秒": "s",
} | {unit: unit for unit in UNITS}  # fmt: skip
LONGEST_FIRST = "|".join(sorted(SAID, key=len, reverse=True))
SPAN = re.compile(rf"(\d{{1,4}})\s*个?\s*({LONGEST_FIRST})")
BEFORE = re.compile(rf"(?:提前|-|−)\s*{SPAN.pattern}")
PERCENT = re.compile(r"(?:用时过?|过)?\s*(\d{1,3})\s*[%％](?:时)?")
AMOUNT_MAX = 999
TIMES_MAX, DAYS_MAX, LOAD_MAX, WHOLE_WEIGHT = 10, 365, 100_000, 100
WHOLE = ("weights", "loads", "counted")  # whole numbers without a class; a version from before them has none
ORDER = ["dispatch", "handle", "review", "visit"]  # what the caller's total is made of
RUNGS = 2


class Sort(Enum):
    """What a cell holds."""

    SPAN = "span"
    TARGET = "target"
    WARN = "warn"
    AFTER = "after"
    TIMES = "times"
    DAYS = "days"
    LEAST = "least"
    LAW = "law"
    WEIGHT = "weight"
    LOAD = "load"
    SHARE = "share"


PERCENTS = {Sort.WEIGHT, Sort.SHARE}
MOST = {Sort.TIMES: TIMES_MAX, Sort.DAYS: DAYS_MAX, Sort.LOAD: LOAD_MAX} | dict.fromkeys(PERCENTS, WHOLE_WEIGHT)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the sheet; `path` is what its cells' addresses begin with. `blank`: may be left empty."""

    path: str
    label: str
    sort: Sort
    blank: bool = False

    def cells(self) -> list[str]:
        return [f"{self.path}.{column}" for column in self.columns]

    def named(self) -> list[tuple[str, str]]:
        """Each cell with the name of its column."""
        return [*zip(self.cells(), self.columns.values(), strict=True)]

    @property
    def columns(self) -> Mapping[str, str]:
        return NAMED.get(self.sort, CLASSES)


@dataclass(frozen=True, slots=True)
class Part:
    title: str
    hint: str
    rows: tuple[Row, ...]


RATES = {"contacted": "响应率", "solved": "解决率", "satisfied": "满意率"}
PARTLY = {"partly": "部分解决"}
LOADS = {"large": "大量件", "middle": "中量件"}  # whoever has fewer than the second is 少量件
LIMITED = {unit: f"{name.removeprefix('个')}计的时限" for unit, name in NAMES.items()}
BY_LAW = {"limit": "法定时限"}
NAMED = {Sort.LEAST: LIMITED, Sort.WEIGHT: RATES, Sort.LOAD: LOADS, Sort.SHARE: PARTLY, Sort.LAW: BY_LAW}
SHEET = (
    Part(
        "各环节时限", "写数和单位，例如“5 个工作日”“24 小时”“4 个工作小时”“30 分”“7 日”；可以留空的，留空即不计时",
        (
            Row("steps.dispatch", "派单", Sort.SPAN), Row("steps.sign", "签收", Sort.SPAN),
            Row("steps.objection", "异议期", Sort.SPAN), Row("steps.adjudicate", "争议裁决", Sort.SPAN),
            Row("steps.first_contact", "首次联系", Sort.SPAN, blank=True), Row("steps.handle", "办理答复", Sort.SPAN),
            Row("steps.supervise", "督办、复核", Sort.SPAN, blank=True),
            Row("steps.review", "审核", Sort.SPAN, blank=True), Row("steps.visit", "回访", Sort.SPAN, blank=True),
            Row("steps.redo", "重办", Sort.SPAN, blank=True), Row("steps.handover", "转接回执", Sort.SPAN, blank=True),
            Row("steps.follow_up", "挂账跟踪", Sort.SPAN, blank=True),
        ),
    ),
    Part(
        "提醒与督办阶梯", "黄牌写“提前 1 个工作日”或“50%”（用时过半）；到期即红牌；其后两级写到期后多久",
        (
            Row("warn", "黄牌提醒", Sort.WARN), Row("ladder.0", "催办通知书", Sort.AFTER),
            Row("ladder.1", "提级通报", Sort.AFTER),
        ),
    ),
    Part(
        "延期、中止与重开", "次数和日数只写整数；延期按工作日，中止和重开按自然日",
        (
            Row("caps.extensions", "最多延期次数", Sort.TIMES),
            Row("caps.extension_days", "每次延期最多日数", Sort.DAYS),
            Row("caps.pause_days", "中止最长日数", Sort.DAYS), Row("caps.reopen_days", "办结后可重开日数", Sort.DAYS),
        ),
    ),
    Part(
        "考核与公布口径", "只用于考核和公布，不自动计时",
        (
            Row("targets.answer", "电话接听", Sort.TARGET, blank=True),
            Row("targets.chat", "在线会话首次响应", Sort.TARGET, blank=True),
            Row("targets.form", "网上表单首次响应", Sort.TARGET, blank=True),
            Row("targets.mailbox", "信箱首次响应", Sort.TARGET, blank=True),
        ),
    ),
    Part(
        "三率综合的权重", "写整数百分比，合计 100；都留空即不算三率综合",
        (Row("weights", "权重", Sort.WEIGHT, blank=True),),
    ),
    Part(
        "解决率口径", "回访答复部分解决的，每件按百分之几计入解决率，例如 50；留空即不计入",
        (Row("counted", "计入解决率", Sort.SHARE, blank=True),),
    ),
    Part(
        "单位分档", "每月承办多少件起算这一档，不到中量件的是少量件；排名只在同一档内；都留空即不分档",
        (Row("loads", "每月承办件数", Sort.LOAD, blank=True),),
    ),
    Part(
        "疑难件", "代替办理时限，经主管批准才适用，含此前的延期；不比办理时限长的不会批，留空即不设",
        (Row("longer.complex", "疑难件合计", Sort.SPAN, blank=True),),
    ),
    Part(
        "法定的更长时限", "特别法规定的办理时限比上面长的，经主管核准后代替办理时限；留空即不适用",
        tuple(Row(f"longer.{basis}", f"{basis.label}，{law}", Sort.LAW, blank=True) for basis, law in LAWS.items()),
    ),
    Part("退回补办至少剩余", "审核退回后，按原时限的单位，至少还有多久", (Row("fix_min", "至少剩余", Sort.LEAST),)),
)  # fmt: skip
BY_ROW = ("steps", "caps", "targets", "longer")  # sections of the document with a row for each step
ROWS = tuple(row for part in SHEET for row in part.rows)
ROW = {row.path: row for row in ROWS}
ROW_OF = {cell: row for row in ROWS for cell in row.cells()}


def flat(document: Mapping[str, Any]) -> dict[str, str]:
    """Address → what stands there, as it is stored: `5 wd`, `-1 wd`, `50 %`, `3`. Empty cells aren't in it."""
    found: dict[str, Any] = {f"warn.{column}": told for column, told in document.get("warn", {}).items()}
    for section in ("fix_min", *WHOLE):
        found |= {f"{section}.{key}": told for key, told in document.get(section, {}).items()}
    for column, rungs in document.get("ladder", {}).items():
        found |= {f"ladder.{place}.{column}": told for place, told in enumerate(rungs)}
    for section in BY_ROW:
        for key, row in document.get(section, {}).items():
            found |= {f"{section}.{key}.{column}": told for column, told in row.items()}
    return {cell: str(told) for cell, told in found.items() if cell in ROW_OF}


def built(cells: Mapping[str, str]) -> dict[str, Any]:
    """The document of such a sheet."""
    document: dict[str, Any] = {name: {} for name in (*BY_ROW, "fix_min", "warn", "ladder")}
    for cell, told in cells.items():
        section, _, place = cell.partition(".")
        key, _, column = place.partition(".")
        if section in ("warn", "fix_min"):
            document[section][place] = told
        elif section in WHOLE:
            document.setdefault(section, {})[place] = int(told)
        elif section == "ladder":
            document[section].setdefault(column, [""] * RUNGS)[int(key)] = told
        else:
            document[section].setdefault(key, {})[column] = int(told) if section == "caps" else told
    return document | {"order": ORDER}


def read(sent: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """What people typed into the sheet: the cells as they are stored, and a sentence for each that is wrong."""
    cells, problems = dict[str, str](), dict[str, str]()
    for row in ROWS:
        for column, cell in zip(row.columns, row.cells(), strict=True):
            typed = str(sent.get(cell, "")).strip()
            try:
                if typed:
                    cells[cell] = _stored(typed, row)
                elif not row.blank:
                    raise ValueError("不能空着。")  # noqa: TRY301
            except ValueError as wrong:
                problems[cell] = f"{row.label}（{row.columns[column]}）{wrong}"
    return cells, _together(cells) | problems


def words(cell: str, told: str | None) -> str:
    """What stands in a cell, for people; the same may be typed into it again."""
    if told is None:
        return "不计时" if cell.startswith("steps.") else "不设"
    sort = ROW_OF[cell].sort
    if sort in (Sort.TIMES, Sort.DAYS, Sort.LOAD):
        return told
    if sort in PERCENTS:
        return f"{told}%"
    amount, unit = told.lstrip("+-").split(" ")
    if unit == "%":
        return f"{amount}%"
    return f"{'提前 ' if sort is Sort.WARN else ''}{amount} {UNITS[unit]}"


def typed(document: Mapping[str, Any]) -> dict[str, str]:
    """The sheet as a form shows it before anybody types."""
    cells = flat(document)
    return {cell: words(cell, cells[cell]) if cell in cells else "" for cell in ROW_OF}


def _stored(text: str, row: Row) -> str:
    """Raises ValueError with what to write instead."""
    if row.sort in MOST:
        number, most = text.removesuffix("%").strip() if row.sort in PERCENTS else text, MOST[row.sort]
        if not (number.isascii() and number.isdecimal()) or len(number) > 6 or int(number) > most:
            raise ValueError(f"填的是“{text[:20]}”，请写 0 到 {most} 的整数。")
        return str(int(number))
    if row.sort is Sort.WARN and (half := PERCENT.fullmatch(text)):
        if not 1 <= int(half[1]) <= 99:
            raise ValueError(f"填的是“{text[:20]}”，请写 1% 到 99%。")
        return f"{int(half[1])} %"
    found = (BEFORE if row.sort is Sort.WARN else SPAN).fullmatch(text)
    if found is None:
        wanted = "“提前 1 个工作日”或“50%”" if row.sort is Sort.WARN else "“5 个工作日”这样的数和单位"
        raise ValueError(f"填的是“{text[:20]}”，请写{wanted}。")
    amount, unit = int(found[1]), SAID[found[2]]
    if not 1 <= amount <= AMOUNT_MAX:
        raise ValueError(f"填的是“{text[:20]}”，请写 1 到 {AMOUNT_MAX} 之间的数。")
    if unit == "s" and row.sort is not Sort.TARGET:
        raise ValueError(f"填的是“{text[:20]}”，时限不按秒计，请改用分、小时、工作小时、工作日或日。")
    sign = {Sort.WARN: "-", Sort.AFTER: "+"}.get(row.sort, "")
    return f"{sign}{amount} {unit}"


def _together(cells: Mapping[str, str]) -> dict[str, str]:
    """What two cells say to each other."""
    problems = {}
    for column, name in CLASSES.items():
        times, days = cells.get(f"caps.extensions.{column}"), cells.get(f"caps.extension_days.{column}")
        if times is not None and days is not None and (times == "0") is not (days == "0"):
            cell = f"caps.extension_days.{column}"
            said = "不能延期的，每次日数也写 0" if times == "0" else "可以延期的，每次日数须大于 0"
            problems[cell] = f"每次延期最多日数（{name}）与次数不一致：{said}。"
        first, second = cells.get(f"ladder.0.{column}", ""), cells.get(f"ladder.1.{column}", "")
        if first and second and _unit(first) == _unit(second) and _amount(second) <= _amount(first):
            problems[f"ladder.1.{column}"] = f"提级通报（{name}）须晚于催办通知书（到期后 {first[1:].split(' ')[0]}）。"
        if cells.get(f"caps.reopen_days.{column}") == "0":
            problems[f"caps.reopen_days.{column}"] = f"办结后可重开日数（{name}）至少 1 日。"
    return problems | _whole(cells)


def _whole(cells: Mapping[str, str]) -> dict[str, str]:
    """Weights make a hundred; a larger class begins later than a smaller one."""
    weights = [int(cells[cell]) for cell in ROW["weights"].cells() if cell in cells]
    large, middle = [int(cells.get(cell, "0")) for cell in ROW["loads"].cells()]
    problems = {}
    if weights and (len(weights) < len(RATES) or sum(weights) != WHOLE_WEIGHT):
        problems["weights.satisfied"] = f"权重三项都要写，合计须为 100，现在合计 {sum(weights)}。"
    if (large or middle) and not 0 < middle < large:
        problems["loads.middle"] = "每月承办件数两档都要写，大量件须多于中量件。"
    return problems


def _amount(told: str) -> int:
    return int(told.partition(" ")[0])


def _unit(told: str) -> str:
    return told.partition(" ")[2]
