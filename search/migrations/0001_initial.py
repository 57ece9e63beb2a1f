import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.indexes import Index

from kernel import operations as ops
from kernel.fields import UtcDatetimeField


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Applied",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("part", fields.CharField(max_length=12)),
                ("ref", fields.CharField(max_length=80)),
                ("version", fields.IntField()),
                ("digest", fields.CharField(max_length=16)),
                ("at", UtcDatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ("deleted_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "search_applied",
                "app": "search",
                "unique_together": (("ref", "part"),),
                "pk_attr": "id",
                "table_description": "The version of a document that the index holds. Deleted documents leave their row as a tombstone.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Rebuild",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("asked_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("started_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("finished_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("done", fields.IntField(default=0)),
                ("problem", fields.CharField(default="", max_length=300)),
            ],
            options={
                "table": "search_rebuild",
                "app": "search",
                "pk_attr": "id",
                "table_description": "One building of the index anew (重建索引), asked for by someone or by what was found missing.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SavedSearch",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("account_id", fields.IntField()),
                ("label", fields.CharField(max_length=40)),
                ("q", fields.CharField(max_length=200)),
                ("kind", fields.CharField(default="", max_length=20)),
                ("agency", fields.CharField(default="", max_length=100)),
                ("region", fields.CharField(default="", max_length=200)),
                ("tell", fields.BooleanField(default=True)),
                (
                    "seen",
                    fields.JSONField(
                        default=list, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("floor", fields.BigIntField(default=0)),
                ("looked_on", fields.DateField()),
                ("created_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "search_saved",
                "app": "search",
                "unique_together": (("account_id", "label"),),
                "indexes": [Index(fields=["tell", "looked_on", "id"])],
                "pk_attr": "id",
                "table_description": "保存的检索. `seen`: refs of the newest answers when it was last looked through; `floor`: when the oldest of them",
            },
            bases=["Model"],
        ),
    ]
