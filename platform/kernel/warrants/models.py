"""The table of warrants."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from tortoise import fields

from kernel.fields import UtcDatetimeField
from kernel.lifecycle import Move
from kernel.models import Thing
from kernel.people.permissions import P
from kernel.warrants.states import MOVES, Ground, WarrantState


class Warrant(Thing):
    """调阅令: who may read which things, why, who agreed, until when. It ends by itself."""

    kind: ClassVar[str] = "warrant"
    label: ClassVar[str] = "调阅令"
    prefix: ClassVar[str] = "22"  # of GB/T 22239
    moves: ClassVar[Mapping[str, Move]] = MOVES

    state = fields.CharEnumField(WarrantState, "", max_length=10)
    ground = fields.CharEnumField(Ground, "", max_length=10)
    subjects = fields.CharField(max_length=1_600)  # refs, parted by blanks
    reason = fields.CharField(max_length=200)
    asked_by = fields.IntField(db_index=True)
    asked_at = UtcDatetimeField()
    confirmed_by: fields.Field[int | None] = fields.IntField(null=True)
    approved_by: fields.Field[int | None] = fields.IntField(null=True)
    until: fields.Field[datetime | None] = UtcDatetimeField(null=True)

    class Meta:
        table = "kernel_warrant"

    @property
    def refs(self) -> list[str]:
        return self.subjects.split()

    def runs(self, at: datetime) -> bool:
        """The sixtieth minute is the last."""
        return self.state is WarrantState.OPEN and self.until is not None and at <= self.until

    async def may(self, permission: Any, actor: Any) -> bool:
        """Asking reaches beyond one's own unit: that is what it is for. Deciding is for who answers for the city."""
        if permission is P.WARRANT_ASK:
            return bool(actor.may_anywhere(permission))
        return await super().may(permission, actor)
