"""Requests for what is personal."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from tortoise import fields

from kernel.exports.states import MOVES, ExportState
from kernel.fields import UtcDatetimeField
from kernel.lifecycle import Move
from kernel.models import Thing
from kernel.people.permissions import P


class Export(Thing):
    """导出申请: which list, narrowed how, for what; who asked, who said yes, until when it may be taken."""

    kind: ClassVar[str] = "export"
    label: ClassVar[str] = "导出申请"
    prefix: ClassVar[str] = "98"
    moves: ClassVar[Mapping[str, Move]] = MOVES

    state = fields.CharEnumField(ExportState, "", max_length=10)
    listing = fields.CharField(max_length=40)
    query = fields.CharField(max_length=500, default="")
    ending = fields.CharField(max_length=4)
    purpose = fields.CharField(max_length=200)
    rows = fields.IntField()
    asked_by = fields.IntField(db_index=True)
    asked_at = UtcDatetimeField()
    decided_by: fields.Field[int | None] = fields.IntField(null=True)
    until: fields.Field[datetime | None] = UtcDatetimeField(null=True)

    class Meta:
        table = "kernel_export"
        indexes = (("state", "id"),)

    async def may(self, permission: Any, actor: Any) -> bool:
        """Who shuts accounts does so for the whole hall."""
        if permission is P.ACCOUNT_DISABLE:
            return bool(actor.may(permission, "/"))
        return await super().may(permission, actor)
