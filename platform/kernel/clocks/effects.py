"""What moves do to clocks. Prepared before the journal entry is written, so that the entry tells everything."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kernel.calendar import Calendar, current
from kernel.clocks import arithmetic
from kernel.clocks.limits import Limit
from kernel.clocks.models import Clock

if TYPE_CHECKING:
    from kernel.models import Thing

Until = str | Callable[[Any, Any, datetime], Awaitable[datetime]]  # the name of a fact, or how to find out


@dataclass(frozen=True, slots=True)
class Start:
    """From now; `since` names the fact that holds an earlier beginning, if it holds one."""

    step: str
    since: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    """Nothing happens where that clock doesn't run: a reply ends the first contact's, the handling's or the redo's."""

    step: str


@dataclass(frozen=True, slots=True)
class StopAll:
    pass


@dataclass(frozen=True, slots=True)
class Pause:
    """From now until then, planned; `Resume` ends it early."""

    step: str
    until: Until


@dataclass(frozen=True, slots=True)
class Resume:
    step: str


@dataclass(frozen=True, slots=True)
class Reopen:
    """Back from review: the time there was a stop; what remains is at least the policy's `fix_min`."""

    step: str


@dataclass(frozen=True, slots=True)
class Renew:
    """Class or urgency changed: a new span from the same start; pauses and what was granted are carried over.

    `since` names the fact that holds another start, taken when it is earlier. `within` finds how many of the newest
    extensions lie inside the new limit, so that they don't count on top of it."""

    step: str
    since: str = ""
    within: Callable[[Any, Any], int] | None = None


@dataclass(frozen=True, slots=True)
class Extend:
    """A granted extension (延期): `amount` names the fact that holds the number of working days, or finds it."""

    step: str
    amount: str | Callable[[Any], int]


Effect = Start | Stop | StopAll | Pause | Resume | Reopen | Renew | Extend


@dataclass(slots=True)
class Prepared:
    """`told` goes into the entry's facts; `write` saves the rows in the same transaction."""

    told: dict[str, Any] = field(default_factory=dict)
    clocks: list[Clock] = field(default_factory=list)
    changed: list[Clock] = field(default_factory=list)

    @property
    def touched(self) -> bool:
        return bool(self.told)

    @property
    def due_at(self) -> datetime | None:
        """The nearest of the thing's open clocks."""
        return min((clock.due_at for clock in self.clocks if clock.running), default=None)

    async def write(self) -> None:
        new = [clock for clock in self.changed if clock.pk is None]
        if new:
            await Clock.bulk_create(new)
        for clock in self.changed:
            if clock.pk is not None and not any(clock is one for one in new):
                await clock.save(force_update=True)


async def prepare(effects: Iterable[Effect], thing: "Thing", facts: Any, at: datetime) -> Prepared:
    """Look at the thing's clocks and say what these effects make of them; nothing is written yet."""
    wanted = list(effects)
    if not wanted:
        return Prepared()
    clocks = await Clock.filter(subject=thing.ref).order_by("id") if thing.version else []
    told: dict[str, Any] = {}
    for effect in wanted:
        for name, item in await _told(effect, thing, facts, clocks, at):
            told.setdefault(name, []).append(item)
    if not told:
        return Prepared(clocks=clocks)
    calendar = await current()
    told["calendar"] = calendar.revision
    prepared = Prepared(told, clocks)
    prepared.changed = play(told, thing.ref, clocks, calendar, at)
    return prepared


async def _told(  # noqa: PLR0911 (one return an effect)
    effect: Effect, thing: "Thing", facts: Any, clocks: list[Clock], at: datetime
) -> list[tuple[str, dict[str, Any]]]:
    """An effect in words that a stranger can replay; empty when there is nothing that it fits."""
    if isinstance(effect, Start):
        limit = await thing.limit(effect.step)
        return [("start", {"step": effect.step} | _since(effect.since, facts, at) | _limit(limit))] if limit else []
    if isinstance(effect, StopAll):
        return [("stop", {"step": clock.step}) for clock in clocks if clock.running]
    clock = _newest(clocks, effect.step)
    if clock is None or clock.replaced or (clock.running is isinstance(effect, Reopen)):
        return []
    step = {"step": effect.step}
    match effect:
        case Stop():
            return [("stop", step)]
        case Pause():
            found = getattr(facts, effect.until) if isinstance(effect.until, str) else None
            until = found or await effect.until(thing, facts, at)  # type: ignore[operator]
            return [] if arithmetic.paused_until(clock, at) else [("pause", step | {"until": _instant(until)})]
        case Resume():
            return [("resume", step)] if arithmetic.paused_until(clock, at) else []
        case Reopen():
            return [("reopen", step | {"floor": clock.fix_min})]
        case Extend():
            days = getattr(facts, effect.amount) if isinstance(effect.amount, str) else effect.amount(thing)
            return [("extend", step | {"amount": days})]
    limit = await thing.limit(effect.step)
    within = {"within": effect.within(thing, facts)} if effect.within else {}
    return [("renew", step | within | _since(effect.since, facts, clock.started_at) | _limit(limit))] if limit else []


