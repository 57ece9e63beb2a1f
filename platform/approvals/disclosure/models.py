"""The table of policy documents."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import ClassVar

from tortoise import fields

from approvals.disclosure.forms import AGENCY_CHARS_MAX, BASIS_CHARS_MAX, NUMBER_CHARS_MAX, TITLE_CHARS_MAX, Theme
from approvals.disclosure.states import MOVES, PolicyState
from kernel.fields import UtcDatetimeField
from kernel.lifecycle import Move
from kernel.models import Thing


class Policy(Thing):
    """政策文件. `body` is in our own markup (approvals.disclosure.text); earlier texts stand in the journal."""

    kind: ClassVar[str] = "policy"
    label: ClassVar[str] = "政策文件"
    prefix: ClassVar[str] = "47"  # of 国办发〔2017〕47号
    moves: ClassVar[Mapping[str, Move]] = MOVES

    state = fields.CharEnumField(PolicyState, "", max_length=10)
    title = fields.CharField(max_length=TITLE_CHARS_MAX)
    number = fields.CharField(max_length=NUMBER_CHARS_MAX, default="")
    number_key = fields.CharField(max_length=NUMBER_CHARS_MAX * 2, default="", db_index=True)  # as it is compared
    agency = fields.CharField(max_length=AGENCY_CHARS_MAX, default="")
    theme = fields.CharEnumField(Theme, "", max_length=12, default=Theme.OTHER)
    issued: fields.Field[date | None] = fields.DateField(null=True)
    posted: fields.Field[date | None] = fields.DateField(null=True)
    effective_from: fields.Field[date | None] = fields.DateField(null=True)
    day = fields.IntField(default=0)  # 20260302
    year = fields.IntField(default=0)
    body = fields.TextField()
    origin = fields.CharField(max_length=80, default="")
    changed_by = fields.CharField(max_length=BASIS_CHARS_MAX, default="")
    changed_on: fields.Field[date | None] = fields.DateField(null=True)
    ended_by = fields.CharField(max_length=BASIS_CHARS_MAX, default="")
    ended_on: fields.Field[date | None] = fields.DateField(null=True)
    published_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)
    changed_at = UtcDatetimeField()
    source: fields.Field[str | None] = fields.CharField(max_length=80, null=True)
    source_no: fields.Field[str | None] = fields.CharField(max_length=80, null=True)
    source_hash: fields.Field[str | None] = fields.CharField(max_length=64, null=True)

    class Meta:
        table = "approvals_policy"
        unique_together = (("source", "source_no"),)
        indexes = (("state", "day", "id"), ("agency", "day"))
