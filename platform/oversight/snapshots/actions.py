"""The verbs of reports; `sealed` is what makes a snapshot one."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Unpack

import rfc8785

from kernel import numbering, secrets
from kernel.citytime import CITY
from kernel.database import transaction
from kernel.kinds import verbs
from kernel.lifecycle import Way, move
from kernel.permissions import Actor
from kernel.settings import settings
from oversight.snapshots import forms, queries
from oversight.snapshots.models import Report, Snapshot
from oversight.snapshots.rules import AlreadyFrozen
from oversight.snapshots.series import of as series_of


async def freeze(series: str, first: date, last: date, body: Mapping[str, Any], *, by: Actor, at: datetime) -> Report:
    """The first edition. Raises AlreadyFrozen; the counter's row lets one process after the other look."""
    async with transaction():
        number = await numbering.legal("report", at)
        if (other := await queries.of_period(series, first)) is not None:
            raise AlreadyFrozen(no=other.no)
        no = numbering.numbered(f"{Report.prefix}-{at.astimezone(CITY):%Y}", number)
        report, text = Report(no=no, region_path=settings().region_path), rfc8785.dumps(body)
        facts = forms.Frozen(series=series, since=first, until=last, sha256=digest(text))
        await move(report, "freeze", facts, by=by, at=at, version=0)
        await _kept(report, text, by, at)
    return report


async def correct(report: Report, facts: forms.Why, **way: Unpack[Way]) -> Report:
    """Counted anew by its series: a new edition beside the old ones, which nobody has checked yet."""
    body = await series_of(report.series).count(report.since, report.until, way["at"])
    async with transaction():
        text = rfc8785.dumps(body)
        told = forms.Corrected(reason=facts.reason, edition=report.edition + 1, sha256=digest(text))
        await move(report, "correct", told, **way)
        await _kept(report, text, way["by"], way["at"])
    return report


async def publish(report: Report, facts: forms.Checked, **way: Unpack[Way]) -> Report:
    return await move(report, "publish", facts, **way)


def digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def signature(no: str, edition: int, sha256: str) -> str:
    """HMAC-SHA-256 under a key that only this hall has and that outlives the sealing keys: bound to its place."""
    return hmac.new(secrets.derive("snapshot"), f"{no}\n{edition}\n{sha256}".encode(), hashlib.sha256).hexdigest()


async def _kept(report: Report, text: bytes, by: Actor, at: datetime) -> None:
    await Snapshot.create(
        report=report.no, edition=report.edition, at=at, by_id=by.id, body=text.decode(), sha256=report.sha256,
        signature=signature(report.no, report.edition, report.sha256),
    )  # fmt: skip


REPORT_VERBS = verbs(correct, publish)
