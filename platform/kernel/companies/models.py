"""Companies, who may act for them, and invitations."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from tortoise import fields
from tortoise.fields import OnDelete
from tortoise.models import Model

from kernel.fields import UtcDatetimeField
from kernel.labels import Labelled
from kernel.secrets import Place

if TYPE_CHECKING:
    from kernel.people.models import Account


class Part(Labelled):
    OWNER = "owner", "负责人"
    USER = "user", "经办人"


class Company(Model):
    """By its unified social credit code; `account` is what its things belong to, nobody signs in with it."""

    id = fields.IntField(primary_key=True)
    uscc = fields.CharField(max_length=18, unique=True)
    account: fields.OneToOneRelation["Account"] = fields.OneToOneField(
        "kernel.Account", related_name=False, on_delete=OnDelete.RESTRICT
    )
    account_id: int
    created_at = UtcDatetimeField()

    class Meta:
        table = "kernel_company"


class Member(Model):
    """Who acts for a company, from when to when; never deleted: the journal names them."""

    id = fields.IntField(primary_key=True)
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "kernel.Company", related_name="members", on_delete=OnDelete.RESTRICT
    )
    company_id: int
    account: fields.ForeignKeyRelation["Account"] = fields.ForeignKeyField(
        "kernel.Account", related_name=False, on_delete=OnDelete.RESTRICT
    )
    account_id: int
    part = fields.CharEnumField(Part, "", max_length=10)
    since = UtcDatetimeField()
    ended_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)

    class Meta:
        table = "kernel_company_member"
        unique_together = (("company", "account"),)
        indexes = (("account_id", "ended_at"),)


class Invitation(Model):
    """For one telephone number, once, seven days."""

    sealed: ClassVar[Mapping[str, Callable[[Any], Place]]] = {
        "phone": lambda row: {"subject": f"invitation:{row.code_hash}", "place": "phone"}
    }
    id = fields.IntField(primary_key=True)
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "kernel.Company", related_name="invitations", on_delete=OnDelete.RESTRICT
    )
    company_id: int
    phone = fields.BinaryField()
    phone_index = fields.CharField(max_length=64, db_index=True)
    code_hash = fields.CharField(max_length=64, unique=True)
    until = UtcDatetimeField()
    used_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)

    class Meta:
        table = "kernel_company_invitation"
