"""Alarms are raised and cleared; periods of retention are set."""

import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import datetime

from kernel import outbox
from kernel.database import transaction
from kernel.edge import security
from kernel.errors import FormRejected
from kernel.inbox import actions as telling
from kernel.models import Event
from kernel.outbox import Consumer
from kernel.people.permissions import P
from kernel.permissions import SYSTEM, Actor
from kernel.upkeep import queries
from kernel.upkeep.models import Alarm, KeepPeriod

FIGURES = re.compile(r"\d+")
Problem = tuple[str, str, str]  # part, problem, what mends it


async def keep(
    problems: Sequence[Problem], *, at: datetime, of: Callable[[str], bool] = lambda part: True
) -> tuple[int, int]:
    """(raised, cleared): what is new is told to the administrators once, what is mended is noted.

    `of`: whether a part was looked at; alarms of the others stand as they are."""
    now = {_key(part, problem): (part, problem, mend) for part, problem, mend in problems}
    async with transaction():
        known = {alarm.key: alarm for alarm in await Alarm.filter(cleared_at=None) if of(alarm.part)}
        for key in now.keys() - known.keys():
            part, problem, mend = now[key]
            alarm = await Alarm.create(key=key, part=part, problem=problem[:300], mend=mend[:300], raised_at=at)
            await outbox.publish("upkeep.noticed", f"alarm:{alarm.id}", 1, at)
            await security.log("alarm", actor_id=SYSTEM.id, at=at, part=part, alarm=alarm.id)
        for key in now.keys() & known.keys():
            await Alarm.filter(id=known[key].id).update(problem=now[key][1][:300], mend=now[key][2][:300])
        gone = [alarm.id for key, alarm in known.items() if key not in now]
        if gone:
            await Alarm.filter(id__in=gone).update(cleared_at=at)
    return len(now.keys() - known.keys()), len(gone)


async def tell(event: Event) -> None:
    alarm = await Alarm.get(id=int(event.subject.partition(":")[2]))
    title = f"{alarm.part}：{alarm.problem}"
    await telling.tell_holders(P.HALL_WATCH, "/", event=event, title=title, url="/admin/running")


async def set_period(name: str, days: int, basis: str, *, by: Actor, at: datetime) -> None:
    """Raises FormRejected below what the law wants at least."""
    if by is not SYSTEM:  # whoever holds the machine's shell
        by.must(P.RETENTION_SET, "/")
    kept = queries.kept(name)
    if kept is None or kept.period is None:
        raise FormRejected({"name": f"没有名为“{name}”、可以改期限的数据。"})
    if days < kept.at_least.days:
        raise FormRejected({"days": f"“{kept.label}”至少保存 {kept.at_least.days} 天（{kept.basis}）。"})
    await KeepPeriod.create(name=name, days=days, basis=basis, set_by=by.id, set_at=at)
    await security.log("retention_set", actor_id=by.id, at=at, name=name, days=days)


def _key(part: str, problem: str) -> str:
    return hashlib.sha256(f"{part}:{FIGURES.sub('', problem)}".encode()).hexdigest()


TELL = Consumer(name="upkeep.noticed", topics=("upkeep.noticed",), handle=tell)
