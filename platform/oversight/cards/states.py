"""The whole life of a card on one screen."""

from kernel.clocks.effects import Start, Stop, StopAll
from kernel.labels import Labelled
from kernel.lifecycle import Move, moves
from oversight.cards import forms, rules
from oversight.permissions import P


class CardState(Labelled):
    PROPOSED = "proposed", "待确认"
    DISMISSED = "dismissed", "不予发出"
    ISSUED = "issued", "已发出"
    REPLIED = "replied", "已说明"
    APPEALED = "appealed", "申诉中"
    UPHELD = "upheld", "申诉不成立，维持"
    REVOKED = "revoked", "已撤销"


C = CardState
IN_FORCE = frozenset({C.ISSUED, C.REPLIED, C.APPEALED, C.UPHELD})
CARD_MOVES = moves(
    Move(
        name="propose", label="拟发", sources=frozenset(), target=C.PROPOSED, permission=P.CARD_PROPOSE,
        facts=forms.Fired, columns=forms.FIRED, sets=rules.begin,
    ),
    Move(
        name="give", label="自动发出", sources=frozenset(), target=C.ISSUED, permission=P.CARD_PROPOSE,
        facts=forms.Fired, columns=forms.FIRED, sets=rules.begin_issued, guards=(rules.red_needs_a_person,),
        clocks=(Start("reply"),),
    ),
    Move(
        name="issue", label="确认发出", sources=frozenset({C.PROPOSED}), target=C.ISSUED, permission=P.CARD_ISSUE,
        sets=rules.issued, guards=(rules.not_own_unit,),
        clocks=(Start("reply"),),
    ),
    Move(
        name="number", label="登记文号", sources=frozenset({C.ISSUED}), target=None, permission=P.CARD_PROPOSE,
        facts=forms.Numbered, columns=("doc_no",),
    ),
    Move(
        name="dismiss", label="不予发出", sources=frozenset({C.PROPOSED}), target=C.DISMISSED, permission=P.CARD_ISSUE,
        facts=forms.Reason, guards=(rules.not_own_unit,),
    ),
    Move(
        name="reply", label="书面说明", sources=frozenset({C.ISSUED, C.UPHELD}), target=C.REPLIED,
        permission=P.CARD_REPLY, facts=forms.Reply, guards=(rules.not_explained_yet,), clocks=(Stop("reply"),),
    ),
    Move(
        name="appeal", label="申诉", sources=frozenset({C.ISSUED, C.REPLIED}), target=C.APPEALED,
        permission=P.CARD_APPEAL, facts=forms.Appeal, guards=(rules.not_appealed_before,),
        clocks=(Stop("reply"), Start("appeal")),
    ),
    Move(
        name="uphold", label="维持", sources=frozenset({C.APPEALED}), target=C.UPHELD, permission=P.CARD_JUDGE,
        facts=forms.Reason, guards=(rules.not_own_unit, rules.not_who_issued),
        clocks=(Stop("appeal"), Start("reply")),
    ),
    Move(
        name="revoke", label="撤销", sources=IN_FORCE, target=C.REVOKED, permission=P.CARD_JUDGE,
        facts=forms.Reason, guards=(rules.not_own_unit, rules.not_who_issued_in_an_appeal), clocks=(StopAll(),),
    ),
)  # fmt: skip
