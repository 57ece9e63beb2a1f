"""The table of clocks."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from kernel.fields import UtcDatetimeField


class Clock(Model):
    """One running (span) of one step. `due_at` is derived from the other columns and nothing else."""

    id = fields.BigIntField(primary_key=True)
    subject = fields.CharField(max_length=80)
    step = fields.CharField(max_length=20)
    span = fields.IntField()  # the first, second … running of that step
    budget: fields.Field[list[list[Any]]] = fields.JSONField()  # [[5, "wd"]], a chain for a total
    policy = fields.CharField(max_length=40)
    calendar = fields.IntField()  # the revision that it was computed with
    warn = fields.CharField(max_length=10, default="")
    fix_min: fields.Field[list[Any] | None] = fields.JSONField(null=True)
    ladder: fields.Field[list[str]] = fields.JSONField(default=list)  # after it was due: ["+1 wd", "+5 wd"]
    started_at = UtcDatetimeField()
    stopped_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)
    replaced = fields.BooleanField(default=False)  # another span took over from the same start: no verdict
    pauses: fields.Field[list[list[str]]] = fields.JSONField(default=list)  # [from, until) as instants
    stops: fields.Field[list[list[str]]] = fields.JSONField(default=list)  # time in review
    floors: fields.Field[list[list[Any]]] = fields.JSONField(default=list)  # [instant, amount, unit]: at least that
    extended: fields.Field[list[list[Any]]] = fields.JSONField(default=list)  # [[3, "wd"]], granted on top
    due_at = UtcDatetimeField()
    provisional = fields.BooleanField(default=False)
    stage = fields.IntField(default=0)  # 0: yellow is still to come, 1: due is, then the rungs after it
    next_alarm_at: fields.Field[datetime | None] = UtcDatetimeField(null=True, db_index=True)

    class Meta:
        table = "kernel_clock"
        unique_together = (("subject", "step", "span"),)
        indexes = (("step", "due_at"),)  # figures of a period go by the end of one step

    @property
    def whole(self) -> list[list[Any]]:
        """The budget with what was granted on top of it."""
        return [*self.budget, *self.extended]

    @property
    def running(self) -> bool:
        return self.stopped_at is None
