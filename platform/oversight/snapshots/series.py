"""Which reports there are: a module declares each with how long its period is and who counts it."""

from calendar import monthrange
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from kernel.citytime import day_of
from kernel.errors import FormRejected, NotFound

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """`count(first, last, at)` gives what is frozen: `title`, `parameters`, `definitions`, `tables`.

    A table is {code, title, note, unit, columns, rows: [{cells: [text or whole number…], url, opens}], chart}; `url`
    opens what was counted, from the second cell unless `opens` says another; of one that is drawn (`chart`) the second
    cell is the number."""

    code: str
    label: str
    every: Literal["day", "week", "month"]
    key: str  # the letter that opens it
    count: Callable[[date, date, datetime], Awaitable[Body]]


_declared: dict[str, Series] = {}


def declare(series: Iterable[Series]) -> None:
    _declared.update({one.code: one for one in series})


def every() -> tuple[Series, ...]:
    return tuple(_declared.values())


def of(code: str) -> Series:
    """Raises NotFound."""
    if code not in _declared:
        raise NotFound(what="该报表")
    return _declared[code]


def last_closed(every: str, at: datetime) -> tuple[date, date]:
    """The last period that is over in the city at that moment: a day, Monday to Sunday, a month."""
    return before(every, holding(every, day_of(at))[0])


def around(every: str, day: date, at: datetime) -> tuple[date, date]:
    """The closed period that a day lies in. Raises FormRejected."""
    first, last = holding(every, day)
    if last >= day_of(at):
        raise FormRejected({"day": "这一期还没有结束，请写已经结束的一期里的某一天。"})
    return first, last


def label(code: str) -> str:
    """Of a series that may no longer be declared."""
    return _declared[code].label if code in _declared else code


def before(every: str, first: date) -> tuple[date, date]:
    """The period that ended the day before."""
    return holding(every, first - timedelta(days=1))


def holding(every: str, day: date) -> tuple[date, date]:
    """The period that a day lies in."""
    if every == "week":
        first = day - timedelta(days=day.weekday())
        return first, first + timedelta(days=6)
    if every == "month":
        return day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])
    return day, day
