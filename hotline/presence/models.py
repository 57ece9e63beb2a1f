"""The table of who looks at what."""

from tortoise import fields
from tortoise.models import Model

from kernel.fields import UtcDatetimeField


class Presence(Model):
    """在看: the newest sign of life of one person's page of one ticket."""

    id = fields.BigIntField(primary_key=True)
    ticket = fields.CharField(max_length=48)
    account_id = fields.IntField()
    seen_at = UtcDatetimeField(db_index=True)

    class Meta:
        table = "hotline_presence"
        unique_together = (("ticket", "account_id"),)
