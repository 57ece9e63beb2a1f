"""The table of messages."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from kernel.fields import UtcDatetimeField


class Message(Model):
    """One message to one account, once for each `key`; what an event tells has the event for its key."""

    id = fields.BigIntField(primary_key=True)
    account_id = fields.IntField()
    event_id: fields.Field[int | None] = fields.BigIntField(null=True)
    key: fields.Field[str | None] = fields.CharField(max_length=80, null=True)
    template = fields.CharField(max_length=60, default="")
    version = fields.IntField(default=1)
    title = fields.CharField(max_length=160)
    body = fields.TextField(default="")
    url = fields.CharField(max_length=200, default="")
    at = UtcDatetimeField()
    read_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)

    class Meta:
        table = "kernel_message"
        unique_together = (("account_id", "event_id"), ("account_id", "key"))
        indexes = (("account_id", "read_at"),)
