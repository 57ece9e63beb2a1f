"""What the three administrators and the machine's keepers may do; none of it is business (三员分立)."""

from kernel.permissions import Permission


class KernelPermission(Permission):
    ACCOUNT_CREATE = "kernel:account:create", "建立帐号"
    ACCOUNT_DISABLE = "kernel:account:disable", "停用帐号"
    ACCOUNT_GRANT = "kernel:account:grant", "授权"
    ACCOUNT_READ = "kernel:account:read", "查看帐号"
    CALENDAR_IMPORT = "kernel:calendar:import", "导入工作日历"
    CITIZEN_VERIFY = "kernel:citizen:verify", "当面核验市民身份"
    COMPANY_CLAIM = "kernel:company:claim", "办理企业认领"
    DELIVERY_READ = "kernel:delivery:read", "查看搁置的投递"
    DELIVERY_RETRY = "kernel:delivery:retry", "重试搁置的投递"
    EXPORT_APPROVE = "kernel:export:approve", "审批导出"
    EXPORT_ASK = "kernel:export:ask", "申请导出个人信息"
    FILE_ORIGINAL = "kernel:file:original", "查看原图（含拍摄地点）"
    HALL_CLOSE = "kernel:hall:close", "开放与关闭大厅"
    HALL_WATCH = "kernel:hall:watch", "查看运行状况"
    MESSAGE_EDIT = "kernel:message:edit", "起草消息模板"
    MESSAGE_PUBLISH = "kernel:message:publish", "发布消息模板"
    ORGANISATION_IMPORT = "kernel:organisation:import", "导入单位"
    OWN_REQUEST_ANSWER = "kernel:own_request:answer", "答复个人信息请求"
    OWN_REQUEST_ASK = "kernel:own_request:ask", "登记个人信息请求"
    POST_MANAGE = "kernel:post:manage", "设 AB 岗"
    RETENTION_SET = "kernel:retention:set", "改保存期限"
    SECURITY_READ = "kernel:security:read", "查看安全日志"
    SESSION_END = "kernel:session:end", "查看和结束别人的登录"
    VIEW_READ = "kernel:view:read", "查看谁看过"
    WARRANT_APPROVE = "kernel:warrant:approve", "批准调阅"
    WARRANT_ASK = "kernel:warrant:ask", "申请调阅"
    WARRANT_CONFIRM = "kernel:warrant:confirm", "核验调阅申请"
    WARRANT_STOP = "kernel:warrant:stop", "不同意、收回调阅"


P = KernelPermission
ROLES = {
    "system_admin": frozenset(
        {
            P.ACCOUNT_CREATE,
            P.ACCOUNT_READ,
            P.CALENDAR_IMPORT,
            P.DELIVERY_READ,
            P.DELIVERY_RETRY,
            P.HALL_CLOSE,
            P.HALL_WATCH,
            P.MESSAGE_EDIT,
            P.MESSAGE_PUBLISH,
            P.ORGANISATION_IMPORT,
        }
    ),
    "security_admin": frozenset(
        {
            P.ACCOUNT_DISABLE,
            P.ACCOUNT_GRANT,
            P.ACCOUNT_READ,
            P.HALL_WATCH,
            P.MESSAGE_EDIT,
            P.MESSAGE_PUBLISH,
            P.RETENTION_SET,
            P.SESSION_END,
            P.WARRANT_CONFIRM,
            P.WARRANT_STOP,
        }
    ),
    "auditor": frozenset({P.SECURITY_READ, P.WARRANT_ASK}),
    "chief": frozenset({P.POST_MANAGE, P.VIEW_READ, P.WARRANT_APPROVE, P.WARRANT_STOP}),
    "window": frozenset({P.CITIZEN_VERIFY, P.COMPANY_CLAIM}),
    "privacy_officer": frozenset({P.OWN_REQUEST_ANSWER, P.OWN_REQUEST_ASK}),
    "system": frozenset({P.CALENDAR_IMPORT, P.ORGANISATION_IMPORT, P.OWN_REQUEST_ANSWER}),
}
ROLE_LABELS = {
    "system_admin": "系统管理员", "security_admin": "安全管理员", "auditor": "审计员", "chief": "分管领导",
    "window": "窗口核验员", "privacy_officer": "个人信息保护专员",
}  # fmt: skip
APART = frozenset({"system_admin", "security_admin", "auditor"})  # nobody holds two of them (GB/T 22239-2019 8.1.5)
