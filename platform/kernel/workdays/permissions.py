"""Who sees the working days of a year, writes a notice down, and confirms it."""

from kernel.permissions import Permission


class WorkdayPermission(Permission):
    WORKDAY_CONFIRM = "kernel:workday:confirm", "确认工作日历"
    WORKDAY_PROPOSE = "kernel:workday:propose", "录入工作日历"
    WORKDAY_READ = "kernel:workday:read", "查看工作日历"


P = WorkdayPermission
ROLES = {
    "system_admin": frozenset({P.WORKDAY_CONFIRM, P.WORKDAY_PROPOSE, P.WORKDAY_READ}),
    "security_admin": frozenset({P.WORKDAY_CONFIRM, P.WORKDAY_READ}),
}
