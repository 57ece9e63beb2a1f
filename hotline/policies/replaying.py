"""试算: what would have been late under another policy. Pure: rows of clocks in, verdicts out; nothing is written.

Facts stay as they were: beginnings, ends, pauses, reviews, granted extensions. Only budgets and floors differ."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any

from hotline.policies import limits
from hotline.policies.cells import CLASSES
from hotline.policies.longer import LAWS, LongerBy
from kernel.calendar.days import Calendar
from kernel.clocks import arithmetic
from kernel.clocks.models import Clock

WINDOWS = frozenset({"objection"})  # a right that ends unused: nobody is late by it


@dataclass(frozen=True, slots=True)
class Verdict:
    """One clock, then and under the other policy; `due_now` None: that one doesn't time the step."""

    step: str
    column: str
    due_then: datetime
    due_now: datetime | None
    late_then: bool
    late_now: bool

    @property
    def changes(self) -> bool:
        return self.late_then is not self.late_now


def judged(
    clock: Clock, column: str, own: Mapping[str, Any], other: Mapping[str, Any], calendar: Calendar, at: datetime
) -> Verdict | None:
    """`own`: the document that the clock was started under. None: the clock has no verdict, another one took over or
    nothing was due by it.

    A budget that a person gave (the part of a delegated unit, the day of a follow-up) stays as it is."""
    if clock.replaced or clock.step in WINDOWS:
        return None
    ended = clock.stopped_at or at
    late_then = ended >= clock.due_at
    found = _class_of(clock, column, own)
    if found is None:
        return Verdict(clock.step, column, clock.due_at, clock.due_at, late_then, late_then)
    fitting, basis = found
    instead = limits.span_of(other, basis, fitting) if basis else None
    limit = limits.told(other, clock.policy, clock.step, fitting, instead)
    if limit is None:
        return Verdict(clock.step, fitting, clock.due_at, None, late_then, late_now=False)
    floors = [(since, *(limit.fix_min or floor)) for since, *floor in clock.floors]
    budget = [*limit.budget, *clock.extended]
    due_now = arithmetic.due(clock.started_at, budget, calendar, arithmetic.blocked_of(clock), floors)
    return Verdict(clock.step, fitting, clock.due_at, due_now, late_then, ended >= due_now)


def tallied(verdicts: Iterable[Verdict], before: Mapping[str, Sequence[int]]) -> dict[str, list[int]]:
    """`step|class` → [judged, late then, late now], with what was counted before."""
    count: Counter[tuple[str, int]] = Counter()
    for one in verdicts:
        name = f"{one.step}|{one.column}"
        count.update({(name, 0): 1, (name, 1): int(one.late_then), (name, 2): int(one.late_now)})
    names = {*before, *(name for name, _ in count)}
    return {name: [told + count[name, n] for n, told in enumerate(before.get(name, (0, 0, 0)))] for name in names}


def _class_of(clock: Clock, column: str, own: Mapping[str, Any]) -> tuple[str, str] | None:
    """The class that the clock was started for, and why it has a longer limit if it has one: the ticket's own class,
    unless it was corrected after the clock had ended."""
    for one, basis in product((column, *CLASSES), ("", LongerBy.COMPLEX, *LAWS)):
        instead = limits.span_of(own, basis, one) if basis else None
        limit = limits.told(own, clock.policy, clock.step, one, instead)
        if limit is not None and [list(span) for span in limit.budget] == clock.budget:
            return one, basis
    return None
