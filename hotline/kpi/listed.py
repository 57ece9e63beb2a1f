"""单位对比 as a table to carry away: as the page shows it, no row of it about a person."""

from collections.abc import AsyncIterator
from datetime import datetime

from hotline.kpi import classes
from hotline.kpi.composites import Composed
from hotline.kpi.forms import Period, compared_by
from hotline.permissions import P
from kernel.exports.listed import Listed, Params, Row
from kernel.permissions import Actor
from oversight.kpi.definitions import Figure
from oversight.kpi.ranking import Place

COLUMNS = (
    "档", "名次", "单位", "本期到期承办", "指标", "口径版本", "数值", "分子", "分母", "剔除", "剔除率", "区间下限",
    "区间上限", "暂定",
)  # fmt: skip


async def count(actor: Actor, params: Params, at: datetime) -> int:
    return sum(len(one.places) for one in (await _asked(actor, params, at)).classes)


async def rows(actor: Actor, params: Params, at: datetime, limit: int) -> AsyncIterator[Row]:
    found, given = await _asked(actor, params, at), 0
    for one in found.classes:
        for place in one.places[: limit - given]:
            given += 1
            yield (one.label, place.rank, place.name, one.loads[place.unit], found.definition.name, *_told(place))


async def personal_rows(actor: Actor, params: Params, at: datetime, limit: int, purpose: str) -> AsyncIterator[Row]:
    """There is nothing personal in it."""
    async for row in rows(actor, params, at, limit):
        yield row


async def _asked(actor: Actor, params: Params, at: datetime) -> classes.Compared:
    """Raises FormRejected for a day that is none."""
    period = Period.given(params, Period.usual(at))
    return await classes.compared(compared_by(params), actor, period.asked(at))


def _told(place: Place[Figure | Composed]) -> Row:
    figure = place.figure
    value = _share(figure.value) if figure.ranked else ""  # few are told as counts, never as a percentage
    left_out = _share(figure.excluded_rate)
    if isinstance(figure, Composed):
        return (figure.definition.version, value, None, None, figure.excluded, left_out, None, None, "")
    low, high = figure.interval or (None, None)
    counts = (figure.numerator, figure.denominator, figure.excluded, left_out)
    return (figure.definition.version, value, *counts, _share(low), _share(high), "是" if figure.provisional else "")


def _share(share: float | None) -> str:
    return "" if share is None else f"{share * 100:.1f}%"


UNITS = Listed(
    name="unit_figures", label="单位对比", page="/hotline/kpi/units", permission=P.KPI_READ,
    columns=COLUMNS, personal_columns=(), count=count, rows=rows, personal_rows=personal_rows,
)  # fmt: skip
