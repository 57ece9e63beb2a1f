"""What lifts or lowers a document whatever is asked: a bounded product of factors that a person can check.

Every constant stands in `ranking.toml`. The product is kept in sixteenths, so that the passing of days rewrites a
document only when its value has moved by one."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from importlib.resources import files
from math import log2, log10
from typing import Annotated, Self

from pydantic import Field, model_validator

from kernel import calendar
from kernel.calendar import Calendar
from kernel.citytime import day_of, midnight
from kernel.forms import Form
from kernel.searchable import Document, Life

STEPS = 16
DAY, NO_TIME = timedelta(days=1), timedelta()
Factor = Annotated[float, Field(gt=0, le=4)]


class Popularity(Form):
    gain: Annotated[float, Field(ge=0, le=3)]
    full_uses: Annotated[int, Field(ge=1)]


class Fresh(Form):
    half_life_days: Annotated[float, Field(gt=0, le=3650)]
    floor: Annotated[float, Field(gt=0, le=1)]


class Lives(Form):
    open: Factor
    closing: Factor
    over: Factor
    closing_working_days: Annotated[int, Field(ge=0, le=30)]


class Quality(Form):
    incomplete: Factor


class Constants(Form):
    """All of the file."""

    boost_min: Factor
    boost_max: Factor
    kinds: dict[str, Factor]
    popularity: Popularity
    fresh: dict[str, Fresh]
    life: Lives
    quality: Quality

    @model_validator(mode="after")
    def whole(self) -> Self:
        if self.boost_min > self.boost_max:
            raise ValueError("boost_min 不能大于 boost_max。")
        if missing := {"default", Life.HISTORIC.value} - self.kinds.keys():
            raise ValueError(f"[kinds] 缺少 {'、'.join(sorted(missing))}。")
        return self


def read(text: str) -> Constants:
    """Raises FormRejected or TOMLDecodeError: a hall doesn't start with constants that nobody can have meant."""
    return Constants.check(tomllib.loads(text))


_TEXT = (files("search") / "ranking.toml").read_text("utf-8")
CONSTANTS = read(_TEXT)
MARK = sha256(_TEXT.encode()).hexdigest()[:6]  # of an index that was ranked by these


@dataclass(frozen=True, slots=True)
class Moment:
    """When, and by which working days."""

    at: datetime
    calendar: Calendar


@dataclass(frozen=True, slots=True)
class Factors:
    kind: float
    popularity: float
    fresh: float
    life: float
    quality: float

    @property
    def boost(self) -> float:
        product = self.kind * self.popularity * self.fresh * self.life * self.quality
        return min(max(product, CONSTANTS.boost_min), CONSTANTS.boost_max)

    @property
    def steps(self) -> int:
        return round(self.boost * STEPS)


async def moment(at: datetime) -> Moment:
    return Moment(at, await calendar.current())


def factors(document: Document, now: Moment) -> Factors:
    return Factors(
        kind=_kind(document),
        popularity=_popularity(document.uses or 0),
        fresh=_fresh(document, now.at),
        life=_life(document, now),
        quality=1.0 if document.complete else CONSTANTS.quality.incomplete,
    )


def next_look(document: Document, now: Moment) -> datetime | None:
    """When its value will be another one by the passing of time alone; what is counted is looked at once a day."""
    steps = factors(document, now).steps
    ahead = sorted(at for at in _turns(document, now) if at > now.at)
    changes = (at for at in ahead if factors(document, Moment(at, now.calendar)).steps != steps)
    found = next(changes, None)
    if document.uses is None:
        return found
    return min(found or now.at + DAY, now.at + DAY)


def _kind(document: Document) -> float:
    weights = CONSTANTS.kinds
    if document.life is Life.HISTORIC:
        return weights[Life.HISTORIC.value]
    return weights.get(document.kind, weights["default"])


def _popularity(uses: int) -> float:
    told = CONSTANTS.popularity
    return 1 + told.gain * min(log10(1 + uses) / log10(1 + told.full_uses), 1.0)


def _fresh(document: Document, at: datetime) -> float:
    told = CONSTANTS.fresh.get(document.kind)
    if told is None or document.published is None:
        return 1.0
    days = max(at - document.published, NO_TIME) / DAY
    return float(max(0.5 ** (days / told.half_life_days), told.floor))


def _life(document: Document, now: Moment) -> float:
    told = CONSTANTS.life
    if document.life is Life.OVER:
        return told.over
    if document.life is not Life.OPEN:
        return 1.0
    if document.deadline is None:
        return told.open
    if now.at >= document.deadline:
        return told.over
    return told.closing if day_of(now.at) >= _closing_from(document.deadline, now.calendar) else told.open


def _closing_from(deadline: datetime, days: Calendar) -> date:
    """The first day with no more than so many working days left to the last one."""
    last = day_of(deadline - timedelta(microseconds=1))
    day = last
    while days.working_days_between(day - DAY, last) <= CONSTANTS.life.closing_working_days and last - day < 30 * DAY:
        day -= DAY
    return day


def _turns(document: Document, now: Moment) -> Iterator[datetime]:
    """When its factors may turn."""
    if document.life is Life.OPEN and document.deadline is not None:
        yield midnight(_closing_from(document.deadline, now.calendar))
        yield document.deadline
    told = CONSTANTS.fresh.get(document.kind)
    if told is not None and document.published is not None:
        lasting = int(told.half_life_days * log2(1 / told.floor)) + 1
        yield from (document.published + days * DAY for days in range(1, lasting + 1))
