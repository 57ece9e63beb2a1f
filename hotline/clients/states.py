"""The life of a client: a token is issued, changed for another, revoked for good."""

from hotline.clients import forms, rules
from hotline.permissions import P
from kernel.labels import Labelled
from kernel.lifecycle import Move, moves


class ClientState(Labelled):
    ACTIVE = "active", "有效"
    REVOKED = "revoked", "已吊销"


S = ClientState
CLIENT_MOVES = moves(
    Move(
        name="issue", label="发放令牌", sources=frozenset(), target=S.ACTIVE, permission=P.CLIENT_MANAGE,
        facts=forms.Issue, columns=("title", "valid_to", "networks", "token_hash"), guards=(rules.for_a_year_at_most,),
    ),
    Move(
        name="rotate", label="换发令牌", sources=frozenset({S.ACTIVE}), target=None, permission=P.CLIENT_MANAGE,
        facts=forms.Rotate, columns=("valid_to", "token_hash"), guards=(rules.for_a_year_at_most,),
    ),
    Move(
        name="revoke", label="吊销", sources=frozenset({S.ACTIVE}), target=S.REVOKED, permission=P.CLIENT_MANAGE,
        facts=forms.Revoke,
    ),
)  # fmt: skip
