"""Every periodic job says when it last ran and how it went: a job that fails or stopped running is seen. Nobody waits
for a job before a screen, so on a busy hall it waits longer for the database than a request does."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from arq.cron import CronJob

from kernel.database import patient, transaction
from kernel.maintenance.models import Mode
from kernel.maintenance.queries import standing
from kernel.upkeep.models import JobRun

NOTE_EVERY_S = 30.0


def noted(job: CronJob) -> CronJob:
    """The same job; its end is noted, at most twice a minute where it goes well."""
    name, work = job.name.removeprefix("cron:"), job.coroutine
    return replace(job, coroutine=_noting(name, work))  # type: ignore[arg-type]


def _noting(name: str, work: Callable[..., Awaitable[Any]]) -> Callable[[dict[str, Any]], Awaitable[Any]]:
    last = 0.0

    async def run(ctx: dict[str, Any]) -> Any:
        nonlocal last
        begun = datetime.now(UTC)
        with patient():
            try:
                done = await work(ctx)
            except BaseException as wrong:
                await note(name, worker=ctx["worker"], begun=begun, problem=f"{type(wrong).__name__}: {wrong}")
                raise
            if monotonic() - last > NOTE_EVERY_S:
                last = monotonic()
                await note(name, worker=ctx["worker"], begun=begun)
        return done

    run.__qualname__ = name
    return run


async def note(name: str, *, worker: str, begun: datetime, problem: str = "") -> None:
    if (await standing()).mode is not Mode.OPEN:
        return
    told = {"worker": worker, "begun_at": begun, "ended_at": datetime.now(UTC), "problem": problem[:300]}
    async with transaction():
        row, _ = await JobRun.get_or_create(name=name, defaults=told)
        await JobRun.filter(id=row.id).update(**told, failures=row.failures + 1 if problem else 0)
