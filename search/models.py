"""What search remembers in the database: which version of what is in the index, who asked for a new one, and how index
and database compared."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from kernel.fields import UtcDatetimeField
from search.engine import whole_digest


class Applied(Model):
    """The version of a document that the index holds. Deleted documents leave their row as a tombstone. The digest
    stands in pieces, so that a database adds them up as an engine does."""

    id = fields.BigIntField(primary_key=True)
    part = fields.CharField(max_length=12)
    ref = fields.CharField(max_length=80)
    version = fields.IntField()
    bucket = fields.SmallIntField()
    digest_0 = fields.IntField()
    digest_1 = fields.IntField()
    digest_2 = fields.IntField()
    rank = fields.SmallIntField()  # in sixteenths
    look_at: fields.Field[datetime | None] = UtcDatetimeField(null=True, db_index=True)  # for another rank
    at = UtcDatetimeField(db_index=True)
    deleted_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)

    class Meta:
        table = "search_applied"
        unique_together = (("ref", "part"),)
        indexes = (("bucket", "part"),)

    @property
    def digest(self) -> int:
        return whole_digest((self.digest_0, self.digest_1, self.digest_2))


class Rebuild(Model):
    """One building of the index anew (重建索引), asked for by someone or by what was found missing; or, `back`, the one
    before taken back (退回)."""

    id = fields.BigIntField(primary_key=True)
    back = fields.BooleanField(default=False)
    asked_by = fields.BigIntField(default=0)  # an account; 0: at the machine, or by itself
    asked_at = UtcDatetimeField()
    started_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)
    finished_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)
    done = fields.IntField(default=0)
    problem = fields.CharField(max_length=300, default="")

    class Meta:
        table = "search_rebuild"


class Comparison(Model):
    """One look at whether the index holds what the database holds (核对). `refs` are the first of those that differed,
    `staying` how many had differed the time before, too."""

    id = fields.BigIntField(primary_key=True)
    at = UtcDatetimeField(db_index=True)
    whole = fields.BooleanField()
    documents = fields.IntField()
    drift = fields.IntField()
    staying = fields.IntField()
    refs: fields.Field[list[str]] = fields.JSONField()

    class Meta:
        table = "search_comparison"
