"""What the keepers' pages show."""

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from kernel.module import installed
from kernel.settings import Settings, settings
from kernel.upkeep.kept import Kept
from kernel.upkeep.models import Alarm, JobRun, KeepPeriod

LATE = timedelta(minutes=10)
SHOWN = 100
HIDDEN_NAMES = frozenset({"database_url", "redis_url", "search_url", "smtp_url"})  # they may hold a password


@dataclass(frozen=True, slots=True)
class Disk:
    label: str
    path: Path
    free: int
    total: int


@dataclass(frozen=True, slots=True)
class InForce:
    name: str
    label: str
    value: str
    given: bool  # not the default


async def job_runs() -> list[JobRun]:
    return await JobRun.all().order_by("name")


async def alarms() -> tuple[list[Alarm], list[Alarm]]:
    """(what is wrong now, what was mended lately)."""
    mended = Alarm.exclude(cleared_at=None).order_by("-cleared_at").limit(SHOWN)
    return await Alarm.filter(cleared_at=None).order_by("raised_at"), await mended


async def worker_is_late(at: datetime) -> bool:
    """Whether no job has ended for a while: no worker runs, or it can't write."""
    newest = await JobRun.all().order_by("-ended_at").first()
    return newest is not None and at - newest.ended_at > LATE


async def figures() -> dict[str, int]:
    """For the metrics: alarms that stand, jobs that failed last time, seconds since a job last ended well."""
    rows = await JobRun.all()
    newest = max((row.ended_at.timestamp() for row in rows if not row.problem), default=0.0)
    return {
        "alarms": await Alarm.filter(cleared_at=None).count(),
        "failing_jobs": sum(1 for row in rows if row.problem),
        "last_job_timestamp": int(newest),
    }


def disks() -> list[Disk]:
    places = {"数据目录": settings().home, "变更记录": settings().changes_dir}
    found = []
    for label, path in places.items():
        if path is not None and path.exists():
            usage = shutil.disk_usage(path)
            found.append(Disk(label, path, usage.free, usage.total))
    return found


def in_force() -> list[InForce]:
    """Every setting as this process runs with it; what is secret or may hold a password isn't shown."""
    now = settings()
    given = {name for name in now.model_fields_set if getattr(now, name) != Settings.model_fields[name].default}
    return [
        InForce(f"SUNHALL_{name.upper()}", field.description or "", _shown(name, getattr(now, name)), name in given)
        for name, field in Settings.model_fields.items()
    ]


def _shown(name: str, value: Any) -> str:
    if value is None or value in ("", ()):
        return "（空）"
    if isinstance(value, SecretStr) or (name in HIDDEN_NAMES and "@" in str(value)):
        return "（已设置，不显示）"
    return str(value)


def everything() -> list[Kept]:
    return [kept for module in installed() for kept in module.retention]


def kept(name: str) -> Kept | None:
    return next((one for one in everything() if one.name == name), None)


async def periods() -> dict[str, timedelta]:
    """What the city has set, by name."""
    rows = await KeepPeriod.all().order_by("id")
    return {row.name: timedelta(days=row.days) for row in rows}
