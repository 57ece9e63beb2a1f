"""The life of an article: written, approved by a second person, corrected, out of date. What is being corrected keeps
its published edition in use until the next one is published."""

from hotline.knowledge import forms, rules
from hotline.permissions import P
from hotline.tickets.rules import category_is_known
from kernel.labels import Labelled
from kernel.lifecycle import Move, moves


class ArticleState(Labelled):
    DRAFT = "draft", "编写中"
    SUBMITTED = "submitted", "待审定"
    PUBLISHED = "published", "已发布"
    EXPIRED = "expired", "已过期"
    WDRAWN = "wdrawn", "已撤下"


S = ArticleState
TEXT = ("title", "body", "source", "owner", "visibility", "category", "words", "valid_to")
MOVES = moves(
    Move(
        name="draft", label="起草", sources=frozenset(), target=S.DRAFT, permission=P.ARTICLE_EDIT,
        facts=forms.Written, columns=TEXT, sets=rules.authored, guards=(rules.owner_is_active, category_is_known),
    ),
    Move(
        name="edit", label="修改", sources=frozenset({S.DRAFT}), target=None, permission=P.ARTICLE_EDIT,
        facts=forms.Written, columns=TEXT, sets=rules.authored, guards=(rules.owner_is_active, category_is_known),
    ),
    Move(
        name="submit", label="送审", sources=frozenset({S.DRAFT}), target=S.SUBMITTED, permission=P.ARTICLE_EDIT,
        guards=(rules.still_valid,),
    ),
    Move(
        name="send_back", label="退回修改", sources=frozenset({S.SUBMITTED}), target=S.DRAFT,
        permission=P.ARTICLE_APPROVE, facts=forms.Reason,
    ),
    Move(
        name="publish", label="审定发布", sources=frozenset({S.SUBMITTED}), target=S.PUBLISHED,
        permission=P.ARTICLE_APPROVE, sets=rules.next_edition, guards=(rules.a_second_person, rules.still_valid),
    ),
    Move(
        name="correct", label="更正", sources=frozenset({S.PUBLISHED, S.EXPIRED}), target=S.DRAFT,
        permission=P.ARTICLE_EDIT, facts=forms.Fault,
    ),
    Move(
        name="withdraw", label="撤下", sources=frozenset({S.DRAFT, S.SUBMITTED, S.PUBLISHED, S.EXPIRED}),
        target=S.WDRAWN, permission=P.ARTICLE_APPROVE, facts=forms.Fault,
    ),
    Move(
        name="remind", label="到期提醒", sources=frozenset({S.PUBLISHED}), target=None, permission=P.ARTICLE_EXPIRE,
        facts=forms.Reminded, sets=rules.reminded, guards=(rules.soon_over,),
    ),
    Move(
        name="expire", label="过期", sources=frozenset({S.PUBLISHED}), target=S.EXPIRED, permission=P.ARTICLE_EXPIRE,
        guards=(rules.is_over,),
    ),
)  # fmt: skip
