"""The table of policies."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from kernel.fields import UtcDatetimeField


class Policy(Model):
    """One version of the time limits. A version in use is never changed; a new rule is a new version."""

    id = fields.IntField(primary_key=True)
    version = fields.CharField(max_length=40, unique=True)
    effective_from = fields.DateField()
    document: fields.Field[dict[str, Any]] = fields.JSONField()
    taken_in_at = UtcDatetimeField()

    class Meta:
        table = "hotline_policy"
