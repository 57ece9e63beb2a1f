"""Every read; visibility is part of the query."""

import json
from datetime import date
from typing import Any

from tortoise.queryset import QuerySet

from kernel.errors import NotFound
from kernel.models import Entry
from kernel.permissions import Actor
from kernel.scopes import within
from oversight.permissions import P
from oversight.snapshots.models import Report, Snapshot


def visible_to(actor: Actor) -> QuerySet[Report]:
    """Whoever reads reports, over its region; the machine sees what it froze."""
    if actor.kind == "system":
        return Report.all()
    return Report.filter(within("region_path", actor.powers.get(P.REPORT_READ, ())))


async def one(actor: Actor, no: str) -> Report:
    report = await visible_to(actor).get_or_none(no=no)
    if report is None:
        raise NotFound(what="该报表")
    return report


async def newest(actor: Actor, series: str, limit: int) -> list[Report]:
    return await visible_to(actor).filter(series=series).order_by("-since").limit(limit)


async def of_period(series: str, first: date) -> Report | None:
    return await Report.get_or_none(series=series, since=first)


async def editions(report: Report) -> list[Snapshot]:
    """Newest first."""
    return await Snapshot.filter(report=report.no).order_by("-edition")


async def snapshot(report: Report, edition: int) -> Snapshot:
    found = await Snapshot.get_or_none(report=report.no, edition=edition)
    if found is None:
        raise NotFound(what="该版")
    return found


async def reasons(report: Report) -> dict[int, str]:
    """Edition → why it was made."""
    told = await Entry.filter(subject=report.ref, move="correct").order_by("seq")
    return {entry.facts["edition"]: entry.facts["reason"] for entry in told}


def said(snapshot: Snapshot) -> dict[str, Any]:
    """What it holds."""
    body: dict[str, Any] = json.loads(snapshot.body)
    return body


async def following(last: int, limit: int) -> list[Report]:
    """All there are, a batch at a time, whoever asks."""
    return await Report.filter(id__gt=last).order_by("id").limit(limit)


async def count() -> int:
    return await Report.all().count()


async def without_a_report() -> list[str]:
    """Numbers under which there are snapshots only."""
    known = {str(no) for no in await Report.all().values_list("no", flat=True)}
    kept = {str(no) for no in await Snapshot.all().distinct().values_list("report", flat=True)}
    return sorted(kept - known)
