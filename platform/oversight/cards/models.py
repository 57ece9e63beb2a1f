"""The table of cards."""

from datetime import datetime

from tortoise import fields

from kernel.clocks.limits import Limit, parse_span
from kernel.fields import UtcDatetimeField
from kernel.models import Thing
from kernel.permissions import Actor, Clearance, Permission
from oversight.cards.rules import explained
from oversight.cards.states import CARD_MOVES, CardState
from oversight.ladder import queries as ladder
from oversight.ladder.models import Level
from oversight.permissions import OF_THE_UNIT

APPEAL = "3 wd"  # how long a decision on an appeal may take


class Card(Thing):
    """监督卡: one rule fired over one clock of one thing. `org_path` answers for it, `region_path` is supervised."""

    kind, label, moves = "card", "监督卡", CARD_MOVES
    prefix = "5100"

    state = fields.CharEnumField(CardState, "", max_length=12)
    level = fields.CharEnumField(Level, "", max_length=12)
    rule = fields.CharField(max_length=12)
    rule_version = fields.IntField()
    about = fields.CharField(max_length=80)
    step = fields.CharField(max_length=20)
    span = fields.IntField()
    org_path = fields.CharField(max_length=200, db_index=True)
    secret = fields.BooleanField(default=False)  # what it is about bears the label 保密
    doc_no = fields.CharField(max_length=60, default="")
    made_at = UtcDatetimeField()
    issued_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)
    issued_by = fields.IntField(default=0)  # 0: the machine
    due_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)

    class Meta:
        table = "oversight_card"
        unique_together = (("about", "step", "span", "rule"),)
        indexes = (("state", "id"),)

    async def scope_path(self) -> str:
        return self.org_path

    async def may(self, permission: Permission, actor: Actor) -> bool:
        """The unit acts on its own cards once they are out; who supervises, over the region; none without clearance."""
        if not actor.cleared(await self.sensitivity()):
            return False
        if permission in OF_THE_UNIT:
            return self.issued_at is not None and actor.may(permission, self.org_path)
        return actor.may(permission, self.region_path)

    async def sensitivity(self) -> Clearance:
        return Clearance.CONFIDENTIAL if self.secret else Clearance.PLAIN

    async def limit(self, step: str) -> Limit | None:
        """`reply`: what its rule gives; nothing where no explanation is due, or where it was given."""
        if step == "reply" and await explained(self):
            return None
        rule = await ladder.version_of(self.rule, self.rule_version)
        span = rule.reply if step == "reply" else APPEAL
        policy = f"{rule.code}-v{rule.version}"
        return Limit((parse_span(span),), policy, warn="50 %") if span else None
