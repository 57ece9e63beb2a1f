"""The life of a version of the time limits: drafted, sent to a second person, published from a day on, never changed
after that. What is in force is not a state but a question of the day (`limits.in_force`)."""

from hotline.permissions import P
from hotline.policies import forms, rules
from kernel.labels import Labelled
from kernel.lifecycle import Move, moves


class PolicyState(Labelled):
    DRAFT = "draft", "起草中"
    SUBMITTED = "submitted", "待发布"
    PUBLISHED = "published", "已发布"
    WDRAWN = "wdrawn", "已作废"


S = PolicyState
MOVES = moves(
    Move(
        name="ship", label="随软件提供", sources=frozenset(), target=S.PUBLISHED, permission=P.POLICY_SHIP,
        facts=forms.Shipped, columns=("title", "document", "base", "effective_from"), sets=rules.in_use_since,
    ),
    Move(
        name="draft", label="起草", sources=frozenset(), target=S.DRAFT, permission=P.POLICY_DRAFT,
        facts=forms.Begun, columns=("title", "document", "base"), sets=rules.changed,
    ),
    Move(
        name="edit", label="修改", sources=frozenset({S.DRAFT}), target=None, permission=P.POLICY_DRAFT,
        facts=forms.Written, columns=("title", "document"), sets=rules.changed,
    ),
    Move(
        name="submit", label="送审", sources=frozenset({S.DRAFT}), target=S.SUBMITTED, permission=P.POLICY_DRAFT,
        guards=(rules.says_something_new,),
    ),
    Move(
        name="send_back", label="退回修改", sources=frozenset({S.SUBMITTED}), target=S.DRAFT,
        permission=P.POLICY_PUBLISH, facts=forms.Reason,
    ),
    Move(
        name="publish", label="发布", sources=frozenset({S.SUBMITTED}), target=S.PUBLISHED,
        permission=P.POLICY_PUBLISH, facts=forms.Publish, columns=("effective_from",), sets=rules.in_use_since,
        guards=(rules.a_second_person, rules.not_for_the_past),
    ),
    Move(
        name="withdraw", label="作废", sources=frozenset({S.DRAFT, S.SUBMITTED}), target=S.WDRAWN,
        permission=P.POLICY_DRAFT, facts=forms.Reason,
    ),
)  # fmt: skip
