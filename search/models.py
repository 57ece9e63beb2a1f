"""What search remembers in the database: which version of what is in the index, and who asked for a new one."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from kernel.fields import UtcDatetimeField


class Applied(Model):
    """The version of a document that the index holds. Deleted documents leave their row as a tombstone."""

    id = fields.BigIntField(primary_key=True)
    part = fields.CharField(max_length=12)
    ref = fields.CharField(max_length=80)
    version = fields.IntField()
    digest = fields.CharField(max_length=16)
    rank = fields.SmallIntField()  # in sixteenths
    look_at: fields.Field[datetime | None] = UtcDatetimeField(null=True, db_index=True)  # for another rank
    at = UtcDatetimeField(db_index=True)
    deleted_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)

    class Meta:
        table = "search_applied"
        unique_together = (("ref", "part"),)


class Rebuild(Model):
    """One building of the index anew (重建索引), asked for by someone or by what was found missing."""

    id = fields.BigIntField(primary_key=True)
    asked_at = UtcDatetimeField()
    started_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)
    finished_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)
    done = fields.IntField(default=0)
    problem = fields.CharField(max_length=300, default="")

    class Meta:
        table = "search_rebuild"
