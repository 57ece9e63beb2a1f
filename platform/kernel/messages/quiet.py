"""夜间免打扰: what may wait until the morning, waits."""

from datetime import datetime, timedelta

from kernel.citytime import CITY
from kernel.settings import settings


def due(at: datetime) -> datetime | None:
    """The end of the night that `at` falls in; None by day, and where both hours are the same."""
    begins, ends, here = settings().quiet_from, settings().quiet_to, at.astimezone(CITY)
    hour = here.hour
    night = begins <= hour < ends if begins <= ends else hour >= begins or hour < ends
    if not night:
        return None
    morning = here.replace(hour=ends, minute=0, second=0, microsecond=0)
    return morning if morning > here else morning + timedelta(days=1)
