"""Tables of documents: wordings, the agencies' signs, the documents themselves."""

from datetime import datetime
from typing import Any, ClassVar

from tortoise import fields
from tortoise.fields import OnDelete
from tortoise.models import Model

from kernel.fields import UtcDatetimeField
from kernel.models import Thing
from kernel.notices.permissions import P
from kernel.notices.states import NOTICE_MOVES, NoticeState
from kernel.people.models import Organisation
from kernel.permissions import Actor, Permission


class Wording(Model):
    """One version of a template. Only its publication is written later; the words never change."""

    append_only: ClassVar[tuple[str, ...]] = ("published_by", "published_at")
    id = fields.IntField(primary_key=True)
    code = fields.CharField(max_length=40)
    version = fields.IntField()
    words: fields.Field[dict[str, Any]] = fields.JSONField()
    hash = fields.CharField(max_length=64)
    valid_from = fields.DateField()
    drafted_by = fields.IntField()
    drafted_at = UtcDatetimeField()
    published_by: fields.Field[int | None] = fields.IntField(null=True)
    published_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)

    class Meta:
        table = "kernel_wording"
        unique_together = (("code", "version"),)


class Sign(Model):
    """机关代字: what an agency's numbers begin with."""

    id = fields.IntField(primary_key=True)
    org: fields.OneToOneRelation[Organisation] = fields.OneToOneField(
        "kernel.Organisation", related_name=False, on_delete=OnDelete.RESTRICT
    )
    org_id: int
    word = fields.CharField(max_length=12, unique=True)

    class Meta:
        table = "kernel_sign"


class Notice(Thing):
    """文书. What it says is sealed in its journal; these columns say nothing of a person. Nothing deletes its row."""

    kind, label, moves = "notice", "文书", NOTICE_MOVES
    append_only: ClassVar[tuple[str, ...]] = ("state", "version", "head", "imprint", "issued_at", "delivered_at")

    state = fields.CharEnumField(NoticeState, "", max_length=12)
    public_id = fields.CharField(max_length=32, unique=True)  # 128 random bits
    series = fields.CharField(max_length=40)
    year = fields.IntField()
    number = fields.IntField()
    wording: fields.ForeignKeyRelation[Wording] = fields.ForeignKeyField(
        "kernel.Wording", related_name=False, on_delete=OnDelete.RESTRICT
    )
    wording_id: int
    org: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "kernel.Organisation", related_name=False, on_delete=OnDelete.RESTRICT
    )
    org_id: int
    about = fields.CharField(max_length=80, db_index=True)  # the Ref of what it decides
    owner_id: fields.Field[int | None] = fields.IntField(null=True, db_index=True)
    content_hash = fields.CharField(max_length=64)
    imprint: fields.Field[str | None] = fields.CharField(max_length=80, null=True)
    drafted_at = UtcDatetimeField()
    issued_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)
    delivered_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)

    class Meta:
        table = "kernel_notice"
        unique_together = (("series", "year", "number"),)
        indexes = (("org_id", "id"),)

    async def scope_path(self) -> str:
        await self.know("org")
        return self.org.path

    async def may(self, permission: Permission, actor: Actor) -> bool:
        """Who it is for may read it and confirm that it came."""
        theirs = self.owner_id is not None and self.owner_id == actor.id
        return (theirs and permission is P.NOTICE_DELIVER) or await super().may(permission, actor)
