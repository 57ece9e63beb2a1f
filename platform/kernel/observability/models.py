"""How far the security log has been copied to another place."""

from tortoise import fields
from tortoise.models import Model


class Shipped(Model):
    """The number of the newest line that a second place has had."""

    id = fields.IntField(primary_key=True)
    name = fields.CharField(max_length=20, unique=True)
    last_id = fields.BigIntField()

    class Meta:
        table = "kernel_shipped"
