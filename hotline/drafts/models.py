"""The table of drafts. A draft has no states: it is what somebody has typed so far, until it is registered."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from tortoise import fields
from tortoise.models import Model

from kernel.fields import UtcDatetimeField
from kernel.secrets import Place


class Draft(Model):
    """草稿: one a person and place; a place is a call, or the desk without one. It names callers, so it is sealed."""

    sealed: ClassVar[Mapping[str, Callable[[Any], Place]]] = {
        "body": lambda row: {"subject": f"draft:{row.account_id}", "place": row.place}
    }
    id = fields.BigIntField(primary_key=True)
    account_id = fields.IntField()
    place = fields.CharField(max_length=40)
    body = fields.BinaryField()
    saved_at = UtcDatetimeField(db_index=True)

    class Meta:
        table = "hotline_draft"
        unique_together = (("account_id", "place"),)
