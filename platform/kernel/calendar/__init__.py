"""工作日历: which days the city works, by the State Council's yearly notice; what isn't announced is provisional."""

from kernel.calendar.days import Calendar
from kernel.calendar.queries import current

__all__ = ["Calendar", "current"]
