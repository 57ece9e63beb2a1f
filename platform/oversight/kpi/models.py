"""Tables only. Grains are derived: `sunhall verify` counts them anew, and losing them loses time, no figure."""

from datetime import date
from typing import Any

from tortoise import fields
from tortoise.models import Model


class Grain(Model):
    """日粒度: what one definition counted of one day, for a unit with those under it (empty: for all).

    `region` and `label` keep apart what not everybody may see, `part` the category's first level."""

    id = fields.BigIntField(primary_key=True)
    code = fields.CharField(max_length=40)
    version = fields.IntField()
    day: fields.Field[date] = fields.DateField()
    unit = fields.CharField(max_length=200)
    part = fields.CharField(max_length=12)
    region = fields.CharField(max_length=200)
    label = fields.CharField(max_length=20)
    numerator = fields.IntField()
    denominator = fields.IntField()
    excluded = fields.IntField()

    class Meta:
        table = "oversight_grain"
        unique_together = (("day", "code", "unit", "part", "region", "label"),)
        indexes = (("unit", "code", "day"),)


class GrainDay(Model):
    """A day that has been counted: fresh while nothing marked it since (`done` = `marks`) under the same definitions
    (`print`)."""

    day: fields.Field[date] = fields.DateField(primary_key=True)
    marks = fields.IntField(default=0)
    done = fields.IntField(default=-1)
    print = fields.CharField(max_length=16, default="")

    class Meta:
        table = "oversight_grain_day"


class Placed(Model):
    """On which days a thing is counted: when it moves to another day, the one that it left is to be counted anew."""

    id = fields.BigIntField(primary_key=True)
    subject = fields.CharField(max_length=80, unique=True)
    days: fields.Field[list[Any]] = fields.JSONField(default=list)

    class Meta:
        table = "oversight_placed"
