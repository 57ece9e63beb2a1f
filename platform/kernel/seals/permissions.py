"""Who registers seals, who asks for one, who allows it, and who holds it in hand: never all the same person."""

from kernel.permissions import Permission


class SealPermission(Permission):
    SEAL_APPROVE = "kernel:seal:approve", "审批用印"
    SEAL_IMPRINT = "kernel:seal:imprint", "用印"
    SEAL_READ = "kernel:seal:read", "查看印章"
    SEAL_REGISTER = "kernel:seal:register", "登记印章"
    SEAL_REQUEST = "kernel:seal:request", "申请用印"


P = SealPermission
ROLES = {
    "seal_registrar": frozenset({P.SEAL_REGISTER, P.SEAL_READ}),
    "seal_approver": frozenset({P.SEAL_APPROVE, P.SEAL_READ}),
    "seal_custodian": frozenset({P.SEAL_IMPRINT, P.SEAL_READ}),
    "notice_clerk": frozenset({P.SEAL_REQUEST, P.SEAL_READ}),
}
ROLE_LABELS = {"seal_registrar": "印章管理员", "seal_approver": "用印审批人", "seal_custodian": "印章保管人"}
