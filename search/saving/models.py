"""The table of saved searches."""

from datetime import date

from tortoise import fields
from tortoise.models import Model

from kernel.fields import UtcDatetimeField


class SavedSearch(Model):
    """保存的检索. `seen`: refs of the newest answers when it was last looked through; `floor`: when the oldest of them
    was published (unix seconds), 0 while `seen` holds all there are. Older ones that come to light are no news."""

    id = fields.IntField(primary_key=True)
    account_id = fields.IntField()
    label = fields.CharField(max_length=40)
    q = fields.CharField(max_length=200)
    kind = fields.CharField(max_length=20, default="")
    agency = fields.CharField(max_length=100, default="")
    region = fields.CharField(max_length=200, default="")
    tell = fields.BooleanField(default=True)
    seen: fields.Field[list[str]] = fields.JSONField(default=list)
    floor = fields.BigIntField(default=0)
    looked_on: fields.Field[date] = fields.DateField()
    created_at = UtcDatetimeField()

    class Meta:
        table = "search_saved"
        unique_together = (("account_id", "label"),)
        indexes = (("tell", "looked_on", "id"),)
