"""The table of proposals. Its words stand in the ticket's journal, sealed: here is where to find them."""

from tortoise import fields
from tortoise.models import Model

from hotline.tickets.forms import Ground
from kernel.fields import UtcDatetimeField


class Refusing(Model):
    """拟不予受理: that somebody proposed not to take a matter up; it waits as long as its ticket is 已登记."""

    id = fields.BigIntField(primary_key=True)
    ticket = fields.CharField(max_length=48, unique=True)
    ground = fields.CharEnumField(Ground, "", max_length=20)
    seq = fields.IntField()  # of the note in the ticket's journal
    by_id = fields.IntField()
    at = UtcDatetimeField(db_index=True)

    class Meta:
        table = "hotline_refusing"
