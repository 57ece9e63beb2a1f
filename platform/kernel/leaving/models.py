"""The table of who leaves."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from kernel.fields import UtcDatetimeField


class Leaving(Model):
    """离岗: one account that is to be shut, and who takes over."""

    id = fields.IntField(primary_key=True)
    account_id = fields.IntField(unique=True)
    successor_id = fields.IntField(db_index=True)
    said_by = fields.IntField()
    said_at = UtcDatetimeField()
    handed_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)

    class Meta:
        table = "kernel_leaving"
