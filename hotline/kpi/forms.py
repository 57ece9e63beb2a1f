"""Which days and whose: the same words as every hall's figures."""

from oversight.kpi.forms import UNIT_MAX, Period

__all__ = ["UNIT_MAX", "Period"]