def play(told: dict[str, Any], subject: str, clocks: list[Clock], calendar: Calendar, at: datetime) -> list[Clock]:
    """Apply one entry's clock effects to `clocks` (which grows); used by the moves and by the replay alike."""
    changed: list[Clock] = []
    for item in told.get("stop", ()):  # first: one move may end a round and begin the next
        changed.append(_there(clocks, item))
        _change(changed[-1], "stop", item, at)
    for item in told.get("renew", ()):
        old = _there(clocks, item)
        new = _span(subject, clocks, item, _start(item, old.started_at))
        new.pauses, new.stops, new.floors = old.pauses, old.stops, old.floors
        new.extended = old.extended[: max(len(old.extended) - item.get("within", 0), 0)]
        old.stopped_at, old.replaced = at, True
        clocks.append(new)
        changed += [old, new]
    for item in told.get("start", ()):
        clocks.append(_span(subject, clocks, item, _start(item, at)))
        changed.append(clocks[-1])
    for name in ("pause", "resume", "reopen", "extend"):
        for item in told.get(name, ()):
            changed.append(_there(clocks, item))
            _change(changed[-1], name, item, at)
    for clock in changed:
        arithmetic.derive(clock, calendar, at)
    return list({id(clock): clock for clock in changed}.values())


def _change(clock: Clock, name: str, item: dict[str, Any], at: datetime) -> None:
    match name:
        case "stop":
            clock.stopped_at = at
            clock.pauses = [[begin, min(end, _instant(at))] for begin, end in clock.pauses]
        case "pause":
            clock.pauses = [*clock.pauses, [_instant(at), item["until"]]]
        case "resume":
            clock.pauses = [[begin, min(end, _instant(at))] for begin, end in clock.pauses]
        case "reopen":
            assert clock.stopped_at is not None
            clock.stops = [*clock.stops, [_instant(clock.stopped_at), _instant(at)]]
            clock.stopped_at = None
            if item["floor"]:
                clock.floors = [*clock.floors, [_instant(at), *item["floor"]]]
        case "extend":
            clock.extended = [*clock.extended, [item["amount"], "wd"]]


def _span(subject: str, clocks: list[Clock], item: dict[str, Any], start: datetime) -> Clock:
    number = sum(clock.step == item["step"] for clock in clocks) + 1
    return Clock(
        subject=subject, step=item["step"], span=number, budget=item["budget"], policy=item["policy"],
        warn=item["warn"], fix_min=item["fix_min"], ladder=item.get("ladder", []),
        started_at=start, pauses=[], stops=[], floors=[], extended=[],
        calendar=0, due_at=start,
    )  # fmt: skip


def _since(name: str, facts: Any, at: datetime) -> dict[str, str]:
    """An earlier beginning than the usual one, for the record."""
    since: datetime | None = getattr(facts, name) if name else None
    return {"since": _instant(since)} if since is not None and since < at else {}


def _start(item: dict[str, Any], usual: datetime) -> datetime:
    return datetime.fromisoformat(item["since"]) if "since" in item else usual


def _newest(clocks: list[Clock], step: str) -> Clock | None:
    return max((clock for clock in clocks if clock.step == step), key=lambda clock: clock.span, default=None)


def _there(clocks: list[Clock], item: dict[str, Any]) -> Clock:
    clock = _newest(clocks, item["step"])
    assert clock is not None, f"no clock of {item['step']}"
    return clock


def _limit(limit: Limit) -> dict[str, Any]:
    fix_min = list(limit.fix_min) if limit.fix_min else None
    budget = [list(span) for span in limit.budget]
    told = {"budget": budget, "policy": limit.policy, "warn": limit.warn, "fix_min": fix_min}
    return told | {"ladder": [*limit.ladder]} if limit.ladder else told


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
