"""A period and the two that it is held against."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kernel.citytime import midnight
from oversight.snapshots import series

YEAR_OF_WEEKS = timedelta(days=364)  # the same weekdays


@dataclass(frozen=True, slots=True)
class Period:
    """Days of the city, both counted."""

    first: date
    last: date

    @property
    def since(self) -> datetime:
        return midnight(self.first)

    @property
    def until(self) -> datetime:
        return midnight(self.last + timedelta(days=1))

    @property
    def filters(self) -> dict[str, str]:
        """Of the list of tickets registered then."""
        return {"from": f"{self.first}", "to": f"{self.last}"}


def before(every: str, period: Period) -> Period:
    return Period(*series.before(every, period.first))


def last_year(every: str, period: Period) -> Period:
    """The same month; of a day and a week the same weekdays, fifty-two weeks ago."""
    if every == "month":
        return Period(*series.holding(every, period.first.replace(year=period.first.year - 1)))
    return Period(period.first - YEAR_OF_WEEKS, period.last - YEAR_OF_WEEKS)
