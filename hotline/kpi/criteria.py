"""考核口径: what the time-limit policy says beside limits, as it was in force on the last day that is asked about."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from hotline.policies import queries as policies
from oversight.kpi.queries import Asked


@dataclass(frozen=True, slots=True)
class Criteria:
    """`weights`: code of a figure → whole per cent. `partly`: how many per cent of a matter one that was solved in part
    counts. `loads`: class → matters a month from which on a unit is in it.
    Empty where that version says nothing, or where there was none yet."""

    policy: str
    weights: Mapping[str, int]
    loads: Mapping[str, int]
    partly: int = 0


async def of_period(asked: Asked) -> Criteria:
    policy = await policies.begun(min(asked.at, asked.until - timedelta(microseconds=1)))
    document = await policies.document(policy) if policy else {}
    weights, loads, counted = [document.get(section, {}) for section in ("weights", "loads", "counted")]
    return Criteria(policy, weights, loads, counted.get("partly", 0))
