"""The table of notices that wait for a second person, or had one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from tortoise import fields

from kernel.fields import UtcDatetimeField
from kernel.lifecycle import Move
from kernel.models import Thing
from kernel.workdays.states import MOVES, ProposalState


class Proposal(Thing):
    """日历安排: a year's notice of the State Council, or the city's own days, as one person wrote it down."""

    kind: ClassVar[str] = "calendar_notice"
    label: ClassVar[str] = "日历安排"
    prefix: ClassVar[str] = "365"
    moves: ClassVar[Mapping[str, Move]] = MOVES

    state = fields.CharEnumField(ProposalState, "", max_length=10)
    year = fields.IntField()
    local = fields.BooleanField()
    document = fields.CharField(max_length=300)
    days: fields.Field[list[list[Any]]] = fields.JSONField()
    proposed_by = fields.IntField()
    proposed_at = UtcDatetimeField()
    settled_by: fields.Field[int | None] = fields.IntField(null=True)
    settled_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)
    shift_count: fields.Field[int | None] = fields.IntField(null=True)
    shifts: fields.Field[list[str]] = fields.JSONField(default=list)  # the first of them, as sentences

    class Meta:
        table = "kernel_calendar_proposal"
        indexes = (("state", "id"),)
