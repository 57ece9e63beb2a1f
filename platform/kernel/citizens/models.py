"""Who a citizen is; nothing personal stands here in clear."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from tortoise import fields
from tortoise.fields import OnDelete
from tortoise.models import Model

from kernel.fields import UtcDatetimeField
from kernel.secrets import Place

if TYPE_CHECKING:
    from kernel.people.models import Account


def _in(column: str) -> Callable[[Any], Place]:
    return lambda row: {"subject": f"profile:{row.account_id}", "place": column}


class Profile(Model):
    """Name, telephone and identity number of an account, sealed; found again by keyed indexes only."""

    sealed: ClassVar[Mapping[str, Callable[[Any], Place]]] = {one: _in(one) for one in ("name", "phone", "id_number")}
    id = fields.IntField(primary_key=True)
    account: fields.OneToOneRelation["Account"] = fields.OneToOneField(
        "kernel.Account", related_name=False, on_delete=OnDelete.RESTRICT
    )
    account_id: int
    name = fields.BinaryField(null=True)
    phone = fields.BinaryField(null=True)
    id_number = fields.BinaryField(null=True)
    phone_index: fields.Field[str | None] = fields.CharField(max_length=64, null=True, unique=True)
    id_index: fields.Field[str | None] = fields.CharField(max_length=64, null=True, unique=True)
    level = fields.IntField(default=1)
    level_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)
    closed_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)

    class Meta:
        table = "kernel_profile"
