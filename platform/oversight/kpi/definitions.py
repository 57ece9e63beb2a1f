"""What a figure is: data, so that it can be shown, published and computed again by a stranger."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

RANKED_MIN = 30  # below, counts are shown with their interval and nobody is ranked
Z = 1.959964  # 95 %


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """`numerator` narrows the `denominator`; each maps a column of `kind` to what it must be. `exclusions` (剔除) map
    a code each to such columns: what one of them fits isn't counted, but how many those are is published, too;
    `parts_out` does the same with columns of its parts.

    `either`: narrows the numerator further to what fits at least one of these. `followed_by`: a column in which a later
    row of the same kind (as far as `followed_where` says) names the row that it follows upon; a row upon which one
    followed within `followed_days` isn't in the numerator, and until these are over a figure is provisional.

    `time_role`: the instant that puts a row into a period: a column, or `due:handle`, the end of that step's clock.
    Then `in_time` asks that every such clock was stopped when it was due, `unextended` that nothing was granted on
    top of it. `outside`: columns whose value must be none of a set that the hall names (`Family.sets`), which may
    grow later. `parts`: the relation without which a row isn't counted and through which (as far as `parts_where`
    says) it belongs to a unit. `mean`: the numerator is the sum of that column, one more for each row, the value
    its mean. `measure`: the numerator is the sum of that column, the value its mean. `time_role` `live`: no period,
    what stands now; with `late` the numerator is what is past its `due_at`, with `overrun` that alone is counted
    and the numerator is by how many working hours (wh) it is, summed up. `base` says in words what is counted.
    `part`, `region` and `label` are the columns by which daily grains are apart (`grained`). `less_is_better`: who
    has least of it stands first."""

    code: str
    name: str
    kind: str
    time_role: str
    base: str
    numerator: Mapping[str, object] = field(default_factory=dict)
    either: tuple[Mapping[str, Any], ...] = ()
    denominator: Mapping[str, object] = field(default_factory=dict)
    unit: str = "region_path"
    exclusions: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    in_time: bool = False
    unextended: bool = False
    outside: Mapping[str, str] = field(default_factory=dict)
    followed_by: str = ""
    followed_where: Mapping[str, object] = field(default_factory=dict)
    followed_role: str = "registered_at"
    followed_days: int = 0
    parts: str = ""
    parts_where: Mapping[str, object] = field(default_factory=dict)
    parts_out: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    mean: str = ""
    measure: str = ""
    late: bool = False
    overrun: bool = False
    part: str = "category"
    region: str = "region_path"
    label: str = "secrecy"
    grained: bool = True
    less_is_better: bool = False
    version: int = 1

    @property
    def step(self) -> str:
        """Of which clock the end counts; empty where a column does."""
        return self.time_role.removeprefix("due:") if self.time_role.startswith("due:") else ""

    @property
    def excludes(self) -> bool:
        return bool(self.exclusions or self.parts_out)

    @property
    def live(self) -> bool:
        return self.time_role == "live"

    @property
    def share(self) -> bool:
        """Whether it is hits out of rows: only then are there hits to open, an interval and a ranking."""
        return not (self.mean or self.spread)

    @property
    def spread(self) -> bool:
        """Whether the value is a mean with a median and a ninth decile beside it."""
        return bool(self.measure) or self.overrun


@dataclass(frozen=True, slots=True)
class Figure:
    """`interval`: Wilson's; a mean has none. `value` None: nothing to divide by, which is no 100 %. `provisional`: what
    may still happen to its rows can change it. `partly`: rows beside the numerator that a hall counts by so many per
    cent each."""

    definition: Definition
    numerator: int
    denominator: int
    excluded: int
    p50: int | None = None
    p90: int | None = None
    provisional: bool = False
    partly: int = 0
    partly_percent: int = 0

    @property
    def excluded_rate(self) -> float | None:
        """剔除率: stands beside the figure, so that nobody gets better by leaving out."""
        of = self.denominator + self.excluded
        return self.excluded / of if of else None

    @property
    def value(self) -> float | None:
        return self.counted / self.denominator if self.denominator else None

    @property
    def counted(self) -> float:
        return self.numerator + self.partly * self.partly_percent / 100

    @property
    def ranked(self) -> bool:
        return self.denominator >= RANKED_MIN

    @property
    def interval(self) -> tuple[float, float] | None:
        if not self.definition.share or not self.denominator:
            return None
        return wilson(self.counted, self.denominator)


def wilson(hits: float, of: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927); it stays within 0 and 1 for small numbers, too."""
    share, z2 = hits / of, Z * Z
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = Z * sqrt(share * (1 - share) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return max(0.0, middle - half), min(1.0, middle + half)
