"""Tables of reports and of what they say."""

from typing import ClassVar

from tortoise import fields
from tortoise.models import Model

from kernel.fields import UtcDatetimeField
from kernel.models import Thing
from oversight.snapshots.states import REPORT_MOVES, ReportState


class Report(Thing):
    """报表: one series in one period. Its journal names the fingerprint of every edition."""

    kind, label, moves = "report", "报表", REPORT_MOVES
    prefix = "5200"

    state = fields.CharEnumField(ReportState, "", max_length=10)
    series = fields.CharField(max_length=40)
    since = fields.DateField()
    until = fields.DateField()
    edition = fields.IntField()
    sha256 = fields.CharField(max_length=64)

    class Meta:
        table = "oversight_report"
        unique_together = (("series", "since"),)


class Snapshot(Model):
    """冻结快照: definitions with their versions, parameters and rows as RFC 8785 JSON; never updated, never deleted."""

    append_only: ClassVar[tuple[str, ...]] = ()
    id = fields.BigIntField(primary_key=True)
    report = fields.CharField(max_length=48)  # its number
    edition = fields.IntField()
    at = UtcDatetimeField()
    by_id = fields.IntField()
    body = fields.TextField()
    sha256 = fields.CharField(max_length=64)
    signature = fields.CharField(max_length=64)

    class Meta:
        table = "oversight_snapshot"
        unique_together = (("report", "edition"),)
