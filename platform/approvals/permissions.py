"""Who writes what the city publishes, who publishes it, and what the machine takes in."""

from kernel.permissions import Permission


class ApprovalsPermission(Permission):
    POLICY_EDIT = "approvals:policy:edit", "起草政策文件"
    POLICY_IMPORT = "approvals:policy:import", "导入政策文件"
    POLICY_PUBLISH = "approvals:policy:publish", "发布、修改和废止政策文件"


P = ApprovalsPermission
ROLES = {
    "disclosure_officer": frozenset({P.POLICY_EDIT}),
    "disclosure_reviewer": frozenset({P.POLICY_PUBLISH}),
    "system": frozenset({P.POLICY_IMPORT}),
}
ROLE_LABELS = {"disclosure_officer": "政务公开编辑", "disclosure_reviewer": "政务公开审核"}
