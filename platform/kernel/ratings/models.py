"""The table of ratings."""

from datetime import datetime

from tortoise import fields

from kernel.clocks.limits import Limit
from kernel.fields import UtcDatetimeField
from kernel.models import Thing
from kernel.permissions import Actor, Permission
from kernel.ratings.permissions import P
from kernel.ratings.states import RATING_MOVES, RatingState


class Rating(Thing):
    """评价: who gave it is a keyed hash only, what was written is sealed."""

    kind, label, moves = "rating", "评价", RATING_MOVES
    prefix = "73"

    state = fields.CharEnumField(RatingState, "", max_length=12)
    subject = fields.CharField(max_length=80)
    person = fields.CharField(max_length=64)  # blind index of account or of the query code that was shown
    level = fields.IntField()
    owner_path = fields.CharField(max_length=200, db_index=True)
    tags: fields.Field[list[str]] = fields.JSONField()
    due_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)
    rated_at = UtcDatetimeField(db_index=True)
    followed_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)

    class Meta:
        table = "kernel_rating"
        unique_together = (("subject", "person"),)

    async def scope_path(self) -> str:
        return self.owner_path

    async def limit(self, step: str) -> Limit | None:
        """Five working days to come back to a low rating: this house's own default, no statute names a number."""
        return Limit(budget=((5, "wd"),), policy="rating-v1")

    async def may(self, permission: Permission, actor: Actor) -> bool:
        """Whoever has proven that the matter is theirs rates it; the verb has asked its kind."""
        return permission is P.RATING_RATE or await super().may(permission, actor)
