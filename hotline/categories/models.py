"""The table of categories."""

from tortoise import fields
from tortoise.models import Model


class Category(Model):
    """One node; its code is 2, 4 or 6 digits, and a code is never given to another matter."""

    id = fields.IntField(primary_key=True)
    code = fields.CharField(max_length=6, unique=True)
    name = fields.CharField(max_length=60)
    path_name = fields.CharField(max_length=200, unique=True)  # 城乡建设 / 市政 / 供水
    level = fields.IntField()  # 1, 2, 3
    words = fields.CharField(max_length=300, default="")  # what people say for it, with spaces between
    agency: fields.Field[str | None] = fields.CharField(max_length=20, null=True)  # code of who usually answers
    active = fields.BooleanField(default=True)

    class Meta:
        table = "hotline_category"
        indexes = (("level", "active"),)
