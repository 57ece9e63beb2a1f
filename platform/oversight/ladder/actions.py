"""Taking rules in."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime

from kernel.clocks.limits import parse_span
from oversight.ladder.models import Level, Rule

SINCE = date(2016, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A rule as a module ships it. Raises ValueError when the reply duty is no time limit."""

    code: str
    kind: str
    steps: tuple[str, ...]
    rung: str
    level: Level
    says: str
    basis: str
    auto: bool = True
    reply: str = ""
    version: int = 1
    effective_from: date = SINCE

    def __post_init__(self) -> None:
        if self.reply:
            parse_span(self.reply)
        if self.auto and self.level is Level.RED:
            raise ValueError(f"{self.code}：红牌须由人确认，不能自动发出")


async def seed(declared: Iterable[Declared], at: datetime) -> None:
    """What isn't known yet, by code and version: twice is once."""
    for rule in declared:
        if not await Rule.exists(code=rule.code, version=rule.version):
            await Rule.create(taken_in_at=at, **asdict(rule) | {"steps": [*rule.steps]})
