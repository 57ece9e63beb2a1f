"""Time as the city reads it: one zone, its days and where they begin."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

CITY = ZoneInfo("Asia/Shanghai")


def day_of(at: datetime) -> date:
    """The city's day at that moment."""
    return at.astimezone(CITY).date()


def midnight(day: date) -> datetime:
    """Where that day begins."""
    return datetime.combine(day, time(), CITY)
