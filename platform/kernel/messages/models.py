"""Tables of what leaves the house: codes, and messages on their way."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from tortoise import fields
from tortoise.models import Model

from kernel.fields import UtcDatetimeField
from kernel.labels import Labelled
from kernel.secrets import Place


class Channel(Labelled):
    SMS = "sms", "短信"
    EMAIL = "email", "电子邮件"


class State(Labelled):
    QUEUED = "queued", "待发"
    SENT = "sent", "已发出"
    FAILED = "failed", "未能送达"
    EXPIRED = "expired", "过期未发"
    DELIVERED = "delivered", "已送达"


class Code(Model):
    """验证码. Neither the code nor the telephone stands here, only keyed hashes; one living code for each `bound`."""

    id = fields.BigIntField(primary_key=True)
    bound = fields.CharField(max_length=64, unique=True)
    code_hash = fields.CharField(max_length=64)
    until = UtcDatetimeField(db_index=True)
    tries = fields.IntField(default=0)

    class Meta:
        table = "kernel_code"


class Outgoing(Model):
    """One message to one person by one channel. Who and what are sealed, and erased as soon as it has left."""

    sealed: ClassVar[Mapping[str, Callable[[Any], Place]]] = {
        "recipient": lambda row: {"subject": f"outgoing:{row.key}", "place": "recipient"},
        "content": lambda row: {"subject": f"outgoing:{row.key}", "place": "content"},
    }
    id = fields.BigIntField(primary_key=True)
    key = fields.CharField(max_length=64, unique=True)  # the same to the provider, however often it is tried
    channel = fields.CharEnumField(Channel, "", max_length=8)
    template = fields.CharField(max_length=60)
    version = fields.IntField(default=1)
    state = fields.CharEnumField(State, "", max_length=10, default=State.QUEUED, db_index=True)
    recipient: fields.Field[bytes | None] = fields.BinaryField(null=True)
    content: fields.Field[bytes | None] = fields.BinaryField(null=True)
    at = UtcDatetimeField()
    until: fields.Field[datetime | None] = UtcDatetimeField(null=True)  # after which nobody wants it any more
    done_at: fields.Field[datetime | None] = UtcDatetimeField(null=True, db_index=True)
    problem = fields.CharField(max_length=60, default="")  # a code of the provider's, never content

    class Meta:
        table = "kernel_outgoing"


class Contact(Model):
    """How a person can be reached, and by which channels for what. Only proven addresses stand here in use."""

    sealed: ClassVar[Mapping[str, Callable[[Any], Place]]] = {
        "email": lambda row: {"subject": f"contact:{row.account_id}", "place": "email"},
        "pending": lambda row: {"subject": f"contact:{row.account_id}", "place": "pending"},
        "phone": lambda row: {"subject": f"contact:{row.account_id}", "place": "phone"},
    }
    id = fields.BigIntField(primary_key=True)
    account_id = fields.IntField(unique=True)
    email: fields.Field[bytes | None] = fields.BinaryField(null=True)
    email_index = fields.CharField(max_length=64, default="", db_index=True)
    pending: fields.Field[bytes | None] = fields.BinaryField(null=True)  # an address that isn't proven yet
    pending_hash = fields.CharField(max_length=64, default="")
    pending_until: fields.Field[datetime | None] = UtcDatetimeField(null=True)
    phone: fields.Field[bytes | None] = fields.BinaryField(null=True)
    off: fields.Field[list[str]] = fields.JSONField(default=list)  # "sort:channel" that this person switched off

    class Meta:
        table = "kernel_contact"


class MessageTemplate(Model):
    """One version of a template's texts. Version 1 is what the program declares; a later one counts once published."""

    id = fields.BigIntField(primary_key=True)
    code = fields.CharField(max_length=60)
    version = fields.IntField()
    title = fields.CharField(max_length=160)
    body = fields.TextField(default="")
    subject = fields.CharField(max_length=160, default="")
    mail = fields.TextField(default="")
    sms = fields.CharField(max_length=70, default="")
    author_id = fields.IntField(default=0)  # 0: the program
    at = UtcDatetimeField()
    published_by: fields.Field[int | None] = fields.IntField(null=True)
    published_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)

    class Meta:
        table = "kernel_message_template"
        unique_together = (("code", "version"),)


class Nonce(Model):
    """What a gateway has signed once: a second time is a replay."""

    id = fields.BigIntField(primary_key=True)
    value = fields.CharField(max_length=64, unique=True)
    at = UtcDatetimeField(db_index=True)

    class Meta:
        table = "kernel_nonce"
