"""Requests about one's own data; what they say is sealed in their journal."""

from datetime import datetime
from typing import Any

from tortoise import fields

from kernel.fields import UtcDatetimeField
from kernel.models import Thing
from kernel.owndata.forms import Right
from kernel.owndata.states import REQUEST_MOVES, RequestState
from kernel.people.permissions import P


class OwnRequest(Thing):
    """个人信息请求: numbered, journaled, answered."""

    kind, label, moves = "own_request", "个人信息请求", REQUEST_MOVES
    prefix = "44"  # as the rights do, with article 44

    state = fields.CharEnumField(RequestState, "", max_length=10)
    right = fields.CharEnumField(Right, "", max_length=10)
    owner_id = fields.IntField(db_index=True)
    asked_at = UtcDatetimeField()
    answered_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)
    cleared_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)  # its texts are gone since

    class Meta:
        table = "kernel_own_request"

    async def may(self, permission: Any, actor: Any) -> bool:
        """Everybody asks about their own; the officer and the machine answer."""
        if permission is P.OWN_REQUEST_ASK and actor.kind in {"citizen", "company"}:
            return True
        return await super().may(permission, actor)
