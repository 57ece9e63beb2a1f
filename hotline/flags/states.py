"""The life of a flag: proposed, in force, lifted. What is out of date counts no more; longer is a new flag."""

from hotline.flags import forms, rules
from hotline.permissions import P
from kernel.labels import Labelled
from kernel.lifecycle import Move, moves


class FlagState(Labelled):
    PROPOSED = "proposed", "待审定"
    IN_FORCE = "in_force", "有效"
    LIFTED = "lifted", "已撤销"


S = FlagState

FLAG_MOVES = moves(
    Move(
        name="propose", label="提出标注", sources=frozenset(), target=S.PROPOSED, permission=P.CALLER_FLAG,
        facts=forms.Propose, columns=("attention", "decision_no", "valid_to"), sets=rules.indexed,
        guards=(rules.for_a_year_at_most,),
    ),
    Move(
        name="confirm", label="审定", sources=frozenset({S.PROPOSED}), target=S.IN_FORCE,
        permission=P.CALLER_FLAG_CONFIRM, facts=forms.Confirm, guards=(rules.by_a_second_person,), sets=rules.reviewed,
    ),
    Move(
        name="lift", label="撤销", sources=frozenset({S.PROPOSED, S.IN_FORCE}), target=S.LIFTED,
        permission=P.CALLER_FLAG_CONFIRM, facts=forms.Lift,
    ),
)  # fmt: skip
