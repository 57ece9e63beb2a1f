"""What a brief says, counted by the filters and definitions that its links open.

It names nobody: no title, no caller, no text; of a late matter its number, of one that bears a label not even that."""

from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from hotline.briefs.periods import Period, before, last_year
from hotline.calls import queries as calls
from hotline.categories import queries as categories
from hotline.categories.importing import SEPARATOR
from hotline.kpi import partly
from hotline.kpi.composites import THREE_RATES, Composed, composed
from hotline.kpi.definitions import FIGURES
from hotline.tickets import queries as tickets
from hotline.tickets import showing
from hotline.tickets.forms import Channel, Type
from kernel.citytime import CITY
from kernel.journal import plain
from kernel.permissions import SYSTEM
from oversight.cards import queries as cards
from oversight.kpi import queries as kpi
from oversight.kpi.definitions import Figure
from oversight.ladder.models import Level

RISING_MIN, RISING_MAX, LATE_MAX, CATEGORIES_MAX = 5, 10, 100, 20
ENDED, ANSWERED, MISSED = {"by": "closed"}, {"part": "hit"}, {"part": "missed"}  # of the lists behind the numbers
COMPARED = ["本期", "上期", "比上期", "去年同期", "比去年同期"]
NO_DATA = "无数据"
Table = dict[str, Any]
Row = dict[str, Any]


async def brief(every: str, name: str, period: Period, at: datetime) -> dict[str, Any]:
    """`title`, `parameters`, `definitions`, `tables` (oversight.snapshots.series)."""
    three, days = (period, before(every, period), last_year(every, period)), _days(period)
    parameters = {"from": f"{period.first}", "to": f"{period.last}", "counted_at": at, "compared_with": []}
    parameters["compared_with"] = [{"from": f"{one.first}", "to": f"{one.last}"} for one in three[1:]]
    figures = await partly.figures(FIGURES, SYSTEM, _asked(period, at))
    earlier = await partly.figures(FIGURES, SYSTEM, _asked(three[1], at))
    kpis = _figures(figures, earlier, period)
    made = [await composed(now, _asked(one, at)) for now, one in ((figures, period), (earlier, three[1]))]
    kpis["rows"].append(_made_up(made[0], made[1], period))
    told: dict[str, Any] = {
        "title": f"12345 热线{name}（{days}）",
        "parameters": parameters,
        "definitions": [asdict(one) for one in (*FIGURES, THREE_RATES)],
        "tables": [
            await _total(three, at),
            await _split("types", "按诉求性质", "type", {one.value: one.label for one in Type}, three, at),
            await _split("channels", "按来源", "channel", {one.value: one.label for one in Channel}, three, at),
            await _by_category(three, at),
            kpis,
            await _rising(period, three[1], at),
            await _cards(period, three[1]),
            await _late(at),
        ],
    }
    clean: dict[str, Any] = plain(told)
    return clean


def _asked(period: Period, at: datetime) -> kpi.Asked:
    return kpi.Asked(since=period.since, until=period.until, at=at)


def table(
    code: str, title: str, columns: list[str], rows: Iterable[Row], *, unit: str = "件", note: str = "",
    chart: bool = False,
) -> Table:  # fmt: skip
    return {
        "code": code, "title": title, "columns": columns, "rows": [*rows], "unit": unit, "note": note, "chart": chart,
    }  # fmt: skip


def row(*cells: str | int, **filters: str) -> Row:
    """`filters`: of the list that its number opens."""
    return {"cells": [*cells], "url": f"/hotline/tickets?{urlencode(filters)}" if filters else ""}


async def _count(filters: dict[str, str], at: datetime) -> int:
    return await tickets.narrowed(tickets.visible_to(SYSTEM), showing.asked(filters), at).count()


async def _grouped(period: Period, column: str, at: datetime) -> dict[str, int]:
    found = tickets.narrowed(tickets.visible_to(SYSTEM), showing.asked(period.filters), at)
    return await tickets.grouped(found, column)


