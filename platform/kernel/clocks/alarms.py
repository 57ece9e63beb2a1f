"""One sweep by the index of what rings next: its cost grows with what is due, not with what is open."""

from datetime import datetime, timedelta

from kernel import outbox
from kernel.calendar import Calendar, current
from kernel.clocks import arithmetic
from kernel.clocks.models import Clock
from kernel.database import transaction
from kernel.kinds import kind_of
from kernel.models import Thing

BATCH = 500
RECOMPUTE_BATCH = 2_000
RUNGS = {0: "warn", 1: "due"}


async def sweep(*, at: datetime, worker: str = "", batch: int = BATCH) -> int:
    """Ring what is due: a quiet entry on the thing's chain and an event for those who tell people. How many rang."""
    from kernel import lifecycle

    calendar, rung = await current(), 0
    due = await Clock.filter(next_alarm_at__lte=at).order_by("next_alarm_at", "id").limit(batch)
    for clock in due:
        kind, no = kind_of(clock.subject)
        async with transaction():
            thing = await kind.load(no)
            await lifecycle.lock(thing)
            fresh = await Clock.get(id=clock.id)
            if fresh.next_alarm_at is None or fresh.next_alarm_at > at:
                continue  # another sweep, or a move, was here first
            name, facts = _ring(fresh, calendar, at)
            await fresh.save(force_update=True, update_fields=["stage", "next_alarm_at"])
            await lifecycle.record(thing, name, facts, at=at)
            await outbox.publish(f"{thing.kind}.{name}", thing.ref, thing.version, at)
        rung += 1
    return rung


def _ring(clock: Clock, calendar: Calendar, at: datetime) -> tuple[str, dict[str, object]]:
    """What this alarm says, and when the next one is."""
    facts: dict[str, object] = {"step": clock.step, "span": clock.span}
    pauses = arithmetic.intervals(clock.pauses)
    expected = arithmetic.warn_at(clock, calendar) if clock.stage == 0 else clock.due_at
    if any(end == clock.next_alarm_at for _, end in pauses) and clock.next_alarm_at != expected:
        clock.next_alarm_at = arithmetic.next_alarm(clock, calendar, at)
        return "run_again", facts
    if clock.due_at <= at:
        clock.stage = 1  # the yellow that nobody was there to ring is past
    facts["rung"] = RUNGS[clock.stage]
    clock.stage += 1
    clock.next_alarm_at = arithmetic.next_alarm(clock, calendar, at)
    return "alarm", facts


async def recompute(*, at: datetime) -> list[str]:
    """After a calendar import: every open clock again. Each shift is journaled, told and given as a sentence."""
    calendar, shifts, last = await current(), [], 0
    while clocks := await Clock.filter(stopped_at=None, id__gt=last).order_by("id").limit(RECOMPUTE_BATCH):
        last = clocks[-1].id
        before = {clock.id: (clock.due_at, clock.provisional) for clock in clocks}
        for clock in clocks:
            arithmetic.derive(clock, calendar, at)
        moved = [clock for clock in clocks if clock.due_at != before[clock.id][0]]
        other = [clock for clock in clocks if clock.due_at == before[clock.id][0]]
        unsure = [clock for clock in other if clock.provisional != before[clock.id][1]]
        if unsure:
            await Clock.bulk_update(unsure, fields=["provisional", "calendar"])
        shifts += [await _shift(clock, before[clock.id][0], at) for clock in moved]
    return shifts


async def _shift(clock: Clock, before: datetime, at: datetime) -> str:
    from kernel import lifecycle

    kind, no = kind_of(clock.subject)
    async with transaction():
        thing: Thing = await kind.load(no)
        await clock.save(force_update=True)
        facts = {"step": clock.step, "span": clock.span, "calendar": clock.calendar, "provisional": clock.provisional}
        await lifecycle.record(thing, "shift", facts, at=at)
        await outbox.publish(f"{thing.kind}.shift", thing.ref, thing.version, at)
    old, new = arithmetic.last_day(before), arithmetic.last_day(clock.due_at)
    return f"{kind.model.label} {no}：{old} 改为 {new}"


async def open_count(at: datetime) -> dict[str, int]:
    """For metrics: clocks that are late to ring."""
    return {"due": await Clock.filter(next_alarm_at__lte=at - timedelta(minutes=1)).count()}
