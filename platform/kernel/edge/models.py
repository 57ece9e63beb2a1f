"""Tables of the edge: counters of the rates, and the security log."""

from typing import Any, ClassVar

from tortoise import fields
from tortoise.models import Model

from kernel.fields import UtcDatetimeField


class RateCount(Model):
    """How often in one bucket of a window; `who` is a keyed hash, never an address or a name."""

    id = fields.BigIntField(primary_key=True)
    rate = fields.CharField(max_length=40)
    who = fields.CharField(max_length=32)
    bucket = fields.BigIntField()
    count = fields.IntField(default=0)

    class Meta:
        table = "kernel_rate_count"
        unique_together = (("rate", "who", "bucket"),)
        indexes = (("bucket",),)


class SecurityEvent(Model):
    """安全日志: what the security administrator and the auditor must be able to see. No personal data."""

    append_only: ClassVar[tuple[str, ...]] = ("count",)
    id = fields.BigIntField(primary_key=True)
    at = UtcDatetimeField(db_index=True)
    kind = fields.CharField(max_length=40)
    actor_id = fields.IntField()
    address = fields.CharField(max_length=60, default="")
    request_id = fields.CharField(max_length=32, default="")
    detail: fields.Field[dict[str, Any]] = fields.JSONField(default=dict)
    count = fields.IntField(default=1)  # the same again within a minute is counted, not written again

    class Meta:
        table = "kernel_security_event"
        indexes = (("kind", "actor_id", "at"),)
