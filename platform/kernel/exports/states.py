"""The life of a request: asked by one, decided by another, taken by the first within a day."""

from kernel.exports import forms, rules
from kernel.labels import Labelled
from kernel.leaving.rules import asker_leaves
from kernel.lifecycle import Move, moves
from kernel.people.permissions import P


class ExportState(Labelled):
    ASKED = "asked", "待审批"
    APPROVED = "approved", "已同意"
    REFUSED = "refused", "未同意"
    WDRAWN = "wdrawn", "已撤回"


S = ExportState
MOVES = moves(
    Move(
        name="ask", label="申请导出", sources=frozenset(), target=S.ASKED, permission=P.EXPORT_ASK, facts=forms.Asked,
        columns=("listing", "query", "ending", "purpose", "rows"), sets=rules.asked,
    ),
    Move(
        name="approve", label="同意", sources=frozenset({S.ASKED}), target=S.APPROVED, permission=P.EXPORT_APPROVE,
        guards=(rules.another_person,), sets=rules.decided,
    ),
    Move(
        name="refuse", label="不同意", sources=frozenset({S.ASKED}), target=S.REFUSED, permission=P.EXPORT_APPROVE,
        facts=forms.Refuse, guards=(rules.another_person,), sets=rules.decided,
    ),
    Move(
        name="take", label="下载", sources=frozenset({S.APPROVED}), target=None, permission=P.EXPORT_ASK,
        guards=(rules.who_asked, rules.in_time),
    ),
    Move(
        name="withdraw", label="撤回", sources=frozenset({S.ASKED, S.APPROVED}), target=S.WDRAWN,
        permission=P.EXPORT_ASK, guards=(rules.who_asked,),
    ),
    Move(
        name="lapse", label="因离岗终止", sources=frozenset({S.ASKED, S.APPROVED}), target=S.WDRAWN,
        permission=P.ACCOUNT_DISABLE, guards=(asker_leaves,),
    ),
)  # fmt: skip
