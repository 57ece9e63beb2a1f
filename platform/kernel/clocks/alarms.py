"""One sweep by the index of what rings next: its cost grows with what is due, not with what is open."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from kernel import journal, outbox
from kernel.calendar import Calendar, current
from kernel.clocks import arithmetic, words
from kernel.clocks.models import Clock
from kernel.database import transaction
from kernel.kinds import kind_of
from kernel.models import Event, Thing

if TYPE_CHECKING:
    from kernel.lifecycle import Note

BATCH = 500
TOGETHER = 50  # in one transaction: the others wait that long at most
RECOMPUTE_BATCH = 2_000
DERIVED = ("calendar", "due_at", "provisional", "stage", "next_alarm_at")
RUNGS = {0: "warn", 1: "due"}  # what comes after them: late_1, late_2 …
log = logging.getLogger(__name__)


async def sweep(*, at: datetime, worker: str = "", batch: int = BATCH) -> int:
    """Ring what is due: a quiet entry on the thing's chain and an event for those who tell people. How many rang."""
    calendar, rung = await current(), 0
    due = await Clock.filter(next_alarm_at__lte=at).order_by("next_alarm_at", "id").limit(batch)
    for first in range(0, len(due), TOGETHER):
        rung += await _ring_all(due[first : first + TOGETHER], calendar, at)
    return rung


async def _ring_all(due: Sequence[Clock], calendar: Calendar, at: datetime) -> int:
    """A few in one transaction, so that each doesn't pay for its own commit; under the lock every one is read again.

    Nothing rings at a time that isn't its own any more: what a calendar moves that was taken in a moment ago is moved
    here, if the recomputing hasn't come to it."""
    from kernel import lifecycle

    async with transaction():
        things = await _things({clock.subject for clock in due})
        mine = await _locked(things, wait=False)
        things = await _things(things)  # read again, now that nobody else can move them
        ids = [clock.id for clock in due if clock.subject in mine or clock.subject not in things]
        fresh = await Clock.filter(id__in=ids, next_alarm_at__lte=at).order_by("next_alarm_at", "id")
        shifts, rings = list["Note"](), list["Note"]()
        for clock in (one for one in fresh if one.subject in things):
            if not arithmetic.stands(clock, calendar):
                shifts += _shifted(clock, things[clock.subject], calendar, at)
                continue
            name, facts = _ring(clock, calendar, at)
            rings.append(lifecycle.Note(things[clock.subject], name, facts))
        lost = [clock for clock in fresh if clock.subject not in things]
        for clock in lost:
            log.error("a clock of nothing: `verify` says more", extra={"subject": clock.subject})
            clock.next_alarm_at = None
        if fresh:
            await Clock.bulk_update(fresh, fields=DERIVED if shifts else ["stage", "next_alarm_at"])
        await _note(shifts + rings, at)
    return len(shifts + rings)


async def _note(notes: Sequence["Note"], at: datetime) -> None:
    """On the chains, and to those who tell people."""
    from kernel import lifecycle

    if not notes:
        return
    entries = await lifecycle.record_locked(notes, at=at)
    told = zip(notes, entries, strict=True)
    await outbox.publish_all(
        [
            Event(topic=f"{note.thing.kind}.{note.name}", subject=entry.subject, seq=entry.seq, at=at)
            for note, entry in told
        ]
    )


async def _things(refs: Collection[str]) -> dict[str, Thing]:
    numbers: dict[type[Thing], list[str]] = {}
    for ref in refs:
        kind, no = kind_of(ref)
        numbers.setdefault(kind.model, []).append(no)
    return {thing.ref: thing for model, nos in numbers.items() for thing in await model.filter(no__in=nos)}


async def _locked(things: Mapping[str, Thing], *, wait: bool) -> set[str]:
    """The locks that moves take, many at once. Who holds many and doesn't `wait` for one can't stand in a ring."""
    roots: dict[type[Thing], set[int | None]] = {}
    for thing in things.values():
        model, root_id = thing.root()
        roots.setdefault(model, set()).add(root_id)
    taken: set[tuple[type[Thing], Any]] = set()
    for model, ids in roots.items():
        found = model.filter(id__in=ids).order_by("id").select_for_update(no_key=True, skip_locked=not wait)
        taken |= {(model, root.id) for root in await found.only("id")}  # values_list would drop the lock
    return {ref for ref, thing in things.items() if thing.root() in taken}


