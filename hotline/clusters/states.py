"""The life of a cluster on one screen."""

from hotline.clusters import forms, rules
from hotline.permissions import P
from kernel.labels import Labelled
from kernel.lifecycle import Move, moves


class ClusterState(Labelled):
    OPEN = "open", "处置中"
    REPLIED = "replied", "已统一答复"
    CLOSED = "closed", "已结束"


S = ClusterState
LIVE = frozenset({S.OPEN, S.REPLIED})

CLUSTER_MOVES = moves(
    Move(
        name="begin", label="建立群体事件", sources=frozenset(), target=S.OPEN, permission=P.CLUSTER_MANAGE,
        facts=forms.Gather, columns=("title",), guards=(rules.tickets_can_be_gathered,), cascades=(rules.gather,),
    ),
    Move(
        name="add", label="加入工单", sources=LIVE, target=S.OPEN, permission=P.CLUSTER_MANAGE, facts=forms.Add,
        guards=(rules.tickets_can_be_gathered,), cascades=(rules.gather,),
    ),
    Move(
        name="remove", label="移出工单", sources=LIVE, target=None, permission=P.CLUSTER_MANAGE, facts=forms.Remove,
        guards=(rules.tickets_are_in_it,), cascades=(rules.let_go,),
    ),
    Move(
        name="reply", label="统一答复", sources=LIVE, target=S.REPLIED, permission=P.CLUSTER_MANAGE,
        facts=forms.BatchReply, guards=(rules.somebody_waits,), cascades=(rules.answer_all,),
    ),
    Move(
        name="close", label="结束事件", sources=LIVE, target=S.CLOSED, permission=P.CLUSTER_MANAGE, facts=forms.End,
        guards=(rules.nobody_waits,),
    ),
)  # fmt: skip
