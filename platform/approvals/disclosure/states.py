"""The life of a policy document: drafted, published by a second person, then in force until it is changed or repealed.
What another site had published before comes in as published history."""

from approvals.disclosure import forms, rules
from approvals.permissions import P
from kernel.labels import Labelled
from kernel.lifecycle import Branch, Move, moves


class PolicyState(Labelled):
    DRAFT = "draft", "起草中"
    SUBMITTED = "submitted", "待发布"
    IN_FORCE = "in_force", "现行有效"
    REVISED = "revised", "已修改"
    REPEALED = "repealed", "已废止"
    WDRAWN = "wdrawn", "已撤下"


S = PolicyState
PUBLISHED = frozenset({S.IN_FORCE, S.REVISED, S.REPEALED})
TEXT = ("title", "body", "number", "agency", "theme", "issued", "effective_from")
BROUGHT = (*TEXT, "posted", "origin", "source", "source_no", "source_hash")
AS_TOLD = (
    Branch(label="导入为已修改", target=S.REVISED, when=lambda facts: facts.validity == S.REVISED),
    Branch(label="导入为已废止", target=S.REPEALED, when=lambda facts: facts.validity == S.REPEALED),
)
MOVES = moves(
    Move(
        name="draft", label="起草", sources=frozenset(), target=S.DRAFT, permission=P.POLICY_EDIT, facts=forms.Written,
        columns=TEXT, sets=rules.dated,
    ),
    Move(
        name="edit", label="修改", sources=frozenset({S.DRAFT}), target=None, permission=P.POLICY_EDIT,
        facts=forms.Written, columns=TEXT, sets=rules.dated,
    ),
    Move(
        name="submit", label="送审", sources=frozenset({S.DRAFT}), target=S.SUBMITTED, permission=P.POLICY_EDIT,
    ),
    Move(
        name="send_back", label="退回修改", sources=frozenset({S.SUBMITTED}), target=S.DRAFT,
        permission=P.POLICY_PUBLISH, facts=forms.Reason,
    ),
    Move(
        name="publish", label="发布", sources=frozenset({S.SUBMITTED}), target=S.IN_FORCE, permission=P.POLICY_PUBLISH,
        sets=rules.published, guards=(rules.a_second_person, rules.number_is_free),
    ),
    Move(
        name="revise", label="修改并重新公布", sources=frozenset({S.IN_FORCE, S.REVISED}), target=S.REVISED,
        permission=P.POLICY_PUBLISH, facts=forms.Revise, columns=("body", "changed_by", "changed_on"),
        guards=(rules.says_something_new, rules.not_before_it_was),
    ),
    Move(
        name="repeal", label="废止", sources=frozenset({S.IN_FORCE, S.REVISED}), target=S.REPEALED,
        permission=P.POLICY_PUBLISH, facts=forms.Repeal, columns=("ended_by", "ended_on"),
        guards=(rules.not_before_it_was,),
    ),
    Move(
        name="withdraw", label="撤下", sources=frozenset({S.DRAFT, S.SUBMITTED, *PUBLISHED}), target=S.WDRAWN,
        permission=P.POLICY_PUBLISH, facts=forms.Reason,
    ),
    Move(
        name="bring", label="导入", sources=frozenset(), target=S.IN_FORCE, permission=P.POLICY_IMPORT,
        facts=forms.Brought, columns=BROUGHT, sets=rules.published, branches=AS_TOLD,
    ),
    Move(
        name="bring_again", label="再次导入", sources=PUBLISHED, target=None, permission=P.POLICY_IMPORT,
        facts=forms.Brought, columns=BROUGHT, sets=rules.dated, branches=AS_TOLD,
    ),
)  # fmt: skip
