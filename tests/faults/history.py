"""A history of what clients asked and were told, and what is wrong with it beside the journal that was left."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

OK, REFUSED, UNKNOWN = "ok", "refused", "unknown"


@dataclass(frozen=True, slots=True)
class Op:
    """One request: about which ticket, with what mark, on which version; when it began and ended (monotonic)."""

    about: str
    mark: str
    version: int
    began: float
    ended: float
    outcome: str
    told: int = 0  # the version after it, where it is acknowledged


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of a ticket's journal; `mark` is empty for what no client asked."""

    about: str
    seq: int
    mark: str


def problems(ops: list[Op], lines: list[Line]) -> list[str]:
    """Nothing, if every ticket behaves like one register that is compared and set."""
    journal, asked = defaultdict[str, list[Line]](list), defaultdict[str, list[Op]](list)
    for line in lines:
        journal[line.about].append(line)
    for op in ops:
        asked[op.about].append(op)
    found = [f"{about}: nobody asked for it" for about in journal.keys() - asked.keys()]
    for about, mine in asked.items():
        found += [f"{about}: {problem}" for problem in _of_one(mine, journal[about])]
    return found


def _of_one(ops: list[Op], lines: list[Line]) -> Iterator[str]:
    seqs = [line.seq for line in lines]
    if seqs != list(range(1, len(seqs) + 1)):
        yield f"versions don't rise by one: {seqs}"
    times = Counter(line.mark for line in lines if line.mark)
    for mark in times.keys() - {op.mark for op in ops}:
        yield f"{mark} was never asked"
    place = {line.mark: line.seq for line in lines if line.mark}
    for op in ops:
        yield from _of_op(op, times[op.mark], place.get(op.mark, 0))
    yield from _out_of_order(ops, place)
    yield from _refused_without_cause(ops, place)


def _of_op(op: Op, times: int, seq: int) -> Iterator[str]:
    if op.outcome == OK and times != 1:
        yield f"{op.mark} is acknowledged and there {times} times"
    if op.outcome == REFUSED and times:
        yield f"{op.mark} is refused and there"
    if op.outcome == UNKNOWN and times > 1:
        yield f"{op.mark} is there {times} times"
    if times and seq != op.version + 1:
        yield f"{op.mark} was decided on version {op.version} and became {seq}: a stale one was accepted"
    if op.outcome == OK and op.told != seq:
        yield f"{op.mark} was told {op.told} and is {seq}"


def _out_of_order(ops: list[Op], place: dict[str, int]) -> Iterator[str]:
    """What had ended before another began comes before it."""
    there = [op for op in ops if op.mark in place]
    for first in there:
        for second in there:
            if first.outcome == OK and first.ended < second.began and place[first.mark] > place[second.mark]:
                yield f"{first.mark} had ended before {second.mark} began and stands after it"


def _refused_without_cause(ops: list[Op], place: dict[str, int]) -> Iterator[str]:
    """Somebody else's step has taken the version, and had begun before the refusal."""
    for op in ops:
        if op.outcome == REFUSED and not any(
            place.get(other.mark, 0) > op.version and other.began < op.ended for other in ops
        ):
            yield f"{op.mark} on version {op.version} is refused although nobody was before it"
