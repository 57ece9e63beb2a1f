"""组件图册: every component in every state with its code name; the visual and accessibility target of the tests.

Its rulers and charts are drawn by the functions that draw them everywhere; the moment is fixed, so pictures compare."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from kernel.calendar.days import Calendar
from kernel.citytime import CITY
from kernel.clocks import arithmetic
from kernel.clocks.models import Clock
from kernel.clocks.ruler import Mark, Ruler, ruler
from kernel.clocks.words import Remaining, remaining
from kernel.errors import NotFound
from kernel.pages import public, render
from kernel.settings import settings
from kernel.ui import figures
from kernel.ui.figures import Figure, Line, Point, Session

NOW = datetime(2026, 11, 19, 14, 26, tzinfo=CITY)
YEAR = Calendar(2, {}, {2026})
HASHES = [bytes.fromhex(text) for text in ("26a2e176", "886b67c5", "ea33ee14")]
INDEX = (
    ("controls", "操作与输入", "按钮、字段、错误汇总"), ("tasks", "一步一步", "任务、步骤、核对、回执"),
    ("time", "时限与经过", "状态、时限尺、经过、日志"), ("lists", "列表与查找", "数据表、翻页、筛选、结果"),
    ("words", "提示与凭证", "提示条、结论、存证、空白、等待"), ("charts", "图表", "柱、条、线、堆叠、小图、时刻表"),
    ("rooms", "现场", "竞价、开标"), ("frame", "页头页脚与文书", "来源、工作台按键、纸面"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Story:
    """A line of 经过, as hotline and approvals hand it over."""

    label: str
    at: datetime
    actor: str
    texts: tuple[tuple[str, str], ...] = ()
    pause: bool = field(default=False)


@public
async def show(request: Request) -> Response:
    """For who builds pages; a city in service has no such page."""
    if not settings().gallery:
        raise NotFound(what="这个页面")
    return render(
        request,
        "kernel/ui/gallery.html",
        index=INDEX,
        then=NOW,
        **_clocks(),
        **_charts(),
        story=_story(),
        hashes=HASHES,
    )


def _clocks() -> dict[str, Any]:
    law = Mark(datetime(2026, 12, 8, tzinfo=CITY).date(), "法定")
    pause = [[_at(11, 10, 9).isoformat(), _at(11, 16, 9).isoformat()]]
    begun = _at(11, 4, 15)
    states = {
        "ok": _clock(9, begun), "paused": _clock(9, begun, pauses=pause), "late": _clock(7, begun),
        "soon": _clock(11, begun, warn="-1 wd"), "long": _clock(60, begun),
    }  # fmt: skip
    drawn: dict[str, tuple[Remaining, Ruler]] = {
        name: (remaining(clock, YEAR, NOW), ruler(clock, YEAR, NOW, marks=(law,) if name == "paused" else ()))
        for name, clock in states.items()
    }
    return {"drawn": drawn}


def _clock(days: int, begun: datetime, *, pauses: list[list[str]] | None = None, warn: str = "") -> Clock:
    clock = Clock(
        subject="gallery", step="total", span=1, budget=[[days, "wd"]], policy="gallery", warn=warn, started_at=begun,
        pauses=pauses or [], stops=[], floors=[], extended=[],
    )  # fmt: skip
    arithmetic.derive(clock, YEAR, begun)
    return clock


def _charts() -> dict[str, Any]:
    districts = {"江北区": "99.4", "城东区": "99.1", "高新区": "99.6", "白石区": "95.6"}
    rates = [
        Line(name, [Point(f"{n} 周", Decimal(last) - Decimal((n * 7) % 5) / 5) for n in range(1, 13)])
        for name, last in districts.items()
    ]
    low, high = Decimal(94), Decimal(100)
    rising = [
        Point("供水 / 停水抢修", 212, "212 件，2.5 倍"),
        Point("供暖 / 温度不足", 97),
        Point("噪声 / 夜间施工", 0),
    ]
    sessions = [
        Session("开标一室", "污水处理厂提标改造", time(14), time(15, 30), "/_gallery?room=1"),
        Session("开标一室", "二中扩建工程", time(9), time(10)),
        Session("竞价大厅", "18 号地块", time(14, 10), time(15)),
    ]
    every: dict[str, Figure | list[Figure]] = {
        "bars": _calls(),
        "across": figures.across("供水停水上升最快", rising, unit="件", targets=(84, 31, 12)),
        "lines": figures.lines("白石区按时率低于其他各区", rates, low=low, high=high, unit="%"),
        "stacked": _shares(),
        "small": figures.multiples("各区按时办结率", rates, low=low, high=high, unit="%"),
        "spark": figures.spark("近 12 周接通率", rates[0].points, low=low, high=high, target=Decimal(95)),
        "timetable": figures.timetable("今天三场", sessions, opens=time(8), closes=time(18), now=NOW.time()),
        "nothing": figures.bars("今天还没有来电", [], unit="通"),
    }
    return {"charts": every}


def _calls() -> Figure:
    hours = (112, 95, 70, 58, 44, 61, 148, 396, 861, 940, 873, 641, 608, 790, 412)
    usual = (108, 90, 66, 60, 52, 70, 160, 480, 690, 720, 700, 590, 610, 700, 720)
    tones = {8: "bad", 9: "bad", 14: "b2"}
    points = [Point(str(n), count, url=f"/_gallery?hour={n}", tone=tones.get(n, "")) for n, count in enumerate(hours)]
    beside = [Point(str(n), count) for n, count in enumerate(usual)]
    note = "虚线：近 8 周同一时段中位数；14 点未满一小时"
    return figures.bars("8 点和 9 点来电高出平时三成", points, unit="通", compare=beside, note=note)


def _shares() -> Figure:
    parts = ("按时办结", "超期办结", "在办", "暂停")
    counts = {"热线": (412, 90, 88, 121), "审批": (340, 20, 44, 60), "交易": (0, 0, 12, 0)}
    rows = [(name, [Point(part, n) for part, n in zip(parts, told, strict=True)]) for name, told in counts.items()]
    return figures.stacked("热线件多数按时办结", rows, unit="件")


def _story() -> list[Story]:
    return [
        Story("审查中", _at(11, 16, 10), "周*"),
        Story("暂停计时：卫生检测", _at(11, 10, 9), "李*", (("依据", "行政许可法第四十五条。"),), pause=True),
        Story("已受理", _at(11, 4, 15), "综合窗口 06", (("说明", "材料齐全。承诺 9 个工作日办结。"),)),
    ]


def _at(month: int, day: int, hour: int) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=CITY).astimezone(UTC)
