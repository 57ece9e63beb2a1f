"""Tables only. A call has no states: it is what an exchange said, the earliest word of each event counting."""

from collections.abc import Callable, Mapping
from datetime import datetime
from math import ceil
from typing import Any, ClassVar

from tortoise import fields
from tortoise.models import Model

from hotline.calls.forms import Ending
from kernel.fields import UtcDatetimeField
from kernel.secrets import Place


class Line(Model):
    """专线: a number that people dial (双号并行), with its greeting and the category that it mostly is about."""

    id = fields.IntField(primary_key=True)
    dnis = fields.CharField(max_length=40, unique=True)
    brand = fields.CharField(max_length=40)
    greeting = fields.CharField(max_length=200)
    category = fields.CharField(max_length=6, default="")

    class Meta:
        table = "hotline_line"


MEASURED = ("waited_s", "talked_s", "rang_s", "called_back_s", "after_s")


class Call(Model):
    """来电: from the first ring to its end. The number is sealed and found by its blind index."""

    sealed: ClassVar[Mapping[str, Callable[[Any], Place]]] = {
        "phone": lambda row: {"subject": f"call:{row.cti_id}", "place": "phone"},
        "reason": lambda row: {"subject": f"call:{row.cti_id}", "place": "reason"},
    }
    id = fields.IntField(primary_key=True)
    cti_id = fields.CharField(max_length=80, unique=True)
    inbound = fields.BooleanField(default=True)
    phone: fields.Field[bytes | None] = fields.BinaryField(null=True)  # None: withheld
    phone_index: fields.Field[str | None] = fields.CharField(max_length=64, null=True)
    dnis = fields.CharField(max_length=40, default="")
    queue = fields.CharField(max_length=40, default="")
    cause = fields.CharField(max_length=40, default="")
    agent_id: fields.Field[int | None] = fields.IntField(null=True)  # the account that it rang at
    offered_at = UtcDatetimeField(db_index=True)
    answered_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)
    hangup_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)
    called_back_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)
    wrapped_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)  # the last that its desk wrote of it
    level: fields.Field[int | None] = fields.IntField(null=True)  # 好差评, pressed at its end: 5 … 1
    outcome: Ending | None = fields.CharEnumField(Ending, "", max_length=12, null=True)  # type: ignore[assignment]
    reason: fields.Field[bytes | None] = fields.BinaryField(null=True)  # what the operator says of an ended one
    # whole seconds between the moments above, rounded up, so that both databases can sum, order and compare them
    waited_s: fields.Field[int | None] = fields.IntField(null=True)  # offered to answered
    talked_s: fields.Field[int | None] = fields.IntField(null=True)  # answered to hung up
    rang_s: fields.Field[int | None] = fields.IntField(null=True)  # offered to hung up
    called_back_s: fields.Field[int | None] = fields.IntField(null=True)  # hung up to called back
    after_s: fields.Field[int | None] = fields.IntField(null=True)  # 话后: hung up to wrapped up

    class Meta:
        table = "hotline_call"
        indexes = (("agent_id", "offered_at"), ("phone_index", "offered_at"))

    def measure(self) -> None:
        self.waited_s = _seconds(self.offered_at, self.answered_at)
        self.talked_s = _seconds(self.answered_at, self.hangup_at)
        self.rang_s = _seconds(self.offered_at, self.hangup_at)
        self.called_back_s = _seconds(self.hangup_at, self.called_back_at)
        self.after_s = _seconds(self.hangup_at, self.wrapped_at) if self.answered_at else None


def _seconds(begin: datetime | None, end: datetime | None) -> int | None:
    return max(0, ceil((end - begin).total_seconds())) if begin and end else None


class CallTicket(Model):
    """What one call became: a ticket for each caller who spoke (一通电话、两位诉求人)."""

    id = fields.BigIntField(primary_key=True)
    call_id = fields.IntField(db_index=True)
    ticket = fields.CharField(max_length=48, unique=True)
    at = UtcDatetimeField(db_index=True)

    class Meta:
        table = "hotline_call_ticket"


class Handover(Model):
    """交接班: a lead's note to the next one; who confirms it has read it."""

    sealed: ClassVar[Mapping[str, Callable[[Any], Place]]] = {
        "note": lambda row: {"subject": f"handover:{row.by_id}", "place": f"note:{row.at.isoformat()}"}
    }
    id = fields.IntField(primary_key=True)
    note = fields.BinaryField()
    by_id = fields.IntField()
    by_name = fields.CharField(max_length=60)
    at = UtcDatetimeField(db_index=True)
    open_calls = fields.IntField()
    confirmed_by_id: fields.Field[int | None] = fields.IntField(null=True)
    confirmed_by_name = fields.CharField(max_length=60, default="")
    confirmed_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)

    class Meta:
        table = "hotline_handover"
