"""The whole life of a report on one screen."""

from kernel.labels import Labelled
from kernel.lifecycle import Move, moves
from oversight.permissions import P
from oversight.snapshots import forms, rules


class ReportState(Labelled):
    FROZEN = "frozen", "待核对"
    PUBLISHED = "published", "已发布"


S = ReportState
REPORT_MOVES = moves(
    Move(
        name="freeze", label="生成", sources=frozenset(), target=S.FROZEN, permission=P.REPORT_FREEZE,
        facts=forms.Frozen, columns=("series", "since", "until", "edition", "sha256"),
    ),
    Move(
        name="correct", label="更正", sources=frozenset({S.FROZEN, S.PUBLISHED}), target=S.FROZEN,
        permission=P.REPORT_FREEZE, facts=forms.Corrected, columns=("edition", "sha256"), guards=(rules.next_edition,),
    ),
    Move(
        name="publish", label="核对发布", sources=frozenset({S.FROZEN}), target=S.PUBLISHED,
        permission=P.REPORT_PUBLISH, facts=forms.Checked, guards=(rules.by_a_person, rules.what_was_checked),
    ),
)  # fmt: skip
