"""How far the wall clock has moved apart from the time that only passes."""

import time
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

WINDOW_S, APART_S = 60.0, 2.0
SINCE_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # goes on while the machine sleeps
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def passing() -> float:
    """Seconds that nobody can set, forward only."""
    return time.clock_gettime(SINCE_BOOT)


def boot() -> str:
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return ""


@dataclass
class Guard:
    """Wall minus passing time, seen within the last minute. Slewing, at most 0.5 ms a second, stays far below two
    seconds a minute; a step does not. After one, `trusted` stays what it was before."""

    trusted: float | None = None  # seconds; None until the first look
    seen: deque[tuple[float, float]] = field(default_factory=deque)  # passing, offset
    suspect: bool = False
    told: bool = False  # what is suspected stands in the database

    def look(self, at: datetime, passed: float) -> float:
        """The jump in seconds, 0.0 where there is none. Back where it was, it is trusted again."""
        offset = at.timestamp() - passed
        if self.trusted is None:
            self.trusted = offset
        self.seen.append((passed, offset))
        while self.seen[0][0] < passed - WINDOW_S:
            self.seen.popleft()
        if not self.suspect:
            self.suspect = abs(offset - self.seen[0][1]) > APART_S or abs(offset - self.trusted) > APART_S
        elif abs(offset - self.trusted) <= APART_S:
            self.suspect = False
            self.seen.clear()
        if self.suspect:
            return offset - self.trusted
        self.trusted = offset
        return 0.0

    def believe(self, at: datetime, passed: float) -> None:
        """A person has looked at another clock: this one is right as it is."""
        self.trusted, self.suspect, self.told = at.timestamp() - passed, False, False
        self.seen.clear()

    def latest(self, at: datetime, passed: float) -> datetime:
        """`at`, or the time that it should be where that is later: what has ended doesn't begin again."""
        apart = self.apart(at, passed)
        return at - timedelta(seconds=apart) if apart < -APART_S else at

    def apart(self, at: datetime, passed: float) -> float:
        """Of a time that was read a moment ago, without keeping it."""
        return 0.0 if self.trusted is None else at.timestamp() - passed - self.trusted


guard = Guard()  # of this process