async def _total(three: tuple[Period, Period, Period], at: datetime) -> Table:
    this = three[0]
    registered = [await _count(one.filters, at) for one in three]
    came = [await calls.in_period(one.since, one.until) for one in three]
    ended = [await _count(one.filters | ENDED, at) for one in three]
    lines = {
        "办结工单": (ended, f"/hotline/tickets?{urlencode(this.filters | ENDED)}"),
        "来电": ([one.offered for one in came], f"/hotline/kpi/answered?{urlencode(this.filters)}"),
        "其中接听": ([one.answered for one in came], f"/hotline/kpi/answered?{urlencode(this.filters | ANSWERED)}"),
        "其中漏接": ([one.missed for one in came], f"/hotline/kpi/answered?{urlencode(this.filters | MISSED)}"),
    }
    was = bool(registered[2])  # whether there was a hall to count anything
    rows = [row("登记工单", *_compared(registered[0], registered[1], registered[2] or None), **this.filters)]
    for name, ((now, then, year), url) in lines.items():
        rows.append({"cells": [name, *_compared(now, then, year if was else None)], "url": url})
    note = f"上期 {_days(three[1])}；去年同期 {_days(three[2])}，那时没有登记的写“{NO_DATA}”"
    return table("intake", "受理总量", ["项目", *COMPARED], rows, note=note)


async def _split(
    code: str, title: str, column: str, labels: dict[str, str], three: tuple[Period, Period, Period], at: datetime
) -> Table:
    counted = [await _grouped(one, column, at) for one in three]
    rows = []
    for value in sorted({*counted[0], *counted[1]} & labels.keys(), key=lambda one: -counted[0].get(one, 0)):
        cells = _compared(counted[0].get(value, 0), counted[1].get(value, 0), _then(counted[2], value))
        rows.append(row(labels[value], *cells, **three[0].filters, **{column: value}))
    return table(code, title, [title.removeprefix("按"), *COMPARED], rows, chart=True)


async def _by_category(three: tuple[Period, Period, Period], at: datetime) -> Table:
    """The first level of the tree; what isn't sorted yet stands apart."""
    counted = []
    for one in three:
        sums: dict[str, int] = {}
        for code, many in (await _grouped(one, "category", at)).items():
            sums[code[:2]] = sums.get(code[:2], 0) + many
        counted.append(sums)
    names = {code[:2]: name.partition(SEPARATOR)[0] for code, name in (await categories.names()).items()}
    rows = []
    for code in sorted({*counted[0], *counted[1]}, key=lambda one: (not one, -counted[0].get(one, 0))):
        cells = _compared(counted[0].get(code, 0), counted[1].get(code, 0), _then(counted[2], code))
        filters = three[0].filters | {"category": code or tickets.NONE}
        rows.append(row(names.get(code, code) if code else "未分类", *cells, **filters))
    return table("categories", "按分类", ["分类", *COMPARED], rows[:CATEGORIES_MAX], chart=True)


def _figures(now: list[Figure], then: list[Figure], period: Period) -> Table:
    rows = []
    for figure, earlier in zip(now, then, strict=True):
        told = figure.definition
        was = "—" if told.live else said(earlier)
        cells = (told.name, said(figure), figure.numerator, figure.denominator, figure.excluded, was, told.base)
        url = f"/hotline/kpi/{told.code}?{urlencode(period.filters)}"
        rows.append({"cells": [*cells], "url": url})
    heads = ["指标", "数值", "分子", "分母", "剔除", "上期", "计入"]
    return table("kpi", "指标", heads, rows, unit="", note="不足三十件的写件数和 95% 区间，不写百分比，也不排名")


def _made_up(now: Composed, then: Composed, period: Period) -> Row:
    """With the weights of its policy, so that a stranger computes it again from the rows above."""
    told = now.definition
    weights = "、".join(
        f"{one.definition.name} {now.weights[one.definition.code]}%" for one in now.parts if now.weights
    )
    base = f"{told.base}；时限策略 {now.policy}：{weights or '没有写权重'}"
    value, was = [_said_of_several(one) for one in (now, then)]
    url = f"/hotline/kpi/{told.code}?{urlencode(period.filters)}"
    return {"cells": [told.name, value, "—", "—", "—", was, base], "url": url}


def _said_of_several(one: Composed) -> str:
    if one.value is None:
        return "无"
    return f"{100 * one.value:.1f}%{'' if one.ranked else '（有一项不足三十件）'}"


