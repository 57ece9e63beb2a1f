"""Thresholds and the list of words: data, shipped as `surges.toml`; a hall may have a file of its own."""

import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from kernel.forms import Form
from kernel.settings import settings

Digits = Annotated[tuple[Annotated[int, Field(ge=0, le=12)], ...], Field(min_length=1, max_length=6)]


class Cells(Form):
    """How finely tickets are counted: leading digits of the category's and of the area's code."""

    category_digits: Digits
    area_digits: Digits


class Count(Form):
    """Too many in one window. `expected_min`: tickets in 15 minutes."""

    window_min: Annotated[int, Field(ge=5, le=60)]
    count_min: Annotated[int, Field(ge=2)]
    tail_max: Annotated[float, Field(gt=0, lt=1)]
    weeks: Annotated[int, Field(ge=1, le=12)]
    weeks_min: Annotated[int, Field(ge=1, le=12)]
    expected_min: Annotated[float, Field(gt=0)]

    @model_validator(mode="after")
    def enough_weeks(self) -> Self:
        if self.weeks_min > self.weeks:
            raise ValueError("weeks_min 不能大于 weeks。")
        return self


class Rise(Form):
    """Slowly more, quarter by quarter (CUSUM)."""

    ratio: Annotated[float, Field(gt=1)]
    false_per_week: Annotated[float, Field(gt=0)]


class Burst(Form):
    """Like tickets in one place."""

    count_min: Annotated[int, Field(ge=2)]
    within_min: Annotated[int, Field(ge=5, le=240)]
    within_m: Annotated[int, Field(ge=1, le=10_000)]
    cosine_min: Annotated[float, Field(ge=0, le=1)]


class Hold(Form):
    """Hysteresis (迟滞): when a cell that was told of may be told of again."""

    again_h: Annotated[int, Field(ge=1, le=48)]
    calm_tail: Annotated[float, Field(gt=0, lt=1)]
    forget_h: Annotated[int, Field(ge=1, le=24 * 7)]


class Words(Form):
    """A group of words that are told at once; `each`: every ticket by itself, else an area's every six hours;
    `unless`: what has a word in it and means something else (打不着火, 停电动车)."""

    name: Annotated[str, Field(pattern=r"^[a-z_]{2,20}$")]
    label: Annotated[str, Field(min_length=2, max_length=20)]
    each: bool
    words: Annotated[tuple[Annotated[str, Field(min_length=2, max_length=20)], ...], Field(min_length=1)]
    unless: tuple[Annotated[str, Field(min_length=2, max_length=20)], ...] = ()


class Thresholds(Form):
    """All of the file."""

    cells: Cells
    count: Count
    rise: Rise
    burst: Burst
    hold: Hold
    words: tuple[Words, ...]


def thresholds() -> Thresholds:
    """The hall's own file where the settings name one. Raises FormRejected, OSError or TOMLDecodeError."""
    return read(settings().surges_file)


@cache
def read(path: Path | None) -> Thresholds:
    """Once for each file and process: a change of it takes effect with the next start."""
    text = path.read_text("utf-8") if path else (files("hotline.surges") / "surges.toml").read_text("utf-8")
    return Thresholds.check(tomllib.loads(text))
