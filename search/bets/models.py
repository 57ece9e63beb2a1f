"""The table of bets."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import ClassVar

from tortoise import fields

from kernel.fields import UtcDatetimeField
from kernel.lifecycle import Move
from kernel.models import Thing
from search.bets.forms import Effect, Match
from search.bets.states import MOVES, BetState


class Bet(Thing):
    """置顶或不显示 (best bet): `key` is the question as it is compared."""

    kind: ClassVar[str] = "search_bet"
    label: ClassVar[str] = "置顶和不显示"
    prefix: ClassVar[str] = "367"
    moves: ClassVar[Mapping[str, Move]] = MOVES

    state = fields.CharEnumField(BetState, "", max_length=10)
    query = fields.CharField(max_length=60)
    key = fields.CharField(max_length=120)
    match = fields.CharEnumField(Match, "", max_length=10)
    effect = fields.CharEnumField(Effect, "", max_length=10)
    document = fields.CharField(max_length=90)
    place = fields.SmallIntField()
    reason = fields.CharField(max_length=300)
    last_day: fields.Field[date] = fields.DateField()
    proposed_by = fields.IntField()
    proposed_at = UtcDatetimeField()
    settled_by: fields.Field[int | None] = fields.IntField(null=True)
    settled_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)
    ended_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)

    class Meta:
        table = "search_bet"
        indexes = (("state", "last_day"),)
