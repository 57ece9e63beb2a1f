"""Which days, whose and which figure, as an address says it."""

from collections.abc import Mapping
from datetime import datetime

from hotline.kpi.classes import COMPARED
from oversight.kpi.forms import UNIT_MAX
from oversight.kpi.forms import Period as EveryHalls

__all__ = ["UNIT_MAX", "Period", "compared_by"]
USUAL_DAYS = 30
USUAL_FIGURE = "on_time"


class Period(EveryHalls):
    """The same words as every hall's figures; where nothing is said, the last thirty days."""

    @classmethod
    def usual(cls, at: datetime) -> EveryHalls:
        return cls.last_days(USUAL_DAYS, at)


def compared_by(params: Mapping[str, str]) -> str:
    """The figure that units are held against each other by; a name that is none means the usual one."""
    code = params.get("code", "")
    return code if code in COMPARED else USUAL_FIGURE
