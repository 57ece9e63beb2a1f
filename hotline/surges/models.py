"""The tables of surges: alerts, and the counts that they are judged by. No text and no caller in any of them."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from hotline.surges.forms import Judged, Reason
from hotline.surges.states import SURGE_MOVES, SurgeState
from kernel.fields import UtcDatetimeField
from kernel.models import Thing
from kernel.permissions import Clearance


class Surge(Thing):
    """突增预警: something is unusual; a supervisor looks and says what it was."""

    kind, label, moves = "surge", "突增预警", SURGE_MOVES
    prefix = "1234503"

    state = fields.CharEnumField(SurgeState, "", max_length=12)
    reason = fields.CharEnumField(Reason, "", max_length=8)
    category = fields.CharField(max_length=6, default="")
    area = fields.CharField(max_length=12, default="")
    word_group = fields.CharField(max_length=20, default="")
    words = fields.CharField(max_length=200, default="")
    many = fields.IntField()
    window_min = fields.IntField()
    expected_milli = fields.IntField(default=0)
    tail = fields.CharField(max_length=20, default="")
    lat_udeg: fields.Field[int | None] = fields.IntField(null=True)
    lon_udeg: fields.Field[int | None] = fields.IntField(null=True)
    secret = fields.BooleanField(default=False)
    tickets: fields.Field[list[Any]] = fields.JSONField()  # numbers of the sample
    begun_at = UtcDatetimeField()
    acknowledged_by = fields.CharField(max_length=60, default="")
    judged: Judged | None = fields.CharEnumField(Judged, "", max_length=12, null=True)  # type: ignore[assignment]
    cluster: fields.Field[str | None] = fields.CharField(max_length=48, null=True)  # number

    class Meta:
        table = "hotline_surge"
        indexes = (("state", "id"), ("reason", "begun_at"))

    async def sensitivity(self) -> Clearance:
        return Clearance.CONFIDENTIAL if self.secret else Clearance.PLAIN


class Sighting(Model):
    """One ticket of the last day as it is counted; after a day it goes into the hour's count."""

    id = fields.BigIntField(primary_key=True)
    ticket = fields.CharField(max_length=48, unique=True)
    at = UtcDatetimeField(db_index=True)  # when it came into its category
    category = fields.CharField(max_length=6, default="")
    area = fields.CharField(max_length=12, default="")
    lat_udeg: fields.Field[int | None] = fields.IntField(null=True)
    lon_udeg: fields.Field[int | None] = fields.IntField(null=True)
    secret = fields.BooleanField(default=False)
    alarming = fields.BooleanField(default=False, db_index=True)  # a word of the list, not yet told

    class Meta:
        table = "hotline_surge_sighting"


class HourCount(Model):
    """How many came into a category in an area within one hour: what the usual is taken from."""

    id = fields.BigIntField(primary_key=True)
    hour = UtcDatetimeField()
    category = fields.CharField(max_length=6)
    area = fields.CharField(max_length=12)
    many = fields.IntField()

    class Meta:
        table = "hotline_surge_hour"
        unique_together = (("hour", "category", "area"),)


class WatchedCell(Model):
    """One cell: its CUSUM and whether it is held after an alert. There are as many rows as cells are watched."""

    id = fields.BigIntField(primary_key=True)
    category = fields.CharField(max_length=6)
    area = fields.CharField(max_length=12)
    score_milli = fields.IntField(default=0, db_index=True)
    scored_to: fields.Field[datetime | None] = UtcDatetimeField(null=True)
    seen_at = UtcDatetimeField(db_index=True)
    told_at: fields.Field[datetime | None] = UtcDatetimeField(null=True, db_index=True)
    calm = fields.BooleanField(default=True)

    class Meta:
        table = "hotline_surge_cell"
        unique_together = (("category", "area"),)
