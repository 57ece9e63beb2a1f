"""The tables of the knowledge base."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import ClassVar

from tortoise import fields
from tortoise.fields import OnDelete
from tortoise.models import Model

from hotline.knowledge.forms import Verdict, Visibility
from hotline.knowledge.states import MOVES, ArticleState
from kernel.fields import UtcDatetimeField
from kernel.lifecycle import Move
from kernel.models import Thing


class Article(Thing):
    """知识条目: the text as it is being written; what is in use are its editions."""

    kind: ClassVar[str] = "article"
    label: ClassVar[str] = "知识条目"
    prefix: ClassVar[str] = "53"  # of 国办发〔2020〕53号
    moves: ClassVar[Mapping[str, Move]] = MOVES

    state = fields.CharEnumField(ArticleState, "", max_length=10)
    title = fields.CharField(max_length=80)
    body = fields.TextField()
    source = fields.CharField(max_length=300)
    owner = fields.CharField(max_length=20)
    visibility = fields.CharEnumField(Visibility, "", max_length=10)
    category: fields.Field[str | None] = fields.CharField(max_length=6, null=True)
    words = fields.CharField(max_length=200, default="")
    valid_to: fields.Field[date] = fields.DateField(db_index=True)
    edition = fields.IntField(default=0)
    changed_at = UtcDatetimeField()
    reminded_for: fields.Field[date | None] = fields.DateField(null=True)

    class Meta:
        table = "hotline_article"
        indexes = (("state", "valid_to"),)


class Edition(Model):
    """One published version (版本): it stays readable when a later one follows. `current`: the desk answers from it."""

    id = fields.IntField(primary_key=True)
    article: fields.ForeignKeyRelation[Article] = fields.ForeignKeyField(
        "hotline.Article", related_name="editions", on_delete=OnDelete.RESTRICT
    )
    article_id: int
    number = fields.IntField()
    no = fields.CharField(max_length=48, db_index=True)
    pin = fields.CharField(max_length=60, unique=True)  # `53-…@2`: what a ticket that was answered from it says
    title = fields.CharField(max_length=80)
    body = fields.TextField()
    source = fields.CharField(max_length=300)
    owner = fields.CharField(max_length=20)
    visibility = fields.CharEnumField(Visibility, "", max_length=10)
    category: fields.Field[str | None] = fields.CharField(max_length=6, null=True)
    words = fields.CharField(max_length=200, default="")
    initials = fields.CharField(max_length=300)
    valid_to: fields.Field[date] = fields.DateField()
    published_at = UtcDatetimeField()
    published_by = fields.IntField()
    current = fields.BooleanField(default=True, db_index=True)
    wrong_since: fields.Field[datetime | None] = UtcDatetimeField(null=True)

    class Meta:
        table = "hotline_edition"
        unique_together = (("article", "number"),)


class Answered(Model):
    """Which edition a ticket was answered from."""

    id = fields.BigIntField(primary_key=True)
    ticket = fields.CharField(max_length=48, unique=True)
    article = fields.CharField(max_length=48)
    edition = fields.IntField()
    at = UtcDatetimeField()

    class Meta:
        table = "hotline_answered_from"
        indexes = (("article", "edition"),)


class Feedback(Model):
    """What somebody at the desk says of an edition (反馈)."""

    id = fields.BigIntField(primary_key=True)
    article = fields.CharField(max_length=48)
    edition = fields.IntField()
    verdict = fields.CharEnumField(Verdict, "", max_length=10)
    text = fields.CharField(max_length=500)
    by_id = fields.IntField()
    at = UtcDatetimeField()
    settled_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)

    class Meta:
        table = "hotline_article_feedback"
        indexes = (("article", "edition"), ("settled_at", "id"))


class Unanswered(Model):
    """什么还没有答案: a look-up without a hit, or a ticket that was answered freely."""

    id = fields.BigIntField(primary_key=True)
    query = fields.CharField(max_length=100, unique=True)
    times = fields.IntField(default=1)
    ticket = fields.CharField(max_length=48, default="")  # the newest that was answered without an article
    last_at = UtcDatetimeField()
    settled_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)

    class Meta:
        table = "hotline_unanswered"
        indexes = (("settled_at", "times"),)


class Proposal(Model):
    """可学的答复: a question that closed consults answered and no article does, with the newest released answer.
    An editor makes an article of it or declines; tickets that ask the same count up."""

    id = fields.BigIntField(primary_key=True)
    question = fields.CharField(max_length=100)
    body = fields.TextField()
    owner = fields.CharField(max_length=20, default="")  # code of who answered; empty: the centre
    category: fields.Field[str | None] = fields.CharField(max_length=6, null=True)
    ticket = fields.CharField(max_length=48)  # the newest
    times = fields.IntField(default=1)
    last_at = UtcDatetimeField()
    article = fields.CharField(max_length=48, default="")  # what was made of it
    settled_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)

    class Meta:
        table = "hotline_proposal"
        indexes = (("settled_at", "times"),)


class ProposalSource(Model):
    """Which tickets a proposal has learned from, each once."""

    id = fields.BigIntField(primary_key=True)
    ticket = fields.CharField(max_length=48, unique=True)
    proposal: fields.ForeignKeyRelation[Proposal] = fields.ForeignKeyField(
        "hotline.Proposal", related_name="sources", on_delete=OnDelete.CASCADE
    )
    proposal_id: int

    class Meta:
        table = "hotline_proposal_source"
