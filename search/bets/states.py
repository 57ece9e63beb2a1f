"""The life of a bet: written down by one person, live once another has published it, until its day or sooner."""

from kernel.labels import Labelled
from kernel.lifecycle import Move, moves
from search.bets import forms, rules
from search.permissions import P


class BetState(Labelled):
    PROPOSED = "proposed", "待发布"
    LIVE = "live", "在用"
    REFUSED = "refused", "未同意"
    WDRAWN = "wdrawn", "已撤回"
    ENDED = "ended", "已停用"


S = BetState
MOVES = moves(
    Move(
        name="propose", label="拟定", sources=frozenset(), target=S.PROPOSED, permission=P.BET_DRAFT,
        facts=forms.Placed, columns=("query", "match", "effect", "document", "place", "reason", "last_day"),
        sets=rules.proposed, guards=(rules.not_for_the_past, rules.is_public),
    ),
    Move(
        name="publish", label="发布", sources=frozenset({S.PROPOSED}), target=S.LIVE, permission=P.BET_PUBLISH,
        sets=rules.settled, guards=(rules.a_second_person, rules.not_over),
    ),
    Move(
        name="refuse", label="不同意", sources=frozenset({S.PROPOSED}), target=S.REFUSED, permission=P.BET_PUBLISH,
        facts=forms.Reason, sets=rules.settled, guards=(rules.a_second_person,),
    ),
    Move(
        name="withdraw", label="撤回", sources=frozenset({S.PROPOSED}), target=S.WDRAWN, permission=P.BET_DRAFT,
        facts=forms.Reason, sets=rules.settled,
    ),
    Move(
        name="stop", label="停用", sources=frozenset({S.LIVE}), target=S.ENDED, permission=P.BET_DRAFT,
        facts=forms.Reason, sets=rules.ended,
    ),
)  # fmt: skip
