"""The table of links."""

from typing import ClassVar

from tortoise import fields
from tortoise.models import Model

from kernel.fields import UtcDatetimeField
from kernel.labels import Labelled


class LinkType(Labelled):
    COMPLAINS_ABOUT = "complains_about", "投诉的是"
    CORRECTS = "corrects", "更正"
    DUPLICATE_OF = "duplicate_of", "重复于"
    FOLLOWS = "follows", "后续于"


BACK = {
    LinkType.COMPLAINS_ABOUT: "被投诉于", LinkType.CORRECTS: "被更正为", LinkType.DUPLICATE_OF: "有重复件",
    LinkType.FOLLOWS: "后续有",
}  # fmt: skip


class LinkRow(Model):
    """One statement that two things have to do with one another. Cut, it stays on record."""

    append_only: ClassVar[tuple[str, ...]] = ("cut_by", "cut_at")
    id = fields.BigIntField(primary_key=True)
    type = fields.CharEnumField(LinkType, "", max_length=20)
    source = fields.CharField(max_length=80)
    target = fields.CharField(max_length=80)
    tied_by = fields.IntField()
    tied_at = UtcDatetimeField()
    cut_by: fields.Field[int | None] = fields.IntField(null=True)
    cut_at = UtcDatetimeField(null=True)

    class Meta:
        table = "kernel_link"
        indexes = (("source",), ("target",))
