"""Tables of acting in another's place: delegations, AB posts, absences. Columns and indexes; no verbs."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from kernel.fields import UtcDatetimeField


class Delegation(Model):
    """委托: one role of one officer, lent to another from one instant to another. It ends by itself."""

    id = fields.IntField(primary_key=True)
    giver_id = fields.IntField()
    taker_id = fields.IntField()
    role = fields.CharField(max_length=40)
    scope = fields.CharField(max_length=200)
    reason = fields.CharField(max_length=200)
    starts_at = UtcDatetimeField()
    ends_at = UtcDatetimeField()
    given_at = UtcDatetimeField()
    revoked_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)

    class Meta:
        table = "kernel_delegation"
        indexes = (("taker_id", "ends_at"), ("giver_id", "ends_at"))


class Post(Model):
    """AB 岗: what A does, B does while A is away."""

    id = fields.IntField(primary_key=True)
    name = fields.CharField(max_length=60)
    a_id = fields.IntField(db_index=True)
    b_id = fields.IntField(db_index=True)
    role = fields.CharField(max_length=40)
    scope = fields.CharField(max_length=200)
    set_by = fields.IntField()
    set_at = UtcDatetimeField()
    ended_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)

    class Meta:
        table = "kernel_post"


class Absence(Model):
    """不在岗: leave with dates, or the head's word."""

    id = fields.IntField(primary_key=True)
    account_id = fields.IntField()
    reason = fields.CharField(max_length=200)
    starts_at = UtcDatetimeField()
    ends_at = UtcDatetimeField()
    said_by = fields.IntField()
    ended_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)

    class Meta:
        table = "kernel_absence"
        indexes = (("account_id", "ends_at"),)
