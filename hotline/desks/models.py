"""What belongs to a desk itself: whom the operator would send a ticket to, which filters somebody saved."""

from tortoise import fields
from tortoise.models import Model

from kernel.fields import UtcDatetimeField


class Advice(Model):
    """承办建议: the agency that the operator chose while the caller was on the line; the dispatcher decides."""

    id = fields.BigIntField(primary_key=True)
    ticket = fields.CharField(max_length=48, unique=True)
    agency = fields.CharField(max_length=20)
    by_id = fields.IntField()
    at = UtcDatetimeField(db_index=True)

    class Meta:
        table = "hotline_advice"


class View(Model):
    """常用筛选: a queue's address under a name of one's own."""

    id = fields.IntField(primary_key=True)
    account_id = fields.IntField()
    desk = fields.CharField(max_length=20)
    label = fields.CharField(max_length=20)
    query = fields.CharField(max_length=300)
    at = UtcDatetimeField()

    class Meta:
        table = "hotline_view"
        unique_together = (("account_id", "desk", "label"),)
