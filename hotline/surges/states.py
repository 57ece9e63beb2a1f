"""The life of an alert: raised by the machine, acknowledged by a supervisor, closed with a word about what it was."""

from hotline.clusters.forms import Gather
from hotline.permissions import P
from hotline.surges import forms, gathering
from kernel.labels import Labelled
from kernel.lifecycle import Move, moves


class SurgeState(Labelled):
    OPEN = "open", "待确认"
    ACKNOWLEDGED = "acknowledged", "处置中"
    CLOSED = "closed", "已关闭"


S = SurgeState
LIVE = frozenset({S.OPEN, S.ACKNOWLEDGED})
FOUND = (
    "reason", "category", "area", "word_group", "words", "many", "window_min", "expected_milli", "tail", "lat_udeg",
    "lon_udeg", "secret", "tickets",
)  # fmt: skip

SURGE_MOVES = moves(
    Move(
        name="begin", label="发出预警", sources=frozenset(), target=S.OPEN, permission=P.SURGE_RAISE,
        facts=forms.Begin, columns=FOUND, sets=gathering.begun,
    ),
    Move(
        name="acknowledge", label="确认", sources=frozenset({S.OPEN}), target=S.ACKNOWLEDGED,
        permission=P.SURGE_HANDLE, facts=forms.Acknowledge, sets=gathering.by_whom,
    ),
    Move(
        name="gather", label="建立群体事件", sources=LIVE, target=None, permission=P.CLUSTER_MANAGE, facts=Gather,
        guards=(gathering.not_gathered_yet,), sets=gathering.numbered, cascades=(gathering.begin_cluster,),
    ),
    Move(
        name="close", label="关闭", sources=frozenset({S.ACKNOWLEDGED}), target=S.CLOSED, permission=P.SURGE_HANDLE,
        facts=forms.Close, columns=("judged",),
    ),
)  # fmt: skip
