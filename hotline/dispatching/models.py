"""The tables of precedents and of dispatch rules."""

from datetime import datetime, timedelta

from tortoise import fields
from tortoise.models import Model

from hotline.dispatching.states import RULE_MOVES, RuleState
from hotline.tickets.forms import Objecting
from kernel.fields import UtcDatetimeField
from kernel.models import Thing

MEASURED_MIN, PRECISION_PERCENT_MIN = 50, 98
MEASURE_STANDS_FOR = timedelta(days=2)  # a night may fail


class DispatchRule(Thing):
    """派单规则: whose condition fits best (longest category, then longest area) says the agency."""

    kind, label, moves = "dispatch_rule", "派单规则", RULE_MOVES
    prefix = "1234502"

    state = fields.CharEnumField(RuleState, "", max_length=20)
    category = fields.CharField(max_length=6)
    area = fields.CharField(max_length=12, default="")
    agency = fields.CharField(max_length=20)
    basis = fields.CharField(max_length=500)
    measured_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)
    measured = fields.IntField(default=0)  # tickets of the last thirty days that it fits and that somebody answered
    right = fields.IntField(default=0)  # of them, those that its agency answered in the end

    class Meta:
        table = "hotline_dispatch_rule"
        indexes = (("state", "category"),)

    def proven(self, at: datetime) -> bool:
        """Whether a machine may follow it: measured lately, over enough tickets, at 98 % and more."""
        fresh = self.measured_at is not None and self.measured_at > at - MEASURE_STANDS_FOR
        return fresh and self.measured >= MEASURED_MIN and self.right * 100 >= self.measured * PRECISION_PERCENT_MIN


class Precedent(Model):
    """先例: what was ruled when an agency objected; told to whoever rules the next one."""

    id = fields.BigIntField(primary_key=True)
    ticket = fields.CharField(max_length=48)
    category: fields.Field[str | None] = fields.CharField(max_length=6, null=True)
    area: fields.Field[str | None] = fields.CharField(max_length=12, null=True)
    objected = fields.CharField(max_length=20)  # the agency that objected
    kind: Objecting | None = fields.CharEnumField(Objecting, "", max_length=12, null=True)  # type: ignore[assignment]
    granted = fields.BooleanField()
    binding = fields.BooleanField(default=False)
    agency: fields.Field[str | None] = fields.CharField(max_length=20, null=True)  # who was found to handle it
    reason = fields.CharField(max_length=500)
    at = UtcDatetimeField()

    class Meta:
        table = "hotline_precedent"
        indexes = (("category", "at"),)
