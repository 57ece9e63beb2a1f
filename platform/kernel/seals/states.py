"""The lives of a seal and of a request to use it, each on one screen."""

from kernel.labels import Labelled
from kernel.lifecycle import Move, moves
from kernel.seals import forms, rules
from kernel.seals.permissions import P


class SealState(Labelled):
    IN_USE = "in_use", "在用"
    SUSPENDED = "suspended", "停用"
    DESTROYED = "destroyed", "已销毁"


class ImprintState(Labelled):
    REQUESTED = "requested", "待审批"
    APPROVED = "approved", "待用印"
    IMPRINTED = "imprinted", "已用印"
    REFUSED = "refused", "不予用印"


S, U = SealState, ImprintState
SEAL_MOVES = moves(
    Move(
        name="register", label="登记", sources=frozenset(), target=S.IN_USE, permission=P.SEAL_REGISTER,
        facts=forms.Register, columns=("seal_type", "face", "inscription"), sets=rules.keepers,
        guards=(rules.registrar_keeps_none,),
    ),
    Move(
        name="hand_over", label="变更保管人", sources=frozenset({S.IN_USE, S.SUSPENDED}), target=None,
        permission=P.SEAL_REGISTER, facts=forms.Custody, sets=rules.keepers, guards=(rules.registrar_keeps_none,),
    ),
    Move(
        name="suspend", label="停用", sources=frozenset({S.IN_USE}), target=S.SUSPENDED, permission=P.SEAL_REGISTER,
        facts=forms.Why,
    ),
    Move(
        name="resume", label="恢复使用", sources=frozenset({S.SUSPENDED}), target=S.IN_USE,
        permission=P.SEAL_REGISTER, facts=forms.Why,
    ),
    Move(
        name="destroy", label="销毁", sources=frozenset({S.IN_USE, S.SUSPENDED}), target=S.DESTROYED,
        permission=P.SEAL_REGISTER, facts=forms.Why,
    ),
)  # fmt: skip
IMPRINT_MOVES = moves(
    Move(
        name="ask", label="申请用印", sources=frozenset(), target=U.REQUESTED, permission=P.SEAL_REQUEST,
        facts=forms.Ask, sets=rules.applicant, guards=(rules.seal_is_in_use, rules.notice_waits_for_a_seal),
    ),
    Move(
        name="approve", label="同意用印", sources=frozenset({U.REQUESTED}), target=U.APPROVED,
        permission=P.SEAL_APPROVE, sets=rules.approver, guards=(rules.not_the_applicant, rules.seal_is_in_use),
    ),
    Move(
        name="refuse", label="不予用印", sources=frozenset({U.REQUESTED, U.APPROVED}), target=U.REFUSED,
        permission=P.SEAL_APPROVE, facts=forms.Why,
    ),
    Move(
        name="imprint", label="用印", sources=frozenset({U.APPROVED}), target=U.IMPRINTED, permission=P.SEAL_IMPRINT,
        facts=forms.Bound, columns=("content_hash", "seal_version"), sets=rules.custodian,
        guards=(
            rules.seal_is_in_use, rules.keeps_this_seal, rules.two_people, rules.took_no_part,
            rules.binds_what_was_seen,
        ),
        cascades=(rules.seal_the_notice,),
    ),
)  # fmt: skip
