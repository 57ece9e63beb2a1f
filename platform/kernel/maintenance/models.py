"""The one row that says how far the hall is open."""

from tortoise import fields
from tortoise.models import Model

from kernel.fields import UtcDatetimeField
from kernel.labels import Labelled


class Mode(Labelled):
    OPEN = "open", "正常开放"
    READ_ONLY = "read_only", "只供查看"
    CLOSED = "closed", "暂停开放"


class Opening(Model):
    """开放状态. One row; without it the hall is open."""

    id = fields.IntField(primary_key=True)
    mode = fields.CharEnumField(Mode, "", max_length=10)
    reason = fields.CharField(max_length=120, default="")
    since = UtcDatetimeField()
    by = fields.IntField()

    class Meta:
        table = "kernel_opening"
