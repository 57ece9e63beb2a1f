"""The life of a version of the vocabulary: written down by one person, in force once another has published it."""

from kernel.labels import Labelled
from kernel.lifecycle import Move, moves
from search.permissions import P
from search.vocabulary import forms, rules


class EditionState(Labelled):
    PROPOSED = "proposed", "待发布"
    PUBLISHED = "published", "已发布"
    REFUSED = "refused", "未同意"
    WDRAWN = "wdrawn", "已撤回"


S = EditionState
MOVES = moves(
    Move(
        name="propose", label="起草", sources=frozenset(), target=S.PROPOSED, permission=P.VOCABULARY_DRAFT,
        facts=forms.Written, columns=("note", "lines"), sets=rules.proposed, guards=(rules.says_something_new,),
    ),
    Move(
        name="publish", label="发布", sources=frozenset({S.PROPOSED}), target=S.PUBLISHED,
        permission=P.VOCABULARY_PUBLISH, sets=rules.settled, guards=(rules.a_second_person,),
    ),
    Move(
        name="refuse", label="不同意", sources=frozenset({S.PROPOSED}), target=S.REFUSED,
        permission=P.VOCABULARY_PUBLISH, facts=forms.Reason, sets=rules.settled, guards=(rules.a_second_person,),
    ),
    Move(
        name="withdraw", label="撤回", sources=frozenset({S.PROPOSED}), target=S.WDRAWN,
        permission=P.VOCABULARY_DRAFT, facts=forms.Reason, sets=rules.settled,
    ),
)  # fmt: skip
