"""Tables of seals and of what they were asked for."""

from datetime import datetime

from tortoise import fields
from tortoise.fields import OnDelete

from kernel.fields import UtcDatetimeField
from kernel.models import Thing
from kernel.notices.models import Notice
from kernel.people.models import Organisation
from kernel.seals.forms import SealType
from kernel.seals.states import IMPRINT_MOVES, SEAL_MOVES, ImprintState, SealState


class Seal(Thing):
    """印章: its face is drawn from its words (`kernel.seals.drawing`), so the register holds no picture."""

    kind, label, moves = "seal", "印章", SEAL_MOVES
    prefix = "71"

    state = fields.CharEnumField(SealState, "", max_length=12)
    org: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "kernel.Organisation", related_name=False, on_delete=OnDelete.RESTRICT
    )
    org_id: int
    seal_type = fields.CharEnumField(SealType, "", max_length=12)
    face = fields.CharField(max_length=40)
    inscription = fields.CharField(max_length=12, default="")
    custodians: fields.Field[list[int]] = fields.JSONField()

    class Meta:
        table = "kernel_seal"


class Imprint(Thing):
    """用印单: one seal on one document, asked for, approved and pressed by three different hands."""

    kind, label, moves = "imprint", "用印单", IMPRINT_MOVES
    prefix = "72"

    state = fields.CharEnumField(ImprintState, "", max_length=12)
    seal: fields.ForeignKeyRelation[Seal] = fields.ForeignKeyField(
        "kernel.Seal", related_name=False, on_delete=OnDelete.RESTRICT
    )
    seal_id: int
    notice: fields.ForeignKeyRelation[Notice] = fields.ForeignKeyField(
        "kernel.Notice", related_name=False, on_delete=OnDelete.RESTRICT
    )
    notice_id: int
    applicant_id = fields.IntField()
    approver_id: fields.Field[int | None] = fields.IntField(null=True)
    custodian_id: fields.Field[int | None] = fields.IntField(null=True)
    content_hash: fields.Field[str | None] = fields.CharField(max_length=64, null=True)
    seal_version: fields.Field[int | None] = fields.IntField(null=True)
    imprinted_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)

    class Meta:
        table = "kernel_imprint"
        indexes = (("seal_id", "id"), ("notice_id", "id"))

    def root(self) -> tuple[type[Thing], int | None]:
        """Everything about one document queues at the document."""
        return Notice, self.notice_id