def _ring(clock: Clock, calendar: Calendar, at: datetime) -> tuple[str, dict[str, object]]:
    """What this alarm says, and when the next one is."""
    facts: dict[str, object] = {"step": clock.step, "span": clock.span}
    warned = arithmetic.warn_at(clock, calendar)
    expected = arithmetic.after_due(clock, clock.stage - 2, calendar) if clock.stage > 1 else clock.due_at
    expected = warned if clock.stage == 0 else expected
    ended = any(end == clock.next_alarm_at for _, end in arithmetic.intervals(clock.pauses))
    if ended and clock.next_alarm_at != expected:
        clock.next_alarm_at = arithmetic.next_alarm(clock, warned, calendar, at)
        return "run_again", facts
    if clock.due_at <= at:
        clock.stage = max(clock.stage, 1)  # the yellow that nobody was there to ring is past
    facts["rung"] = RUNGS.get(clock.stage) or f"late_{clock.stage - 1}"
    clock.stage += 1
    clock.next_alarm_at = arithmetic.next_alarm(clock, warned, calendar, at)
    return "alarm", facts


async def recompute(calendar: Calendar, *, at: datetime, since: date | None = None) -> list[str]:
    """After a calendar import: every open clock again by that one. Each shift is journaled, told, given as a sentence.

    `since`: the first day that changed. What ends before it can't move, so it isn't read."""
    shifts, last = list[str](), 0
    open_ = Clock.filter(stopped_at=None)
    if since is not None:
        open_ = open_.filter(due_at__gt=arithmetic.end_of(since - timedelta(days=1)))
    while clocks := await open_.filter(id__gt=last).order_by("id").limit(RECOMPUTE_BATCH):
        last, moved = clocks[-1].id, []
        certain: dict[bool, list[int]] = {False: [], True: []}  # by what `provisional` becomes, where nothing moves
        for clock in clocks:
            before, provisional = (clock.due_at, clock.next_alarm_at), clock.provisional
            arithmetic.derive(clock, calendar, at)
            if (clock.due_at, clock.next_alarm_at) != before:
                moved.append(clock)
            elif clock.provisional is not provisional:
                certain[clock.provisional].append(clock.id)
        for provisional, ids in certain.items():
            if ids:
                await Clock.filter(id__in=ids).update(provisional=provisional, calendar=calendar.revision)
        for first in range(0, len(moved), TOGETHER):
            shifts += await _shift_all(moved[first : first + TOGETHER], calendar, at)
    return shifts


@dataclass(frozen=True, slots=True)
class Shift:
    """A deadline that another table of days would move."""

    subject: str
    step: str
    before: datetime
    after: datetime


async def would_shift(
    calendar: Calendar, *, at: datetime, since: date | None, clocks_max: int
) -> tuple[int, bool, list[Shift]]:
    """What `recompute` would do, without a lock and without a word written: how many open clocks were looked at,
    whether that were all, and which of them would move."""
    if since is None:
        return 0, True, []
    open_ = Clock.filter(stopped_at=None, due_at__gt=arithmetic.end_of(since - timedelta(days=1)))
    looked, last, found = 0, 0, list[Shift]()
    while looked < clocks_max:
        clocks = await open_.filter(id__gt=last).order_by("id").limit(min(RECOMPUTE_BATCH, clocks_max - looked))
        if not clocks:
            return looked, True, found
        looked, last = looked + len(clocks), clocks[-1].id
        for clock in clocks:
            before = clock.due_at
            arithmetic.derive(clock, calendar, at)
            if clock.due_at != before:
                found.append(Shift(clock.subject, clock.step, before, clock.due_at))
    return looked, not await open_.filter(id__gt=last).exists(), found


async def _shift_all(moved: Sequence[Clock], calendar: Calendar, at: datetime) -> list[str]:
    """Under the lock each is read and computed again: a move may have been here meanwhile."""
    async with transaction():
        things = await _things({clock.subject for clock in moved})
        await _locked(things, wait=True)
        things = await _things(things)
        fresh = await Clock.filter(id__in=[clock.id for clock in moved], stopped_at=None).order_by("id")
        notes = [
            note for one in fresh if one.subject in things for note in _shifted(one, things[one.subject], calendar, at)
        ]
        if fresh:
            await Clock.bulk_update(fresh, fields=DERIVED)
        await _note(notes, at)
    return [words.shifted(note.thing.label, note.thing.no, note.facts) for note in notes]


def _shifted(clock: Clock, thing: Thing, calendar: Calendar, at: datetime) -> list["Note"]:
    """Computed again by that calendar; what is to be told of it, if it ends at another time now."""
    from kernel import lifecycle

    was = clock.due_at
    arithmetic.derive(clock, calendar, at)
    if clock.due_at == was:
        return []
    facts = {
        "step": clock.step, "span": clock.span, "calendar": clock.calendar, "provisional": clock.provisional,
        "due_before": was, "due": clock.due_at,
    }  # fmt: skip
    return [lifecycle.Note(thing, "shift", journal.plain(facts))]


async def open_count(at: datetime) -> dict[str, int]:
    """For metrics: clocks that are late to ring."""
    return {"due": await Clock.filter(next_alarm_at__lte=at - timedelta(minutes=1)).count()}
