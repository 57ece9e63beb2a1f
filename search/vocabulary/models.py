"""The table of versions of the vocabulary."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from tortoise import fields

from kernel.fields import UtcDatetimeField
from kernel.lifecycle import Move
from kernel.models import Thing
from search.vocabulary.states import MOVES, EditionState


class VocabularyEdition(Thing):
    """检索词典的一版: the hall's own lines, all of them; the newest published one is in force."""

    kind: ClassVar[str] = "search_vocabulary"
    label: ClassVar[str] = "检索词典"
    prefix: ClassVar[str] = "366"
    moves: ClassVar[Mapping[str, Move]] = MOVES

    state = fields.CharEnumField(EditionState, "", max_length=10)
    note = fields.CharField(max_length=200)
    lines = fields.TextField()
    proposed_by = fields.IntField()
    proposed_at = UtcDatetimeField()
    settled_by: fields.Field[int | None] = fields.IntField(null=True)
    settled_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)

    class Meta:
        table = "search_vocabulary"
        indexes = (("state", "settled_at"),)
