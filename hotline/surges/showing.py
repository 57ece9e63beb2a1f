"""An alert as one person sees it: what, why, the tickets of its sample that they may see, what may be done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hotline.categories import queries as categories
from hotline.categories.importing import SEPARATOR
from hotline.clusters.rules import GATHERED
from hotline.permissions import P
from hotline.surges import queries
from hotline.surges.forms import Judged, Reason
from hotline.surges.models import Surge
from hotline.surges.states import LIVE, SurgeState
from hotline.surges.thresholds import thresholds
from hotline.tickets import queries as tickets
from kernel.citytime import day_of
from kernel.lifecycle import asked_moves
from kernel.permissions import Actor

LISTED_MAX, ON_THE_WALL, MORE_MAX = 100, 6, 200
VIEWS = {"live": "待确认和处置中", "closed": "已关闭"}
STATES = {"live": tuple(LIVE), "closed": (SurgeState.CLOSED,)}


@dataclass(frozen=True, slots=True)
class Line:
    """One alert in a list."""

    surge: Surge
    says: str


async def lines(actor: Actor, view: str, limit: int = LISTED_MAX) -> list[Line]:
    return await said_of(await queries.listed(actor, STATES[view], limit))


async def on_the_wall(actor: Actor) -> list[Line]:
    return await lines(actor, "live", ON_THE_WALL)


async def said_of(surges: Sequence[Surge]) -> list[Line]:
    kinds, places = await categories.names(), await _places()
    return [Line(one, _headline(one, kinds, places)) for one in surges]


async def whole(actor: Actor, no: str, at: datetime) -> dict[str, Any]:
    surge = await queries.one(actor, no)
    seen = {one.no: one for one in await tickets.visible_to(actor, surge.tickets)}
    sample = [seen[one] for one in surge.tickets if one in seen]
    since = tickets.narrowed(tickets.visible_to(actor), _of_cell(surge), at)
    offers = {move.name: str(refusal) if refusal else "" for move, refusal in await asked_moves(surge, actor, at)}
    return {
        "surge": surge, "says": await headline(surge), "reasons": await reasons(surge), "sample": sample,
        "hidden": len(surge.tickets) - len(sample), "offers": offers, "what": _what(surge, await categories.names()),
        "more": await tickets.count(since, MORE_MAX), "more_max": MORE_MAX, "judgements": list(Judged),
        "filters": {"category": surge.category, "area": surge.area, "from": f"{day_of(surge.begun_at)}"},
        "may_see_clusters": actor.may_anywhere(P.CLUSTER_MANAGE),
        "to_gather": [one for one in sample if one.state in GATHERED and one.cluster is None],
    }  # fmt: skip


async def headline(surge: Surge) -> str:
    [line] = await said_of([surge])
    return line.says


def _headline(surge: Surge, kinds: Mapping[str, str], places: Mapping[str, str]) -> str:
    """One line, with nothing of what anybody said but words of the list."""
    where = _where(surge, places)
    if surge.reason is Reason.WORDS:
        labels = {group.name: group.label for group in thresholds().words}
        return f"{labels.get(surge.word_group, '敏感词')}（{surge.words}），{where}"
    if surge.reason is Reason.BURST:
        return f"{where}，{surge.window_min} 分钟内 {surge.many} 件相似诉求"
    span = f"{surge.window_min} 分钟" if surge.window_min < 60 else f"{surge.window_min // 60} 小时"
    return f"{_what(surge, kinds)}，{where}，{span} {surge.many} 件，平常 {surge.expected_milli / 1000:.1f} 件"


async def reasons(surge: Surge) -> list[str]:
    """为什么预警: the numbers that it was judged by, one sentence each."""
    limits = thresholds()
    usual = f"平常同一时段约 {surge.expected_milli / 1000:.2f} 件（近 {limits.count.weeks} 周同类日同一钟点的中位数）"
    hold = f"同一单元 {limits.hold.again_h} 小时内只预警一次，回落以后才会再次预警。"
    if surge.reason is Reason.COUNT:
        chance = f"按泊松分布，偶然达到的概率是 {surge.tail}，乘以全部单元数后仍低于 {limits.count.tail_max:g}。"
        return [f"{surge.window_min} 分钟内登记 {surge.many} 件，{usual}。", chance, hold]
    if surge.reason is Reason.RISE:
        trend = f"每 15 分钟累加一次（CUSUM），已足以认定升到平常的 {limits.rise.ratio:g} 倍上下。"
        return [f"{surge.window_min // 60} 小时内登记 {surge.many} 件，{usual}。", trend, hold]
    if surge.reason is Reason.BURST:
        place = f"{limits.burst.within_m} 米以内（没有坐标的按同一社区）"
        near = f"{place}，文字相近（余弦不低于 {limits.burst.cosine_min:g}）"
        return [
            f"{surge.window_min} 分钟内 {surge.many} 件：{near}。",
            f"同一地点 {limits.hold.again_h} 小时内只预警一次。",
        ]
    every = next((one.each for one in limits.words if one.name == surge.word_group), False)
    once = "每一件都单独预警。" if every else f"同一区县 {limits.hold.again_h} 小时内只预警一次。"
    return [f"诉求中有词表里的词：{surge.words}。", once]


def _what(surge: Surge, kinds: Mapping[str, str]) -> str:
    """The category's whole name, or the part of it that a parent has."""
    parts = len(surge.category) // 2
    whole = next((name for code, name in kinds.items() if surge.category and code.startswith(surge.category)), "")
    return SEPARATOR.join(whole.split(SEPARATOR)[:parts]) or surge.category or "未分类诉求"


async def _places() -> dict[str, str]:
    return {one.code: one.name for one in await categories.areas()}


def _where(surge: Surge, places: Mapping[str, str]) -> str:
    known = (surge.area[:digits] for digits in (12, 9, 6) if surge.area)
    return next((places[code] for code in known if code in places), surge.area or "全市")


def _of_cell(surge: Surge) -> tickets.Asked:
    return tickets.Asked(category=surge.category, area=surge.area, since=surge.begun_at)
