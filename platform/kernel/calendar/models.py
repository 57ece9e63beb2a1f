"""The calendar's tables: a year's notice, and the days that it changes."""

from datetime import datetime

from tortoise import fields
from tortoise.fields import OnDelete
from tortoise.models import Model

from kernel.fields import UtcDatetimeField


class CalendarYear(Model):
    """One notice (关于部分节假日安排的通知) as it was taken in; a later one of the same year replaces it. `local`: the
    city's own days of that year (本地停工), which lie over those of the State Council."""

    id = fields.IntField(primary_key=True)
    year = fields.IntField()
    local = fields.BooleanField(default=False)
    revision = fields.IntField(unique=True)
    document = fields.CharField(max_length=300)
    imported_at: fields.Field[datetime] = UtcDatetimeField()
    imported_by = fields.IntField()

    class Meta:
        table = "kernel_calendar_year"
        indexes = (("year",),)


class CalendarDay(Model):
    """A day that a notice names: off, or made up for."""

    id = fields.IntField(primary_key=True)
    notice: fields.ForeignKeyRelation[CalendarYear] = fields.ForeignKeyField(
        "kernel.CalendarYear", related_name="days", on_delete=OnDelete.RESTRICT
    )
    notice_id: int
    date = fields.DateField()
    works = fields.BooleanField()
    label = fields.CharField(max_length=40)

    class Meta:
        table = "kernel_calendar_day"
        unique_together = (("notice", "date"),)
