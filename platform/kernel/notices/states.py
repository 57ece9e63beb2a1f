"""The whole life of a document on one screen."""

from kernel.labels import Labelled
from kernel.lifecycle import Move, moves
from kernel.notices import forms, rules
from kernel.notices.permissions import P


class NoticeState(Labelled):
    DRAFTED = "drafted", "已拟制"
    SEALED = "sealed", "已用印"
    ISSUED = "issued", "已发出"
    DELIVERED = "delivered", "已送达"
    RETURNED = "returned", "退回"
    WITHDRAWN = "withdrawn", "已撤回"


N = NoticeState
OUT = frozenset({N.ISSUED, N.DELIVERED, N.RETURNED})  # somebody outside may hold it in hand
NOTICE_MOVES = moves(
    Move(
        name="draft", label="拟制", sources=frozenset(), target=N.DRAFTED, permission=P.NOTICE_DRAFT,
        facts=forms.Draft, columns=("about", "content_hash"),
    ),
    Move(
        name="seal", label="用印", sources=frozenset({N.DRAFTED}), target=N.SEALED, permission=None,
        facts=forms.Pressed, columns=("imprint",),
    ),
    Move(
        name="issue", label="发出", sources=frozenset({N.SEALED}), target=N.ISSUED, permission=P.NOTICE_ISSUE,
        sets=rules.issued_now,
    ),
    Move(
        name="deliver", label="登记送达", sources=frozenset({N.ISSUED, N.RETURNED}), target=N.DELIVERED,
        permission=P.NOTICE_DELIVER, facts=forms.Receipt, sets=rules.delivered_now, guards=(rules.inbox_is_confirmed,),
    ),
    Move(
        name="confirm", label="确认收到", sources=frozenset({N.ISSUED, N.RETURNED}), target=N.DELIVERED,
        permission=P.NOTICE_DELIVER, sets=rules.delivered_now, guards=(rules.only_who_it_is_for,),
    ),
    Move(
        name="give_back", label="登记退回", sources=frozenset({N.ISSUED}), target=N.RETURNED,
        permission=P.NOTICE_DELIVER, facts=forms.Returned,
    ),
    Move(
        name="withdraw", label="撤回", sources=frozenset({N.DRAFTED, N.SEALED, *OUT}), target=N.WITHDRAWN,
        permission=P.NOTICE_WITHDRAW, facts=forms.Withdraw,
    ),
)  # fmt: skip
