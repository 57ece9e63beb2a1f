"""Reads of calls: the one that a desk has in hand, those that nobody answered, how well they were called back."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from hotline.calls.models import Call, CallTicket, Handover, Line
from hotline.permissions import P
from kernel import secrets
from kernel.permissions import Actor
from kernel.upkeep.kept import delete_some

CALL_BACK_WITHIN = timedelta(hours=2)  # 漏接电话回拨: 国办函〔2025〕66号 (四) asks for it, the two hours are ours
LISTED_FOR = timedelta(days=7)
POPPED_FOR = timedelta(hours=8)  # an exchange that never told the end of a call doesn't hold a desk for ever
ROWS_MAX = 100
MISSED = Q(inbound=True, answered_at=None, hangup_at__isnull=False)


@dataclass(frozen=True, slots=True)
class Popped:
    """What the desk shows of a call: the line it came in on, the number (empty where withheld)."""

    call: Call
    phone: str
    line: Line | None

    @property
    def over(self) -> bool:
        return self.call.hangup_at is not None or self.call.outcome is not None

    @property
    def state(self) -> str:
        if self.over:
            return "已挂断" if self.call.hangup_at else "已结束"
        return "通话中" if self.call.answered_at else "正在响铃"


@dataclass(frozen=True, slots=True)
class Missed:
    """Who is to be called back: the first of their calls that nobody took since they last were spoken to."""

    call: Call
    phone: str
    due_at: datetime
    late: bool
    times: int


@dataclass(frozen=True, slots=True)
class Came:
    """Calls that came in, and of these answered and missed; what still rings is neither."""

    offered: int
    answered: int
    missed: int


@dataclass(frozen=True, slots=True)
class OfDay:
    """Since midnight; and who waits now, on the line or for a call."""

    came: Came
    waiting: int
    to_call_back: int


@dataclass(frozen=True, slots=True)
class CalledBack:
    """漏接回拨率: called back within two hours / missed, over those whose two hours are over or who were called."""

    in_time: int
    missed: int


async def of_desk(actor: Actor, at: datetime, *, call: int | None = None) -> Popped | None:
    """The call that this operator has: the one asked for, else the newest that hasn't ended."""
    mine = Call.filter(agent_id=actor.id, inbound=True)
    if call is None:
        mine = mine.filter(hangup_at=None, outcome=None, offered_at__gt=at - POPPED_FOR)
    else:
        mine = mine.filter(id=call)
    found = await mine.order_by("-offered_at", "-id").first()
    if found is None:
        return None
    return Popped(found, number(found), await Line.get_or_none(dnis=found.dnis))


async def of_call(call: int) -> list[str]:
    """Numbers of the tickets that it became, the first one first."""
    return [str(no) for no in await CallTicket.filter(call_id=call).order_by("id").values_list("ticket", flat=True)]


async def missed(at: datetime) -> list[Missed]:
    """Who is to be called back, the longest waiting first, each once; who withheld the number can't be, and who rang
    again and was answered needn't."""
    waiting = Call.filter(MISSED, outcome=None, called_back_at=None, phone_index__isnull=False)
    rows = await waiting.filter(offered_at__gt=at - LISTED_FOR).order_by("hangup_at", "id").limit(ROWS_MAX)
    spoken = await _last_spoken([str(row.phone_index) for row in rows])
    of_caller: dict[str, list[Call]] = {}
    for row in rows:
        assert row.hangup_at is not None
        since = spoken.get(str(row.phone_index))
        if since is None or since < row.hangup_at:
            of_caller.setdefault(str(row.phone_index), []).append(row)
    found = []
    for first, *others in of_caller.values():
        assert first.hangup_at is not None
        due = first.hangup_at + CALL_BACK_WITHIN
        found.append(Missed(first, number(first), due, late=due < at, times=1 + len(others)))
    return found


async def _last_spoken(indexes: Collection[str]) -> dict[str, datetime]:
    """Number → when somebody last answered its call."""
    answered = Call.filter(phone_index__in=list(indexes), inbound=True, answered_at__isnull=False)
    rows = await answered.order_by("answered_at").values_list("phone_index", "answered_at")
    return {str(index): moment for index, moment in rows}


async def withheld(at: datetime) -> int:
    return await Call.filter(MISSED, phone_index=None, offered_at__gt=at - LISTED_FOR).count()


async def called_back(at: datetime) -> CalledBack:
    """Of the last seven days; the base is every missed call with a number."""
    rows = await Call.filter(MISSED, phone_index__isnull=False, offered_at__gt=at - LISTED_FOR).values_list(
        "hangup_at", "called_back_at"
    )
    in_time = sum(back is not None and back - end <= CALL_BACK_WITHIN for end, back in rows)
    return CalledBack(in_time, len(rows))


async def in_period(since: datetime, until: datetime) -> Came:
    came = Call.filter(inbound=True, offered_at__gte=since, offered_at__lt=until)
    answered = await came.filter(answered_at__not_isnull=True).count()
    return Came(offered=await came.count(), answered=answered, missed=await came.filter(MISSED).count())


async def of_day(midnight: datetime, at: datetime) -> OfDay:
    ringing = Call.filter(inbound=True, answered_at=None, hangup_at=None, outcome=None)
    return OfDay(
        came=await in_period(midnight, at),
        waiting=await ringing.filter(offered_at__gt=at - POPPED_FOR).count(),
        to_call_back=len(await missed(at)),
    )


def number(call: Call) -> str:
    return secrets.unseal(call.phone, **call.sealed["phone"](call)) if call.phone else ""


async def handovers(limit: int = 10) -> list[tuple[Handover, str]]:
    """The newest notes, in clear."""
    rows = await Handover.all().order_by("-id").limit(limit)
    return [(row, secrets.unseal(row.note, **row.sealed["note"](row))) for row in rows]


async def handover(wanted: int) -> Handover | None:
    return await Handover.get_or_none(id=wanted)


async def one(wanted: int) -> Call | None:
    return await Call.get_or_none(id=wanted)


def to_confirm(wanted: int) -> QuerySet[Handover]:
    return Handover.filter(id=wanted, confirmed_at=None)


def of_exchange(cti_id: str) -> QuerySet[Call]:
    return Call.filter(cti_id=cti_id)


def missed_of(phone_index: str, before: datetime) -> QuerySet[Call]:
    """The unanswered calls of that number which a call back settles."""
    return Call.filter(MISSED, phone_index=phone_index, called_back_at=None, hangup_at__lte=before)


def those(ids: Collection[Any]) -> QuerySet[Call]:
    return Call.filter(id__in=list(ids))


def every(actor: Actor) -> QuerySet[Call]:
    """Of whom the figures are: who may read those sees when calls came and ended, never a number."""
    return Call.all() if actor.may_anywhere(P.KPI_READ) else Call.filter(id__in=[])


def before(moment: str, at: datetime) -> Q:
    """Where that column has nothing yet, or a later word than this."""
    nothing: dict[str, Any] = {moment: None}
    later: dict[str, Any] = {f"{moment}__gt": at}
    return Q(**nothing) | Q(**later)


async def clear_calls(past: datetime, limit: int) -> int:
    return await delete_some(Call.filter(offered_at__lt=past), limit)


async def clear_links(past: datetime, limit: int) -> int:
    return await delete_some(CallTicket.filter(at__lt=past), limit)


async def clear_handovers(past: datetime, limit: int) -> int:
    return await delete_some(Handover.filter(at__lt=past), limit)
