from tortoise import fields, migrations
from tortoise.indexes import Index

from approvals.disclosure.forms import Theme
from approvals.disclosure.states import PolicyState
from kernel import operations as ops
from kernel.fields import UtcDatetimeField


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Policy",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("no", fields.CharField(unique=True, max_length=48)),
                ("region_path", fields.CharField(max_length=200)),
                ("version", fields.IntField(default=0)),
                ("head", fields.BinaryField()),
                ("state", fields.CharEnumField(description="", enum_type=PolicyState, max_length=10)),
                ("title", fields.CharField(max_length=150)),
                ("number", fields.CharField(default="", max_length=60)),
                ("number_key", fields.CharField(default="", db_index=True, max_length=120)),
                ("agency", fields.CharField(default="", max_length=200)),
                ("theme", fields.CharEnumField(default=Theme.OTHER, description="", enum_type=Theme, max_length=12)),
                ("issued", fields.DateField(null=True)),
                ("posted", fields.DateField(null=True)),
                ("effective_from", fields.DateField(null=True)),
                ("day", fields.IntField(default=0)),
                ("year", fields.IntField(default=0)),
                ("body", fields.TextField(unique=False)),
                ("origin", fields.CharField(default="", max_length=80)),
                ("changed_by", fields.CharField(default="", max_length=200)),
                ("changed_on", fields.DateField(null=True)),
                ("ended_by", fields.CharField(default="", max_length=200)),
                ("ended_on", fields.DateField(null=True)),
                ("published_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("changed_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("source", fields.CharField(null=True, max_length=80)),
                ("source_no", fields.CharField(null=True, max_length=80)),
                ("source_hash", fields.CharField(null=True, max_length=64)),
            ],
            options={
                "table": "approvals_policy",
                "app": "approvals",
                "unique_together": (("source", "source_no"),),
                "indexes": [Index(fields=["state", "day", "id"]), Index(fields=["agency", "day"])],
                "pk_attr": "id",
                "table_description": "政策文件. `body` is in our own markup (approvals.disclosure.text); earlier texts stand in the journal.",
            },
            bases=["Thing"],
        ),
    ]
