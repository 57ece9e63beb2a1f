"""The life of a notice: written down by one person, in force once another has confirmed it."""

from kernel.labels import Labelled
from kernel.lifecycle import Move, moves
from kernel.workdays import forms, rules
from kernel.workdays.permissions import P


class ProposalState(Labelled):
    PROPOSED = "proposed", "待确认"
    CONFIRMED = "confirmed", "已生效"
    REFUSED = "refused", "未同意"
    WDRAWN = "wdrawn", "已撤回"


S = ProposalState
MOVES = moves(
    Move(
        name="propose", label="录入", sources=frozenset(), target=S.PROPOSED, permission=P.WORKDAY_PROPOSE,
        facts=forms.Proposed, columns=("year", "local", "document", "days"), sets=rules.proposed,
        guards=(rules.says_something_new,),
    ),
    Move(
        name="confirm", label="确认生效", sources=frozenset({S.PROPOSED}), target=S.CONFIRMED,
        permission=P.WORKDAY_CONFIRM, sets=rules.settled, guards=(rules.a_second_person,),
    ),
    Move(
        name="refuse", label="不同意", sources=frozenset({S.PROPOSED}), target=S.REFUSED,
        permission=P.WORKDAY_CONFIRM, facts=forms.Reason, sets=rules.settled, guards=(rules.a_second_person,),
    ),
    Move(
        name="withdraw", label="撤回", sources=frozenset({S.PROPOSED}), target=S.WDRAWN,
        permission=P.WORKDAY_PROPOSE, facts=forms.Reason, sets=rules.settled,
    ),
)  # fmt: skip
