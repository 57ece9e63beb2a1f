"""The life of a dispatch rule: proposed, in force, retired. A new version is a new rule."""

from hotline.dispatching import forms, rules
from hotline.permissions import P
from kernel.labels import Labelled
from kernel.lifecycle import Move, moves


class RuleState(Labelled):
    PROPOSED = "proposed", "待批准"
    IN_FORCE = "in_force", "施行中"
    RETIRED = "retired", "已废止"


S = RuleState

RULE_MOVES = moves(
    Move(
        name="propose", label="提出规则", sources=frozenset(), target=S.PROPOSED, permission=P.RULE_PROPOSE,
        facts=forms.Propose, columns=("category", "area", "agency", "basis"), guards=(rules.agency_is_active,),
    ),
    Move(
        name="approve", label="批准规则", sources=frozenset({S.PROPOSED}), target=S.IN_FORCE, permission=P.RULE_APPROVE,
        facts=forms.Approve, guards=(rules.by_a_second_person,), cascades=(rules.retire_the_older,),
    ),
    Move(
        name="retire", label="废止规则", sources=frozenset({S.PROPOSED, S.IN_FORCE}), target=S.RETIRED,
        permission=P.RULE_APPROVE, facts=forms.Retire,
    ),
    Move(name="supersede", label="由新规则取代", sources=frozenset({S.IN_FORCE}), target=S.RETIRED, permission=None),
)  # fmt: skip
