"""Tables of the books: accounts, postings that balance, the days that are closed. Amounts are whole fen."""

from datetime import date
from typing import ClassVar

from tortoise import fields
from tortoise.fields import OnDelete
from tortoise.models import Model

from kernel.fields import UtcDatetimeField
from kernel.labels import Labelled


class AccountType(Labelled):
    BANK = "bank", "银行存款"
    HOLDING = "holding", "代管款项"
    INCOME = "income", "应缴财政款"
    RECEIVABLE = "receivable", "应收款项"


class Book(Model):
    """账户: one purse in the books; `balance_fen` is kept beside the lines and proven by them."""

    id = fields.BigIntField(primary_key=True)
    code = fields.CharField(max_length=80, unique=True)
    type = fields.CharEnumField(AccountType, "", max_length=12)
    org_path = fields.CharField(max_length=200)
    balance_fen = fields.BigIntField(default=0)

    class Meta:
        table = "kernel_book"


class Posting(Model):
    """记账凭证: written once. `key` makes it happen once; `undoes` names the posting that a refund gives back from."""

    append_only: ClassVar[tuple[str, ...]] = ()
    id = fields.BigIntField(primary_key=True)
    key = fields.CharField(max_length=120, unique=True)
    about = fields.CharField(max_length=80, db_index=True)
    text = fields.CharField(max_length=100)
    actor_id = fields.IntField()
    at = UtcDatetimeField()
    day = fields.DateField(db_index=True)  # the city's day that it counts in
    undoes: fields.ForeignKeyNullableRelation["Posting"] = fields.ForeignKeyField(
        "kernel.Posting", related_name="refunds", null=True, on_delete=OnDelete.RESTRICT
    )
    undoes_id: int | None
    digest = fields.CharField(max_length=64)
    lines: fields.ReverseRelation["Line"]

    class Meta:
        table = "kernel_posting"


class Line(Model):
    """分录: plus is debit, minus is credit; the lines of a posting sum to zero."""

    append_only: ClassVar[tuple[str, ...]] = ()
    id = fields.BigIntField(primary_key=True)
    posting: fields.ForeignKeyRelation[Posting] = fields.ForeignKeyField(
        "kernel.Posting", related_name="lines", on_delete=OnDelete.RESTRICT
    )
    posting_id: int
    book: fields.ForeignKeyRelation[Book] = fields.ForeignKeyField(
        "kernel.Book", related_name="lines", on_delete=OnDelete.RESTRICT
    )
    book_id: int
    amount_fen = fields.BigIntField()

    class Meta:
        table = "kernel_line"


class Day(Model):
    """日结: after it nothing is booked into that day or one before it."""

    append_only: ClassVar[tuple[str, ...]] = ()
    id = fields.IntField(primary_key=True)
    day: fields.Field[date] = fields.DateField(unique=True)
    postings = fields.IntField()
    turnover_fen = fields.BigIntField()
    closed_by = fields.IntField()
    closed_at = UtcDatetimeField()

    class Meta:
        table = "kernel_closed_day"