def said(figure: Figure) -> str:
    """As on the page of figures; whole numbers only are divided, in decimals."""
    if figure.provisional and figure.denominator:
        return f"{said(replace(figure, provisional=False))}（暂定）"
    if not figure.denominator:
        return "无"
    if figure.partly_percent:
        counted = f"部分解决 {figure.partly} 件各计 {figure.partly_percent}%"
        return (
            f"{100 * figure.counted / figure.denominator:.1f}%（{counted}）" if figure.ranked else _few(figure, counted)
        )
    value = Decimal(figure.numerator) / Decimal(figure.denominator)
    if figure.definition.spread:
        return f"{value:.0f}"
    if figure.definition.mean:
        return f"{value:.2f}"
    return f"{100 * value:.1f}%" if figure.ranked else _few(figure)


def _few(figure: Figure, more: str = "") -> str:
    """Counts, and how far a share of so few may be from them."""
    assert figure.interval is not None
    low, high = figure.interval
    between = f"95% 区间 {100 * low:.1f}%—{100 * high:.1f}%"
    return f"{figure.numerator}/{figure.denominator}（{'，'.join(filter(None, (more, between)))}）"


async def _rising(period: Period, earlier: Period, at: datetime) -> Table:
    """热点: leaf and district together, at least five matters, those that grew most first."""
    now, then = [await tickets.cells_in(one.since, one.until) for one in (period, earlier)]
    names, areas = await categories.names(), {one.code: one.name for one in await categories.areas()}
    grown = [(many - then.get(cell, 0), cell, many) for cell, many in now.items()]
    risen = sorted((one for one in grown if one[0] > 0 and one[2] >= RISING_MIN), reverse=True)[:RISING_MAX]
    rows = []
    for more, (code, area), many in risen:
        filters = period.filters | {"category": code, "area": area or tickets.NONE}
        where = areas.get(area, area) if area else "地点未写明"
        rows.append(row(names.get(code, code), many, then.get((code, area), 0), more, where, **filters))
    note = f"同一分类、同一地区，本期不少于 {RISING_MIN} 件，按比上期增加的件数"
    return table("rising", "热点", ["分类", "本期", "上期", "增加", "地区"], rows, note=note, chart=True)


async def _cards(period: Period, earlier: Period) -> Table:
    now, then = [await cards.issued_in(SYSTEM, one.since, one.until) for one in (period, earlier)]
    rows = [
        {
            "cells": [one.label, now.get(one, 0), then.get(one, 0)],
            "url": f"/oversight/cards?{urlencode({'level': one.value} | period.filters)}",
        }
        for one in Level
    ]
    return table("cards", "发出的监督卡", ["种类", "本期", "上期"], rows, unit="张", note="已撤销的不计")


async def _late(at: datetime) -> Table:
    many, late = await tickets.overdue(at, LATE_MAX)
    names, holders = await categories.names(), await tickets.held_by(late)
    rows = []
    for one in late:
        assert one.due_at is not None
        share = holders.get(one.id)
        due = f"{one.due_at.astimezone(CITY):%Y-%m-%d %H:%M}"
        cells: list[str | int] = [
            one.no,
            share.agency.name if share else "热线中心",
            names.get(one.category or "", "未分类"),
            due,
        ]
        cells += [(at - one.due_at).days, one.state.label]
        rows.append({"cells": cells, "url": f"/hotline/tickets/{one.no}", "opens": 0})
    note = f"计数时在办超期共 {many} 件，列出最早到期的 {len(rows)} 件；保密件只计数，不列出"
    heads = ["编号", "承办单位", "分类", "到期", "已超天数", "状态"]
    return table("late", f"在办超期 {many} 件", heads, rows, note=note)


def _then(counted: dict[str, int], value: str) -> int | None:
    """Last year's number; nothing where nothing at all was registered then."""
    return counted.get(value, 0) if counted else None


def _compared(now: int, then: int, year: int | None) -> tuple[str | int, ...]:
    return now, then, changed(now, then), NO_DATA if year is None else year, changed(now, year or 0)


def changed(now: int, then: int) -> str:
    """In per cent of then, to a tenth; from nothing nothing can be said."""
    if not then:
        return "—"
    tenths = Decimal(100 * (now - then)) / Decimal(then)
    return f"{tenths:+.1f}%"


def _days(period: Period) -> str:
    return f"{period.first}" if period.first == period.last else f"{period.first} 至 {period.last}"
