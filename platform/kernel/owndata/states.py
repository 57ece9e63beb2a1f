"""The life of a request about one's own data."""

from kernel.labels import Labelled
from kernel.lifecycle import Branch, Move, moves
from kernel.owndata import forms
from kernel.people.permissions import P


class RequestState(Labelled):
    OPEN = "open", "待答复"
    DONE = "done", "已办理"
    REFUSED = "refused", "未办理"


S = RequestState
REQUEST_MOVES = moves(
    Move(
        name="ask", label="提出", sources=frozenset(), target=S.OPEN, permission=P.OWN_REQUEST_ASK, facts=forms.Ask,
        columns=("right",), sets=lambda request, facts, by, at: {"owner_id": by.owner, "asked_at": at},
    ),
    Move(
        name="answer", label="答复", sources=frozenset({S.OPEN}), target=S.DONE, permission=P.OWN_REQUEST_ANSWER,
        facts=forms.Answer, sets=lambda request, facts, by, at: {"answered_at": at},
        branches=(Branch(when=lambda facts: not facts.granted, label="不予办理", target=S.REFUSED),),
    ),
)  # fmt: skip
