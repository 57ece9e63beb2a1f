"""Who supervises, who answers for a unit, and what the machine may do by itself."""

from kernel.notices.permissions import P as N
from kernel.permissions import Permission


class OversightPermission(Permission):
    CARD_APPEAL = "oversight:card:appeal", "对监督卡申诉"
    CARD_ISSUE = "oversight:card:issue", "发出监督卡"
    CARD_JUDGE = "oversight:card:judge", "裁定申诉、撤销监督卡"
    CARD_PROPOSE = "oversight:card:propose", "按规则拟发监督卡"
    CARD_READ = "oversight:card:read", "查看监督卡"
    CARD_READ_OWN = "oversight:card:read_own", "查看本单位的监督卡"
    CARD_REPLY = "oversight:card:reply", "书面说明"
    KPI_READ = "oversight:kpi:read", "查看电子监察指标"
    REPORT_FREEZE = "oversight:report:freeze", "生成和更正报表"
    REPORT_PUBLISH = "oversight:report:publish", "核对并发布报表"
    REPORT_READ = "oversight:report:read", "查看报表"


P = OversightPermission
OF_REPORTS = frozenset({P.REPORT_FREEZE, P.REPORT_PUBLISH, P.REPORT_READ})
ROLES = {
    "supervisor": frozenset({P.CARD_ISSUE, P.CARD_JUDGE, P.CARD_READ, P.KPI_READ}) | OF_REPORTS,
    "manager": frozenset({P.CARD_JUDGE, P.CARD_READ, P.KPI_READ}) | OF_REPORTS,
    "leader": frozenset({P.CARD_APPEAL, P.CARD_READ_OWN, P.CARD_REPLY}),
    "liaison": frozenset({P.CARD_READ_OWN, P.CARD_REPLY}),
    "handler": frozenset({P.CARD_READ_OWN}),
    "system": frozenset({N.NOTICE_DRAFT, P.CARD_PROPOSE, P.REPORT_FREEZE}),
}
OF_THE_UNIT = frozenset({P.CARD_APPEAL, P.CARD_READ_OWN, P.CARD_REPLY})
