"""A trial of a policy in pieces: each is saved, so a worker that dies costs one piece, and a large hall waits for
nobody's request."""

from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from hotline.policies import limits, queries, replaying
from hotline.policies.models import Replay
from hotline.tickets import queries as tickets
from hotline.tickets.models import Ticket
from kernel.clocks import queries as clocks
from kernel.clocks.models import Clock
from kernel.clocks.replay import Replay as Calendars

BATCH, LISTED_MAX = 300, 500
LEASE, WORK_S = timedelta(minutes=2), 40.0


async def replay(ctx: dict[str, Any]) -> int:
    """What still waits, the oldest first; for as long as one turn of a worker may last."""
    ends, done = monotonic() + WORK_S, 0
    for one in await queries.unfinished(datetime.now(UTC)):
        if monotonic() < ends:
            done += await work(one, worker=str(ctx["worker"]), at=datetime.now(UTC), ends=ends)
    return done


async def work(replay: Replay, *, worker: str, at: datetime, ends: float | None = None, batch: int = BATCH) -> int:
    """Pieces until the time is over; without `ends` one piece. How many tickets were judged."""
    if not await queries.claim(replay, worker=worker, until=at + LEASE, at=at):
        return 0
    done, calendars = 0, Calendars()
    while True:
        done += await _piece(replay, calendars, at, batch)
        if replay.finished_at is not None or ends is None or monotonic() >= ends:
            break
    replay.claimed_by, replay.claimed_until = None, None
    await replay.save(update_fields=["claimed_by", "claimed_until"])
    return done


async def _piece(replay: Replay, calendars: Calendars, at: datetime, batch: int) -> int:
    found = await tickets.registered_on(replay.starts, replay.ends, after=replay.reached, limit=batch)
    verdicts: list[replaying.Verdict] = []
    for ticket, clock in await _clocks(found):
        own = await queries.document_if_known(clock.policy)
        column = limits.column_of(ticket.type, ticket.urgency)
        calendar = await calendars.calendar(clock.calendar)
        verdict = replaying.judged(clock, column, own, replay.document, calendar, replay.asked_at)
        if verdict is None:
            continue
        verdicts.append(verdict)
        if verdict.changes:
            replay.changed_count += 1
            if len(replay.changed) < LISTED_MAX:
                replay.changed = [*replay.changed, _told(ticket, verdict)]
    replay.tally = replaying.tallied(verdicts, replay.tally)
    replay.done += len(found)
    replay.reached = found[-1].id if found else replay.reached
    replay.finished_at = at if len(found) < batch else None
    replay.claimed_until = at + LEASE
    names = ["tally", "changed", "changed_count", "done", "reached", "finished_at", "claimed_until"]
    await replay.save(update_fields=names)
    return len(found)


async def _clocks(found: list[Ticket]) -> list[tuple[Ticket, Clock]]:
    """Each with the ticket that it belongs to, be it its own or an agency's."""
    of = {ticket.ref: ticket for ticket in found}
    by_id = {ticket.id: ticket for ticket in found}
    of |= {share.ref: by_id[share.ticket_id] for share in await tickets.shares_of_all([*by_id])}
    return [(of[clock.subject], clock) for clock in await clocks.of([*of])]


def _told(ticket: Ticket, verdict: replaying.Verdict) -> list[str]:
    due_now = verdict.due_now.isoformat() if verdict.due_now else ""
    turn = "late" if verdict.late_now else "met"
    return [ticket.no, verdict.step, verdict.due_then.isoformat(), due_now, turn]
