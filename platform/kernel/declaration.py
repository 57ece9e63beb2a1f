"""The kernel is a module, too: people, calendar, inbox, administration."""

from datetime import datetime

from kernel import verify
from kernel.administration import pages as administration
from kernel.calendar import actions as calendar
from kernel.calendar.importing import CALENDAR, CALENDAR_OUT
from kernel.citizens import pages as citizens
from kernel.companies import pages as companies
from kernel.exports import actions as exporting
from kernel.exports import pages as exports
from kernel.exports import queries as export_queries
from kernel.exports.models import Export
from kernel.files import api as files_api
from kernel.files import checks as files_checks
from kernel.files import consumers as files_consumers
from kernel.files import keeping as files_keeping
from kernel.files import pages as files
from kernel.files import personal as files_personal
from kernel.files import verifying
from kernel.inbox import pages as inbox
from kernel.kinds import Kind
from kernel.leaving import pages as leaving
from kernel.maintenance import pages as maintenance
from kernel.messages import api as messages_api
from kernel.messages import checks as message_checks
from kernel.messages import desk as messages_desk
from kernel.messages import editing
from kernel.messages import keeping as message_keeping
from kernel.messages import pages as messages
from kernel.messages.leaving import CONSUMER as OUTGOING
from kernel.messages.templates import TEMPLATES
from kernel.module import Check, Link, Module, Verifier
from kernel.money import proof
from kernel.notices import consumers as notice_consumers
from kernel.notices import editing as notice_editing
from kernel.notices import pages as notices
from kernel.notices import permissions as notice_people
from kernel.notices import personal as notice_data
from kernel.notices import proof as notice_proof
from kernel.notices import rendering
from kernel.notices.kind import NOTICE
from kernel.observability import pages as observability
from kernel.observability import syslog
from kernel.officers import holdings
from kernel.officers import pages as officers
from kernel.owndata import actions as own_actions
from kernel.owndata import pages as owndata
from kernel.owndata import queries as own_queries
from kernel.owndata.models import OwnRequest
from kernel.owndata.personal import PERSONAL
from kernel.people import api as people_api
from kernel.people import identity, proving
from kernel.people import pages as people
from kernel.people.importing import ORGS, ORGS_OUT
from kernel.people.permissions import ROLE_LABELS, ROLES, KernelPermission, P
from kernel.permissions import merged
from kernel.ratings import api as rating_api
from kernel.ratings import pages as ratings
from kernel.ratings import permissions as rating_people
from kernel.ratings.kind import RATING
from kernel.seals import pages as seals
from kernel.seals import permissions as seal_people
from kernel.seals.kind import IMPRINT, SEAL
from kernel.ui import assets
from kernel.ui import pages as ui
from kernel.upkeep import actions as upkeep
from kernel.upkeep import keeping
from kernel.upkeep import pages as upkeep_pages
from kernel.warrants import actions as warranting
from kernel.warrants import pages as warrants
from kernel.warrants import queries as warrant_queries
from kernel.warrants.models import Warrant
from kernel.watch import pages as watch
from kernel.workdays import consumers as workday_consumers
from kernel.workdays import jobs as workday_jobs
from kernel.workdays import pages as workdays
from kernel.workdays import permissions as workday_people
from kernel.workdays.kind import PROPOSAL

EXPORT = Kind(
    model=Export,
    title=lambda export: f"导出申请 {export.no}",
    url=lambda export: "/exports",
    owner=lambda export: export.region_path,
    visible_to=export_queries.visible_to,
    verbs=exporting.VERBS,
    held_by=exporting.HOLDING,
)
OWN_REQUEST = Kind(
    model=OwnRequest,
    title=lambda request: request.right.label,
    url=lambda request: f"/me/data/requests/{request.no}",
    owner=lambda request: request.region_path,
    visible_to=own_queries.visible_to,
    verbs=own_actions.VERBS,
)
WARRANT = Kind(
    model=Warrant,
    title=lambda warrant: f"{warrant.ground.label} {warrant.no}",
    url=lambda warrant: "/warrants",
    owner=lambda warrant: warrant.region_path,
    visible_to=warrant_queries.visible_to,
    verbs=warranting.VERBS,
    held_by=warranting.HOLDING,
)


async def _seed(at: datetime) -> None:
    await calendar.seed(at)
    await editing.seed(at)


