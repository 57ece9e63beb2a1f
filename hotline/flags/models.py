"""The table of flags."""

from datetime import date

from tortoise import fields

from hotline.flags.forms import Attention
from hotline.flags.states import FLAG_MOVES, FlagState
from kernel.models import Thing


class Flag(Thing):
    """诉求人标注: found by the number's blind index; number and reason lie sealed in its journal."""

    kind, label, moves = "caller_flag", "诉求人标注", FLAG_MOVES
    prefix = "1234504"
    erasable = ("phone_index",)

    state = fields.CharEnumField(FlagState, "", max_length=20)
    phone_index: fields.Field[str | None] = fields.CharField(max_length=64, null=True, db_index=True)
    attention = fields.CharEnumField(Attention, "", max_length=12)
    decision_no = fields.CharField(max_length=60)
    valid_to: fields.Field[date] = fields.DateField(db_index=True)
    proposed_by = fields.CharField(max_length=60)
    reviewed_by = fields.CharField(max_length=60, default="")

    class Meta:
        table = "hotline_flag"
