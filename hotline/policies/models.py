"""The tables of time-limit policies."""

from datetime import date, datetime
from typing import Any

from tortoise import fields
from tortoise.fields import OnDelete
from tortoise.models import Model

from hotline.policies.states import MOVES, PolicyState
from kernel.fields import UtcDatetimeField
from kernel.models import Thing


class Policy(Thing):
    """时限策略: one version of the limits; its number is the name that tickets and assignments pin."""

    kind, label, moves = "time_policy", "时限策略", MOVES

    state = fields.CharEnumField(PolicyState, "", max_length=10)
    title = fields.CharField(max_length=80)
    base = fields.CharField(max_length=40)  # the version or preset that it was started from
    document: fields.Field[dict[str, Any]] = fields.JSONField()
    effective_from: fields.Field[date | None] = fields.DateField(null=True)
    changed_at = UtcDatetimeField()
    published_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)

    class Meta:
        table = "hotline_policy"
        indexes = (("state", "effective_from"),)


class Replay(Model):
    """试算: a period's tickets judged again under a policy. Clocks are read, never written; a run goes on where the
    last one stopped. `tally`: `step|class` → [judged, late then, late now]."""

    id = fields.IntField(primary_key=True)
    policy: fields.ForeignKeyRelation[Policy] = fields.ForeignKeyField(
        "hotline.Policy", related_name="replays", on_delete=OnDelete.RESTRICT
    )
    policy_id: int
    document: fields.Field[dict[str, Any]] = fields.JSONField()  # as the draft was then
    starts = fields.DateField()
    ends = fields.DateField()
    asked_by = fields.IntField()
    asked_at = UtcDatetimeField()
    total = fields.IntField()
    done = fields.IntField(default=0)
    reached = fields.BigIntField(default=0)  # the last ticket's id
    tally: fields.Field[dict[str, list[int]]] = fields.JSONField(default=dict)
    changed: fields.Field[list[list[str]]] = fields.JSONField(default=list)  # [ticket, step, due then, due now, turn]
    changed_count = fields.IntField(default=0)
    finished_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)
    claimed_by = fields.CharField(max_length=80, null=True)
    claimed_until: fields.Field[datetime | None] = UtcDatetimeField(null=True)

    class Meta:
        table = "hotline_policy_replay"
        indexes = (("finished_at", "id"),)
