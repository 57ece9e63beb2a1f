"""The table of messages."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from kernel.fields import UtcDatetimeField


class Message(Model):
    """One message to one account. `event_id` is the key: a second delivery of the event tells nobody twice."""

    id = fields.BigIntField(primary_key=True)
    account_id = fields.IntField()
    event_id: fields.Field[int | None] = fields.BigIntField(null=True)
    title = fields.CharField(max_length=160)
    url = fields.CharField(max_length=200, default="")
    at = UtcDatetimeField()
    read_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)

    class Meta:
        table = "kernel_message"
        unique_together = (("account_id", "event_id"),)
        indexes = (("account_id", "read_at"),)
