"""Tables of files: what was sent, what it hangs on, what is still arriving. Columns and keys; no verbs."""

from datetime import datetime

from tortoise import fields
from tortoise.fields import OnDelete
from tortoise.models import Model

from kernel.fields import UtcDatetimeField
from kernel.labels import Labelled


class Scanned(Labelled):
    NOT_SCANNED = "not_scanned", "未查毒"
    CLEAN = "clean", "已查毒"
    QUARANTINED = "quarantined", "已隔离"


class File(Model):
    """附件: written only when its bytes are durable. `no` has 128 random bits; the hash opens nothing."""

    id = fields.BigIntField(primary_key=True)
    no = fields.CharField(max_length=32, unique=True)
    sha256 = fields.CharField(max_length=64, db_index=True)
    size = fields.BigIntField()
    type = fields.CharField(max_length=8)  # a key of recognise.TYPES
    name = fields.CharField(max_length=120)  # for people only
    uploader_id = fields.IntField()
    uploaded_at = UtcDatetimeField(db_index=True)
    slot = fields.CharField(max_length=40)
    scanned = fields.CharEnumField(Scanned, "", max_length=12, default=Scanned.NOT_SCANNED)
    shown_sha256 = fields.CharField(max_length=64, default="", db_index=True)  # of a picture: made anew, for others
    shown_size = fields.BigIntField(default=0)
    bound = fields.CharField(max_length=64, default="")  # of who has no account: the key of their form, hashed
    quota = fields.CharField(max_length=64)  # whose day it counts for: a keyed hash of account or network
    attachments: fields.ReverseRelation["Attachment"]

    class Meta:
        table = "kernel_file"
        indexes = (("quota", "uploaded_at"),)

    @property
    def ref(self) -> str:
        return f"file:{self.no}"


class Attachment(Model):
    """What a file hangs on. It is readable by who may see one of these things."""

    id = fields.BigIntField(primary_key=True)
    file: fields.ForeignKeyRelation[File] = fields.ForeignKeyField(
        "kernel.File", related_name="attachments", on_delete=OnDelete.RESTRICT
    )
    file_id: int
    ref = fields.CharField(max_length=80, db_index=True)
    slot = fields.CharField(max_length=40)
    by_id = fields.IntField()
    at = UtcDatetimeField()

    class Meta:
        table = "kernel_attachment"
        unique_together = (("file", "ref"),)


class Upload(Model):
    """A file that comes in parts (断点续传); its parts lie sealed in the spool. `received` counts durable bytes."""

    id = fields.BigIntField(primary_key=True)
    no = fields.CharField(max_length=32, unique=True)
    slot = fields.CharField(max_length=40)
    name = fields.CharField(max_length=120)
    size = fields.BigIntField()
    sha256 = fields.CharField(max_length=64, default="")  # as announced
    received = fields.BigIntField(default=0)
    uploader_id = fields.IntField()
    bound = fields.CharField(max_length=64, default="")
    quota = fields.CharField(max_length=64)
    began_at: fields.Field[datetime] = UtcDatetimeField()
    expires_at: fields.Field[datetime] = UtcDatetimeField(db_index=True)
    file: fields.ForeignKeyNullableRelation[File] = fields.ForeignKeyField(
        "kernel.File", related_name="uploads", null=True, on_delete=OnDelete.SET_NULL
    )
    file_id: int | None

    class Meta:
        table = "kernel_upload"
