"""三率综合: several figures in one number, by the weights of the time-limit policy that was in force."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hotline.kpi.criteria import Criteria, of_period
from hotline.kpi.definitions import BY_CODE
from oversight.kpi.definitions import Figure
from oversight.kpi.queries import Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Composite:
    """`of`: codes of the figures. The weights aren't here: they are the policy's, in whole per cent."""

    code: str
    name: str
    of: tuple[str, ...]
    base: str
    version: int = 1
    less_is_better: bool = False


THREE_RATES = Composite(
    code="three_rates", name="三率综合", of=("contacted", "solved", "satisfied"),
    base="响应率、解决率、满意率各乘时限策略里的权重相加；三项缺一不算，任何一项不足 30 件不排名",
)  # fmt: skip
assert set(THREE_RATES.of) <= BY_CODE.keys()


@dataclass(frozen=True, slots=True)
class Composed:
    """`weights` empty: that policy says none."""

    definition: Composite
    policy: str
    weights: Mapping[str, int]
    parts: tuple[Figure, ...]

    @property
    def value(self) -> float | None:
        """Nothing while one of its parts is nothing: the others aren't made to weigh more."""
        values = [one.value for one in self.parts]
        if not self.weights or None in values:
            return None
        return sum((self.weights[one.definition.code] * (one.value or 0) for one in self.parts), 0.0) / 100

    @property
    def ranked(self) -> bool:
        return self.value is not None and all(one.ranked for one in self.parts)

    @property
    def excluded(self) -> int:
        return sum(one.excluded for one in self.parts)

    @property
    def excluded_rate(self) -> float | None:
        of = self.excluded + sum(one.denominator for one in self.parts)
        return self.excluded / of if of else None


async def composed(figures: Sequence[Figure], asked: Asked) -> Composed:
    """Of a period's figures, by the policy of its last day."""
    return of_parts(figures, await of_period(asked))


def of_parts(figures: Sequence[Figure], criteria: Criteria) -> Composed:
    by_code = {one.definition.code: one for one in figures}
    return Composed(THREE_RATES, criteria.policy, criteria.weights, tuple(by_code[code] for code in THREE_RATES.of))
