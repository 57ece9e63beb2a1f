"""The table of rules."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from kernel.fields import UtcDatetimeField
from kernel.labels import Labelled


class Level(Labelled):
    YELLOW = "yellow", "黄牌"
    RED = "red", "红牌"
    URGE_NOTICE = "urge_notice", "催办通知书"
    RAISE = "raise", "提级通报"


class Rule(Model):
    """One version of a rule: which alarm of which clock of which kind of thing brings which card. Never changed; a
    card names the version that it came from."""

    id = fields.IntField(primary_key=True)
    code = fields.CharField(max_length=12)
    version = fields.IntField()
    kind = fields.CharField(max_length=20)
    steps: fields.Field[list[str]] = fields.JSONField()
    rung = fields.CharField(max_length=10)  # warn, due, late_1, late_2 …
    level = fields.CharEnumField(Level, "", max_length=12)
    auto = fields.BooleanField()  # the machine issues it; else a person confirms
    reply = fields.CharField(max_length=10, default="")  # how long the unit has to explain in writing, or nothing
    says = fields.CharField(max_length=100)
    basis = fields.CharField(max_length=200)
    effective_from = fields.DateField()
    taken_in_at: fields.Field[datetime] = UtcDatetimeField()

    class Meta:
        table = "oversight_rule"
        unique_together = (("code", "version"),)
