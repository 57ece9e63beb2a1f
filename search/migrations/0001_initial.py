import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.indexes import Index

from kernel import operations as ops
from kernel.fields import UtcDatetimeField
from search.bets.forms import Effect, Match
from search.bets.states import BetState
from search.vocabulary.states import EditionState


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
                ("bucket", fields.SmallIntField()),
                ("digest_0", fields.IntField()),
                ("digest_1", fields.IntField()),
                ("digest_2", fields.IntField()),
                ("rank", fields.SmallIntField()),
                ("look_at", UtcDatetimeField(null=True, db_index=True, auto_now=False, auto_now_add=False)),
                ("at", UtcDatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ("deleted_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "search_applied",
                "app": "search",
                "unique_together": (("ref", "part"),),
                "indexes": [Index(fields=["bucket", "part"])],
                "pk_attr": "id",
                "table_description": "The version of a document that the index holds. Deleted documents leave their row as a tombstone. The digest",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Bet",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("no", fields.CharField(unique=True, max_length=48)),
                ("region_path", fields.CharField(max_length=200)),
                ("version", fields.IntField(default=0)),
                ("head", fields.BinaryField()),
                ("state", fields.CharEnumField(description="", enum_type=BetState, max_length=10)),
                ("query", fields.CharField(max_length=60)),
                ("key", fields.CharField(max_length=120)),
                ("match", fields.CharEnumField(description="", enum_type=Match, max_length=10)),
                ("effect", fields.CharEnumField(description="", enum_type=Effect, max_length=10)),
                ("document", fields.CharField(max_length=90)),
                ("place", fields.SmallIntField()),
                ("reason", fields.CharField(max_length=300)),
                ("last_day", fields.DateField()),
                ("proposed_by", fields.IntField()),
                ("proposed_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("settled_by", fields.IntField(null=True)),
                ("settled_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("ended_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "search_bet",
                "app": "search",
                "indexes": [Index(fields=["state", "last_day"])],
                "pk_attr": "id",
                "table_description": "置顶或不显示 (best bet): `key` is the question as it is compared.",
            },
            bases=["Thing"],
        ),
        ops.CreateModel(
            name="Comparison",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("at", UtcDatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ("whole", fields.BooleanField()),
                ("documents", fields.IntField()),
                ("drift", fields.IntField()),
                ("staying", fields.IntField()),
                ("refs", fields.JSONField(encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads)),
            ],
            options={
                "table": "search_comparison",
                "app": "search",
                "pk_attr": "id",
                "table_description": "One look at whether the index holds what the database holds (核对). `refs` are the first of those that differed,",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Rebuild",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("back", fields.BooleanField(default=False)),
                ("asked_by", fields.BigIntField(default=0)),
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
                "table_description": "One building of the index anew (重建索引), asked for by someone or by what was found missing; or, `back`, the one",
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
        ops.CreateModel(
            name="VocabularyEdition",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("no", fields.CharField(unique=True, max_length=48)),
                ("region_path", fields.CharField(max_length=200)),
                ("version", fields.IntField(default=0)),
                ("head", fields.BinaryField()),
                ("state", fields.CharEnumField(description="", enum_type=EditionState, max_length=10)),
                ("note", fields.CharField(max_length=200)),
                ("lines", fields.TextField(unique=False)),
                ("proposed_by", fields.IntField()),
                ("proposed_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("settled_by", fields.IntField(null=True)),
                ("settled_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "search_vocabulary",
                "app": "search",
                "indexes": [Index(fields=["state", "settled_at"])],
                "pk_attr": "id",
                "table_description": "检索词典的一版: the hall's own lines, all of them; the newest published one is in force.",
            },
            bases=["Thing"],
        ),
    ]