KERNEL = Module(
    name="kernel",
    models=(
        "kernel.models", "kernel.people.models", "kernel.calendar.models", "kernel.clocks.models",
        "kernel.inbox.models", "kernel.messages.models", "kernel.edge.models", "kernel.maintenance.models",
        "kernel.upkeep.models", "kernel.observability.models", "kernel.exports.models", "kernel.clockguard.models",
        "kernel.officers.models", "kernel.citizens.models", "kernel.companies.models", "kernel.owndata.models",
        "kernel.notices.models", "kernel.seals.models", "kernel.money.models", "kernel.links.models",
        "kernel.ratings.models", "kernel.warrants.models", "kernel.leaving.models",
        "kernel.files.models", "kernel.workdays.models",
    ),
    templates=(
        "ui", "people", "inbox", "administration", "maintenance", "upkeep", "exports", "officers", "watch",
        "citizens", "companies", "owndata", "notices", "seals", "links", "messages", "ratings",
        "warrants", "leaving", "workdays",
    ),
    routes=(
        *observability.routes, *assets.routes, *ui.routes, *people.routes, *inbox.routes, *administration.routes,
        *proving.routes, *identity.routes, *maintenance.routes, *upkeep_pages.routes, *exports.routes,
        *officers.routes, *watch.routes, *citizens.routes, *companies.routes, *owndata.routes,
        *notices.routes, *notice_editing.routes, *seals.routes, *ratings.routes,
        *messages.routes, *messages_desk.routes, *warrants.routes, *leaving.routes, *files.routes, *workdays.routes,
    ),
    api=(*people_api.routes, *rating_api.routes, *messages_api.routes, *files_api.routes),
    kinds=(EXPORT, OWN_REQUEST, NOTICE, SEAL, IMPRINT, RATING, WARRANT, PROPOSAL),
    holdings=holdings.HOLDINGS,
    personal=(*PERSONAL, files_personal.FILES, notice_data.NOTICES, notice_data.RATINGS),
    permissions=(
        KernelPermission, notice_people.NoticePermission, seal_people.SealPermission, rating_people.RatingPermission,
        workday_people.WorkdayPermission,
    ),
    roles=merged(ROLES, notice_people.ROLES, seal_people.ROLES, rating_people.ROLES, workday_people.ROLES),
    role_labels=ROLE_LABELS | notice_people.ROLE_LABELS | seal_people.ROLE_LABELS | rating_people.ROLE_LABELS,
    checks=(Check("文书字体", rendering.look), *message_checks.CHECKS, *files_checks.CHECKS),
    importers=(ORGS, CALENDAR),
    exporters=(ORGS_OUT, CALENDAR_OUT),
    message_templates=TEMPLATES,
    verifiers=(
        Verifier("日志链与时限", verify.chains), Verifier("查看记录", verify.looked_at),
        Verifier("文书", notice_proof.notices), Verifier("账务", proof.balanced),
        Verifier("文件", verifying.kept),
    ),
    navigation=(
        Link(label="AB 岗", url="/desk/posts", permissions=(P.POST_MANAGE,), desk=True),
        Link(label="投递", url="/admin/deliveries", permissions=(P.DELIVERY_READ,), desk=True),
        Link(label="帐号", url="/admin/accounts", permissions=(P.ACCOUNT_READ,), desk=True),
        Link(label="授权", url="/admin/grants", permissions=(P.ACCOUNT_GRANT,), desk=True),
        Link(label="离岗移交", url="/admin/leaving", permissions=(P.ACCOUNT_DISABLE,), desk=True),
        Link(label="导出", url="/exports", permissions=(P.EXPORT_ASK, P.EXPORT_APPROVE), desk=True),
        Link(label="调阅令", url="/warrants", permissions=(P.WARRANT_ASK, P.WARRANT_STOP), desk=True),
        Link(label="开放状态", url="/admin/opening", permissions=(P.HALL_CLOSE,), desk=True),
        Link(label="消息模板", url="/admin/messages", permissions=(P.MESSAGE_EDIT, P.MESSAGE_PUBLISH), desk=True),
        Link(label="工作日历", url="/admin/calendar", permissions=(workday_people.P.WORKDAY_READ,), desk=True),
        Link(label="运行", url="/admin/running", permissions=(P.HALL_WATCH,), desk=True),
        Link(label="日志链", url="/admin/journal", permissions=(P.SECURITY_READ,), desk=True),
        Link(label="泄露追查", url="/admin/views", permissions=(P.SECURITY_READ,), desk=True),
        Link(label="文书", url="/notices", permissions=(notice_people.P.NOTICE_READ,), desk=True),
        Link(label="印章", url="/seals", permissions=(seal_people.P.SEAL_READ,), desk=True),
        Link(label="文书模板", url="/admin/notice-templates", permissions=(notice_people.P.TEMPLATE_DRAFT,), desk=True),
        Link(label="好差评", url="/ratings", permissions=(rating_people.P.RATING_READ,), desk=True),
        Link(label="安全日志", url="/admin/events", permissions=(P.SECURITY_READ,), desk=True),
        Link(label="窗口核验", url="/window/citizens", permissions=(P.CITIZEN_VERIFY,), desk=True),
        Link(label="企业认领", url="/window/companies", permissions=(P.COMPANY_CLAIM,), desk=True),
        Link(label="个人信息请求", url="/privacy/requests", permissions=(P.OWN_REQUEST_ANSWER,), desk=True),
    ),
    consumers=(OUTGOING, upkeep.TELL, notice_consumers.TELL, files_consumers.LOOK, workday_consumers.TELL),
    jobs=(syslog.SHIP, workday_jobs.SHIFT),
    retention=(*keeping.KEPT, *message_keeping.KEPT, *files_keeping.KEPT),
    seed=_seed,
)  # fmt: skip
