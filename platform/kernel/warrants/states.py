"""The life of a warrant: asked, confirmed by a security administrator, approved by a chief, over within the hour."""

from kernel.labels import Labelled
from kernel.leaving.rules import asker_leaves
from kernel.lifecycle import Move, moves
from kernel.people.permissions import P
from kernel.warrants import forms, rules


class Ground(Labelled):
    AUDIT = "audit", "审计调阅"
    EMERGENCY = "emergency", "紧急授权"


class WarrantState(Labelled):
    ASKED = "asked", "待核验"
    CONFIRMED = "confirmed", "待批准"
    OPEN = "open", "已生效"
    REFUSED = "refused", "未同意"
    RETURNED = "returned", "已交还"
    REVOKED = "revoked", "已收回"
    WDRAWN = "wdrawn", "已撤回"


S = WarrantState
MOVES = moves(
    Move(
        name="ask", label="申请调阅", sources=frozenset(), target=S.ASKED, permission=P.WARRANT_ASK,
        facts=forms.Asked, columns=("subjects", "reason"), sets=rules.asked,
    ),
    Move(
        name="confirm", label="核验通过", sources=frozenset({S.ASKED}), target=S.CONFIRMED,
        permission=P.WARRANT_CONFIRM, guards=(rules.another_person,), sets=rules.confirmed,
    ),
    Move(
        name="approve", label="批准", sources=frozenset({S.CONFIRMED}), target=S.OPEN, permission=P.WARRANT_APPROVE,
        guards=(rules.another_person,), sets=rules.approved,
    ),
    Move(
        name="refuse", label="不同意", sources=frozenset({S.ASKED, S.CONFIRMED}), target=S.REFUSED,
        permission=P.WARRANT_STOP, facts=forms.Why, guards=(rules.not_the_asker,),
    ),
    Move(
        name="revoke", label="收回", sources=frozenset({S.OPEN}), target=S.REVOKED, permission=P.WARRANT_STOP,
        facts=forms.Why, guards=(rules.who_agreed, rules.in_time),
    ),
    Move(
        name="give_back", label="交还", sources=frozenset({S.OPEN}), target=S.RETURNED, permission=P.WARRANT_ASK,
        guards=(rules.who_asked, rules.in_time),
    ),
    Move(
        name="withdraw", label="撤回", sources=frozenset({S.ASKED, S.CONFIRMED}), target=S.WDRAWN,
        permission=P.WARRANT_ASK, guards=(rules.who_asked,),
    ),
    Move(
        name="lapse", label="因离岗终止", sources=frozenset({S.ASKED, S.CONFIRMED, S.OPEN}), target=S.WDRAWN,
        permission=P.ACCOUNT_DISABLE, guards=(asker_leaves,),
    ),
)  # fmt: skip
