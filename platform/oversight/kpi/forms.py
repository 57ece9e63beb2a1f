"""Which days and whose, as an address says it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kernel.citytime import day_of, midnight
from kernel.errors import FormRejected
from oversight.kpi.queries import Asked

DAYS_MAX = 400
UNIT_MAX = 200


@dataclass(frozen=True, slots=True)
class Period:
    """Days of the city, both counted; `unit`: the path of a unit with those under it."""

    first: date
    last: date
    unit: str

    @classmethod
    def given(cls, params: Mapping[str, str], otherwise: "Period | None" = None) -> "Period":
        """Raises FormRejected; what isn't said at all is as `otherwise` says."""
        if otherwise and not params.get("from") and not params.get("to"):
            return cls(otherwise.first, otherwise.last, params.get("unit", "")[:UNIT_MAX])
        first, last = _day(params, "from"), _day(params, "to")
        if not timedelta() <= last - first <= timedelta(days=DAYS_MAX):
            raise FormRejected({"to": f"结束日期不能早于起始日期，最长 {DAYS_MAX} 天。"})
        return cls(first, last, params.get("unit", "")[:UNIT_MAX])

    @classmethod
    def last_days(cls, days: int, at: datetime) -> "Period":
        today = day_of(at)
        return cls(today - timedelta(days=days - 1), today, "")

    def asked(self, at: datetime) -> Asked:
        since = midnight(self.first)
        until = midnight(self.last + timedelta(days=1))
        return Asked(since=since, until=until, at=at, unit=self.unit)


def _day(params: Mapping[str, str], name: str) -> date:
    try:
        return date.fromisoformat(params.get(name, ""))
    except ValueError as wrong:
        raise FormRejected({name: "请写成 2026-11-01 这样的日期。"}) from wrong
