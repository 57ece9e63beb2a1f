"""What the three administrators and the machine's keepers may do; none of it is business (三员分立)."""

from kernel.permissions import Permission


class KernelPermission(Permission):
    ACCOUNT_CREATE = "kernel:account:create", "建立帐号"
    ACCOUNT_DISABLE = "kernel:account:disable", "停用帐号"
    ACCOUNT_GRANT = "kernel:account:grant", "授权"
    ACCOUNT_READ = "kernel:account:read", "查看帐号"
    CALENDAR_IMPORT = "kernel:calendar:import", "导入工作日历"
    DELIVERY_READ = "kernel:delivery:read", "查看搁置的投递"
    DELIVERY_RETRY = "kernel:delivery:retry", "重试搁置的投递"
    ORGANISATION_IMPORT = "kernel:organisation:import", "导入单位"
    SECURITY_READ = "kernel:security:read", "查看安全日志"


P = KernelPermission
ROLES = {
    "system_admin": frozenset(
        {P.ACCOUNT_CREATE, P.ACCOUNT_READ, P.CALENDAR_IMPORT, P.DELIVERY_READ, P.DELIVERY_RETRY, P.ORGANISATION_IMPORT}
    ),
    "security_admin": frozenset({P.ACCOUNT_DISABLE, P.ACCOUNT_GRANT, P.ACCOUNT_READ}),
    "auditor": frozenset({P.SECURITY_READ}),
    "system": frozenset({P.CALENDAR_IMPORT, P.ORGANISATION_IMPORT}),
}
ROLE_LABELS = {"system_admin": "系统管理员", "security_admin": "安全管理员", "auditor": "审计员"}
APART = frozenset(ROLES) - {"system"}  # nobody holds two of them (GB/T 22239-2019 8.1.5)
