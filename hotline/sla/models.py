"""Tables only. A month is published once: a later correction would tell, by the difference, of single matters."""

from datetime import date, datetime
from typing import Any, ClassVar

from tortoise import fields
from tortoise.models import Model

from kernel.fields import UtcDatetimeField


class Published(Model):
    """公开的月度数据: the rows of the data file as they were first given."""

    append_only: ClassVar[tuple[str, ...]] = ()
    month: fields.Field[date] = fields.DateField(primary_key=True)  # its first day
    made_at: fields.Field[datetime] = UtcDatetimeField()
    k_min = fields.IntField()
    rows: fields.Field[list[dict[str, Any]]] = fields.JSONField()

    class Meta:
        table = "hotline_published"
