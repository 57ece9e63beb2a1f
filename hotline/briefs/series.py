"""日报、周报、月报 as oversight freezes them."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime
from typing import Any, Literal

from hotline.briefs.counting import brief
from hotline.briefs.periods import Period
from oversight.snapshots.series import Series

Count = Callable[[date, date, datetime], Awaitable[Mapping[str, Any]]]


def _counts(every: str, name: str) -> Count:
    return lambda first, last, at: brief(every, name, Period(first, last), at)


def _series(code: str, label: str, every: Literal["day", "week", "month"], key: str) -> Series:
    return Series(code=code, label=f"热线{label}", every=every, key=key, count=_counts(every, label))


BRIEFS = (
    _series("hotline_daily", "日报", "day", "d"),
    _series("hotline_weekly", "周报", "week", "w"),
    _series("hotline_monthly", "月报", "month", "m"),
)
