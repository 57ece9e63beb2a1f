"""Every time that a machine's clock was not to be believed, and how it ended."""

from tortoise import fields
from tortoise.models import Model

from kernel.fields import UtcDatetimeField


class Suspicion(Model):
    """时钟存疑. While one is open, nothing happens whose time must be right."""

    id = fields.BigIntField(primary_key=True)
    host = fields.CharField(max_length=64)
    boot = fields.CharField(max_length=36)  # the trusted offset means something only until the machine starts again
    since = UtcDatetimeField()
    offset_ms = fields.BigIntField()  # how far the clock has jumped; negative: back
    trusted_ms = fields.BigIntField()  # wall clock minus time since the boot, before the jump
    ended_at = UtcDatetimeField(null=True)
    ended_by = fields.IntField(null=True)  # None: the clock came back by itself

    class Meta:
        table = "kernel_clock_suspicion"
        indexes = (("ended_at",),)
