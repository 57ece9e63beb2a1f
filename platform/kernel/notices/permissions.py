"""Who drafts, issues and delivers documents, and who keeps their wording."""

from kernel.permissions import Permission


class NoticePermission(Permission):
    NOTICE_DELIVER = "kernel:notice:deliver", "送达文书"
    NOTICE_DRAFT = "kernel:notice:draft", "拟制文书"
    NOTICE_ISSUE = "kernel:notice:issue", "发出文书"
    NOTICE_READ = "kernel:notice:read", "查看文书"
    NOTICE_WITHDRAW = "kernel:notice:withdraw", "撤回文书"
    TEMPLATE_DRAFT = "kernel:notice_template:draft", "拟订文书模板"
    TEMPLATE_PUBLISH = "kernel:notice_template:publish", "发布文书模板"


P = NoticePermission
DESK = {P.NOTICE_DRAFT, P.NOTICE_READ, P.NOTICE_ISSUE, P.NOTICE_DELIVER}
ROLES = {
    "notice_clerk": frozenset(DESK),
    "notice_chief": frozenset({P.NOTICE_READ, P.NOTICE_WITHDRAW}),
    "template_editor": frozenset({P.TEMPLATE_DRAFT, P.TEMPLATE_PUBLISH}),
}
ROLE_LABELS = {"notice_clerk": "文书员", "notice_chief": "文书负责人", "template_editor": "文书模板管理员"}
