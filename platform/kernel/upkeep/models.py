"""Tables of upkeep: how each periodic job went, what is wrong now, how long things are kept."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from kernel.fields import UtcDatetimeField


class JobRun(Model):
    """任务: one periodic job, the last time it ran; `failures` in a row. Quick ones are noted twice a minute."""

    id = fields.IntField(primary_key=True)
    name = fields.CharField(max_length=80, unique=True)
    worker = fields.CharField(max_length=80, default="")
    begun_at = UtcDatetimeField()
    ended_at = UtcDatetimeField()
    failures = fields.IntField(default=0)
    problem = fields.CharField(max_length=300, default="")

    class Meta:
        table = "kernel_job_run"


class Alarm(Model):
    """告警: something that `sunhall doctor` would say, from when it began to be so until it was mended."""

    id = fields.BigIntField(primary_key=True)
    key = fields.CharField(max_length=64)  # the part and the problem without its figures
    part = fields.CharField(max_length=40)
    problem = fields.CharField(max_length=300)
    mend = fields.CharField(max_length=300)
    raised_at = UtcDatetimeField()
    cleared_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)

    class Meta:
        table = "kernel_alarm"
        indexes = (("cleared_at", "key"),)


class KeepPeriod(Model):
    """保存期限: where a city's differs from the one that the module declares; the newest row of a name counts."""

    id = fields.IntField(primary_key=True)
    name = fields.CharField(max_length=60, db_index=True)
    days = fields.IntField()
    basis = fields.CharField(max_length=200)
    set_by = fields.IntField()
    set_at = UtcDatetimeField()

    class Meta:
        table = "kernel_keep_period"
